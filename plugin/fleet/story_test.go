package fleet

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes/fake"
)

// leaving adds a host name to what a set leaves out, once.
func leaving(host string) func([]string) []string {
	return func(out []string) []string {
		if slices.Contains(out, host) {
			return out
		}
		return append(out, host)
	}
}

// TestStoryGoesOnAndComesOff holds a set, leaves out one node after the other, lets one in
// again, and restores the set exactly.
func TestStoryGoesOnAndComesOff(t *testing.T) {
	for name, affinity := range affinities {
		for _, side := range []Side{Old, New} {
			t.Run(name+"/"+string(side), func(t *testing.T) {
				original := daemonSet(affinity)
				client := fake.NewClientset(original.DeepCopy())
				r := &Reader{Client: client}
				s, err := r.set(t.Context(), original.DeepCopy(), side)
				if err != nil {
					t.Fatal(err)
				}
				change := func(how func([]string) []string, want ...string) {
					t.Helper()
					patch, err := StoryPatch(s, Note{ID: "7f3a", Toward: New}, how)
					s = apply(t, client, r, s, patch, err)
					if !s.Guard.Present || !s.Guard.Story || s.Rolling() || !slices.Equal(want, s.Guard.Out) {
						t.Fatalf("guard %+v, rolling %v, want %v left out", s.Guard, s.Rolling(), want)
					}
					if diff := cmp.Diff(original.Spec.Template, s.Unguarded()); diff != "" {
						t.Fatalf("the original cannot be told from the held template:\n%s", diff)
					}
					if got := sideOf(s.Object); got != side {
						t.Fatalf("it is taken for the %q side's", got)
					}
					if s.Edited() {
						t.Fatal("it counts as edited")
					}
				}
				change(func(out []string) []string { return out })
				if diff := cmp.Diff(original.Spec.Template, s.Object.Spec.Template); diff != "" {
					t.Errorf("OnDelete changed the template:\n%s", diff)
				}
				patch, err := SealPatch(s)
				s = apply(t, client, r, s, patch, err)
				change(leaving("n1"), "n1")
				change(leaving("n2"), "n1", "n2")
				if patch, err := StoryPatch(s, Note{ID: "7f3a"}, leaving("n2")); err != nil || patch != nil {
					t.Errorf("what is so already is written again: %s, %v", patch, err)
				}
				for host, want := range map[string]bool{"n1": false, "n2": false, "n3": wants(original.Spec.Template.Spec, nodeCalled("n3"))} {
					if got := wants(s.Object.Spec.Template.Spec, nodeCalled(host)); got != want {
						t.Errorf("it wants %s: %v", host, got)
					}
				}
				change(func(out []string) []string { return slices.DeleteFunc(out, func(h string) bool { return h == "n1" }) }, "n2")

				edited := *s
				edited.Object = s.Object.DeepCopy()
				edited.Object.Spec.Template.Spec.Containers[0].Image = "traefik:2"
				if !edited.Edited() {
					t.Error("an edit goes unnoticed")
				}

				patch, err = UnguardPatch(s)
				free := apply(t, client, r, s, patch, err)
				patch, err = StrategyPatch(free, s.Guard.Record.Strategy)
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

func nodeCalled(name string) *corev1.Node {
	return &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{"zone": "a", corev1.LabelHostname: name}}}
}

// TestStoryTakesAGuardsPlace: a rolled back cutover by label leaves the new set guarded.
func TestStoryTakesAGuardsPlace(t *testing.T) {
	original := daemonSet(affinities["several terms"])
	client := fake.NewClientset(original.DeepCopy())
	r := &Reader{Client: client}
	s, err := r.set(t.Context(), original.DeepCopy(), New)
	if err != nil {
		t.Fatal(err)
	}
	patch, err := GuardPatch(s, Note{ID: "7f3a"})
	s = apply(t, client, r, s, patch, err)
	patch, err = StoryPatch(s, Note{ID: "8b2c", Toward: New}, leaving("n1"))
	s = apply(t, client, r, s, patch, err)
	want := original.DeepCopy().Spec.Template.Spec.Affinity
	terms := want.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution.NodeSelectorTerms
	for i := range terms {
		terms[i].MatchExpressions = append(terms[i].MatchExpressions, without([]string{"n1"}))
	}
	if diff := cmp.Diff(want, s.Object.Spec.Template.Spec.Affinity); diff != "" {
		t.Error(diff)
	}
	if got := s.Guard.Record.Strategy.Type; got != appsv1.RollingUpdateDaemonSetStrategyType {
		t.Errorf("the original strategy is noted as %s", got)
	}
}

// TestWhoseNodeByHostNames: a node is the old side's until that leaves it out.
func TestWhoseNodeByHostNames(t *testing.T) {
	set := func(side Side, out ...string) *Set {
		return &Set{Side: side, Guard: Guard{Present: true, Story: true, Out: out}}
	}
	type verdict struct {
		Side      Side
		Contested bool
	}
	for name, test := range map[string]struct {
		old, new *Set
		want     verdict
	}{
		"both want it":           {set(Old), set(New), verdict{Old, true}},
		"left out of the old":    {set(Old, "n1"), set(New), verdict{New, false}},
		"left out of the new":    {set(Old), set(New, "n1"), verdict{Old, false}},
		"another one":            {set(Old, "n2"), set(New, "n2"), verdict{Old, true}},
		"only the old is held":   {set(Old), &Set{Side: New}, verdict{Old, true}},
		"the old was deleted":    {nil, set(New), verdict{New, false}},
		"the new was deleted":    {set(Old), nil, verdict{Old, false}},
		"by label it is nothing": {&Set{Side: Old}, &Set{Side: New}, verdict{Old, false}},
	} {
		t.Run(name, func(t *testing.T) {
			n := Node{Name: "n1", Hostname: "n1", WantedByOld: true, WantedByNew: true}
			(&Fleet{Old: test.old, New: test.new}).place(&n)
			if diff := cmp.Diff(test.want, verdict{n.Side(), n.Contested}); diff != "" {
				t.Error(diff)
			}
		})
	}
}
