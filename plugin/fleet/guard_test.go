package fleet

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/client-go/kubernetes/fake"
)

func term(expressions ...corev1.NodeSelectorRequirement) corev1.NodeSelectorTerm {
	return corev1.NodeSelectorTerm{MatchExpressions: expressions}
}

func in(key string, values ...string) corev1.NodeSelectorRequirement {
	return corev1.NodeSelectorRequirement{Key: key, Operator: corev1.NodeSelectorOpIn, Values: values}
}

func required(terms ...corev1.NodeSelectorTerm) *corev1.Affinity {
	return &corev1.Affinity{NodeAffinity: &corev1.NodeAffinity{
		RequiredDuringSchedulingIgnoredDuringExecution: &corev1.NodeSelector{NodeSelectorTerms: terms},
	}}
}

// affinities are originals that a guard must survive on.
var affinities = map[string]*corev1.Affinity{
	"none":                nil,
	"empty":               {},
	"empty node affinity": {NodeAffinity: &corev1.NodeAffinity{}},
	"one term":            required(term(in("zone", "a"))),
	"several terms":       required(term(in("zone", "a")), term(in("zone", "b"), in("disk", "ssd"))),
	"names of its own": required(term(in(corev1.LabelHostname, "n1", "n2")),
		term(corev1.NodeSelectorRequirement{Key: corev1.LabelHostname, Operator: corev1.NodeSelectorOpNotIn, Values: []string{"n1", "n2"}})),
	"fields only": required(corev1.NodeSelectorTerm{MatchFields: []corev1.NodeSelectorRequirement{in("metadata.name", "n1")}}),
	"empty term":  required(term(), term(in("zone", "a"))),
	"other affinity": {PodAntiAffinity: &corev1.PodAntiAffinity{
		RequiredDuringSchedulingIgnoredDuringExecution: []corev1.PodAffinityTerm{{TopologyKey: "kubernetes.io/hostname"}},
	}},
	"preferred": {NodeAffinity: &corev1.NodeAffinity{PreferredDuringSchedulingIgnoredDuringExecution: []corev1.PreferredSchedulingTerm{
		{Weight: 1, Preference: term(in("zone", "a"))},
	}}},
}

func daemonSet(affinity *corev1.Affinity) *appsv1.DaemonSet {
	one := intstr.FromInt32(1)
	return &appsv1.DaemonSet{
		ObjectMeta: metav1.ObjectMeta{Namespace: "edge", Name: "traefik1", UID: "u1"},
		Spec: appsv1.DaemonSetSpec{
			Selector:       &metav1.LabelSelector{MatchLabels: map[string]string{"app": "traefik1"}},
			UpdateStrategy: appsv1.DaemonSetUpdateStrategy{Type: appsv1.RollingUpdateDaemonSetStrategyType, RollingUpdate: &appsv1.RollingUpdateDaemonSet{MaxUnavailable: &one}},
			Template: corev1.PodTemplateSpec{
				ObjectMeta: metav1.ObjectMeta{Labels: map[string]string{"app": "traefik1"}},
				Spec:       corev1.PodSpec{Affinity: affinity, Containers: []corev1.Container{{Name: "traefik", Image: "traefik:1.7.34"}}},
			},
		},
	}
}

// apply sends a merge patch to a fake API server and reads the set again.
func apply(t *testing.T, client *fake.Clientset, r *Reader, s *Set, patch []byte, err error) *Set {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client.AppsV1().DaemonSets(s.Name.Namespace).Patch(t.Context(), s.Name.Name, types.MergePatchType, patch, metav1.PatchOptions{}); err != nil {
		t.Fatal(err)
	}
	got, err := r.ReadSet(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func TestGuardGoesOnAndComesOff(t *testing.T) {
	for name, affinity := range affinities {
		for _, side := range []Side{Old, New} {
			t.Run(name+"/"+string(side), func(t *testing.T) {
				original := daemonSet(affinity)
				client := fake.NewClientset(original.DeepCopy())
				r := &Reader{Client: client}
				before, err := r.set(t.Context(), original.DeepCopy(), side)
				if err != nil {
					t.Fatal(err)
				}
				if before.Guard.Present {
					t.Fatal("the original counts as guarded")
				}

				patch, err := GuardPatch(before, Note{ID: "7f3a", Toward: New})
				guarded := apply(t, client, r, before, patch, err)
				if !guarded.Guard.Present || guarded.Rolling() {
					t.Errorf("after the guard: present %v, rolling %v", guarded.Guard.Present, guarded.Rolling())
				}
				if diff := cmp.Diff(original.Spec.Template, guarded.Unguarded()); diff != "" {
					t.Errorf("the original cannot be told from the guarded template:\n%s", diff)
				}

				// A guard that is set twice remembers the first original.
				patch, err = GuardPatch(guarded, Note{ID: "7f3a", Toward: New})
				guarded = apply(t, client, r, guarded, patch, err)
				if n := expressionsOf(guarded); n > 1 {
					t.Errorf("%d guards in one term", n)
				}

				patch, err = UnguardPatch(guarded)
				free := apply(t, client, r, guarded, patch, err)
				patch, err = StrategyPatch(free, guarded.Guard.Record.Strategy)
				restored := apply(t, client, r, free, patch, err)
				if diff := cmp.Diff(original.Spec, restored.Object.Spec); diff != "" {
					t.Errorf("not exactly restored:\n%s", diff)
				}
				if len(restored.Object.Annotations) != 0 {
					t.Errorf("annotations left behind: %v", restored.Object.Annotations)
				}
			})
		}
	}
}

// expressionsOf returns the most guards found in one term.
func expressionsOf(s *Set) int {
	most := 0
	for _, t := range requiredTerms(s.Object.Spec.Template.Spec.Affinity).NodeSelectorTerms {
		n := 0
		for _, e := range t.MatchExpressions {
			if isGuard(e) {
				n++
			}
		}
		most = max(most, n)
	}
	return most
}

func TestGuardDecidesPlacement(t *testing.T) {
	node := func(labels map[string]string) *corev1.Node {
		labels["zone"] = "a"
		return &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: "n1", Labels: labels}}
	}
	for name, affinity := range affinities {
		t.Run(name, func(t *testing.T) {
			spec := corev1.PodSpec{Affinity: affinity}
			wanted := wants(spec, node(map[string]string{}))
			for _, side := range []Side{Old, New} {
				spec := corev1.PodSpec{Affinity: guarded(affinity, side)}
				got := map[string]bool{
					"old's": wants(spec, node(map[string]string{})),
					"new's": wants(spec, node(map[string]string{NodeLabel: LabelNew})),
				}
				want := map[string]bool{"old's": wanted && side == Old, "new's": wanted && side == New}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("%s on a node of:\n%s", side, diff)
				}
			}
		})
	}
}

// The guards of both sets say which way a cutover goes; where they do not agree,
// nothing is made of it.
func TestHeading(t *testing.T) {
	set := func(toward Side) *Set {
		return &Set{Guard: Guard{Present: true, Record: &GuardRecord{Note: Note{ID: "7f3a", Toward: toward}}}}
	}
	for name, test := range map[string]struct {
		old, new *Set
		want     Side
	}{
		"no sets":               {},
		"no guards":             {old: &Set{}, new: &Set{}},
		"forward":               {old: set(New), new: set(New), want: New},
		"back":                  {old: set(Old), new: set(Old), want: Old},
		"only one is set yet":   {old: &Set{}, new: set(New), want: New},
		"killed while it turns": {old: set(New), new: set(Old)},
		"a recycle's":           {old: &Set{}, new: set("")},
		"half of an abort":      {old: set(New), new: set("")},
	} {
		t.Run(name, func(t *testing.T) {
			if got := (&Fleet{Old: test.old, New: test.new}).Heading(); got != test.want {
				t.Errorf("heading %q, want %q", got, test.want)
			}
		})
	}
}
