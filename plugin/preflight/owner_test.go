package preflight

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes/fake"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
	"sigs.k8s.io/yaml"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/fleet"
)

func TestAppliers(t *testing.T) {
	for name, test := range map[string]struct {
		labels, annotations map[string]string
		manager             string
		want                applier
	}{
		"nobody":  {manager: "kubectl-client-side-apply"},
		"Argo CD": {annotations: map[string]string{"argocd.argoproj.io/tracking-id": "edge:apps/DaemonSet:edge/traefik1"}, want: applier{who: "Argo CD (argocd.argoproj.io/tracking-id)", heals: true, argo: true, pause: "argocd app set edge --sync-policy none"}},
		"Argo CD with a chart": {
			labels: map[string]string{"argocd.argoproj.io/instance": "proxies", "helm.sh/chart": "traefik-27.0.2"},
			want:   applier{who: "Argo CD (argocd.argoproj.io/instance)", heals: true, argo: true, pause: "argocd app set proxies --sync-policy none", chart: "traefik"},
		},
		"Argo CD by its field manager": {manager: "argocd-controller", want: applier{who: "Argo CD (argocd-controller)", heals: true, argo: true}},
		"Flux, kustomize": {
			labels: map[string]string{"kustomize.toolkit.fluxcd.io/name": "edge", "kustomize.toolkit.fluxcd.io/namespace": "flux-system"}, manager: "kustomize-controller",
			want: applier{who: "Flux (kustomization flux-system/edge)", heals: true, pause: "flux suspend kustomization -n flux-system edge"},
		},
		"Flux, told not to": {
			labels: map[string]string{"kustomize.toolkit.fluxcd.io/name": "edge"}, annotations: map[string]string{"kustomize.toolkit.fluxcd.io/reconcile": "disabled"},
			want: applier{who: "Flux, which is told not to"},
		},
		"Flux, Helm": {
			labels:  map[string]string{"helm.toolkit.fluxcd.io/name": "traefik", "helm.toolkit.fluxcd.io/namespace": "edge", "helm.sh/chart": "ingress-nginx-4.11.3"},
			manager: "helm-controller", annotations: map[string]string{"meta.helm.sh/release-name": "x"},
			want: applier{who: "Flux (helmrelease edge/traefik)", heals: true, pause: "flux suspend helmrelease -n edge traefik", chart: "ingress-nginx"},
		},
		"Helm":          {annotations: map[string]string{"meta.helm.sh/release-name": "edge"}, labels: map[string]string{"helm.sh/chart": "my-proxy-1.0.0"}, want: applier{who: "Helm (release edge)", chart: "my-proxy"}},
		"Helm of old":   {labels: map[string]string{"chart": "traefik-1.87.7"}, want: applier{who: "Helm", chart: "traefik"}},
		"Rancher Fleet": {manager: "fleetagent", want: applier{who: "Rancher Fleet (fleetagent)", heals: true}},
	} {
		t.Run(name, func(t *testing.T) {
			ds := &appsv1.DaemonSet{ObjectMeta: metav1.ObjectMeta{Labels: test.labels, Annotations: test.annotations}}
			if test.manager != "" {
				ds.ManagedFields = []metav1.ManagedFieldsEntry{{Manager: test.manager}}
			}
			if diff := cmp.Diff(test.want, applierOf(ds), cmp.AllowUnexported(applier{})); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// twoTerms wants nodes of one pool or of another.
func twoTerms() *corev1.Affinity {
	term := func(pool string) corev1.NodeSelectorTerm {
		return corev1.NodeSelectorTerm{MatchExpressions: []corev1.NodeSelectorRequirement{{Key: "pool", Operator: corev1.NodeSelectorOpIn, Values: []string{pool}}}}
	}
	return &corev1.Affinity{NodeAffinity: &corev1.NodeAffinity{RequiredDuringSchedulingIgnoredDuringExecution: &corev1.NodeSelector{
		NodeSelectorTerms: []corev1.NodeSelectorTerm{term("edge"), term("spare")},
	}}}
}

func pools(w *world) {
	w.old.Spec.Template.Spec.Affinity, w.new.Spec.Template.Spec.Affinity = twoTerms(), twoTerms()
	for i, n := range w.nodes {
		n.Labels["pool"] = []string{"edge", "spare"}[i%2]
	}
}

func TestAffinityTerms(t *testing.T) {
	half := fleetExpression("NotIn")
	for name, test := range map[string]struct {
		spoil func(*world)
		want  []string
	}{
		"two each": {pools, []string{
			"AFFINITY-TERMS warn: traefik1 has 2 affinity terms, of which one is enough: the guard becomes part of each -> nothing, unless its manifest gets a guard: then each term needs it",
			"AFFINITY-TERMS warn: traefik2 has 2 affinity terms, of which one is enough: the guard becomes part of each -> nothing, unless its manifest gets a guard: then each term needs it",
		}},
		"two each, the story's way": {func(w *world) { pools(w); byHostNames(w) }, []string{
			"AFFINITY-TERMS warn: traefik1 has 2 affinity terms, of which one is enough: the host names that it leaves out become part of each -> nothing; let nobody apply it during the cutover",
			"AFFINITY-TERMS warn: traefik2 has 2 affinity terms, of which one is enough: the host names that it leaves out become part of each -> nothing; let nobody apply it during the cutover",
		}},
		"the guard is in one only": {func(w *world) {
			pools(w)
			w.new.Spec.Template.Spec.Affinity = nil
			terms := w.old.Spec.Template.Spec.Affinity.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution.NodeSelectorTerms
			terms[0].MatchExpressions = append(terms[0].MatchExpressions, half)
		}, []string{"AFFINITY-TERMS stop: 1 of the 2 affinity terms of traefik1 have the guard ingress-migrate.io/proxy NotIn [new]: by the others it runs on nodes that belong to the other proxy -> put it into every term; the cutover does, until the manifest is applied again"}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, found(t, test.spoil)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func fleetExpression(operator corev1.NodeSelectorOperator) corev1.NodeSelectorRequirement {
	return corev1.NodeSelectorRequirement{Key: fleet.NodeLabel, Operator: operator, Values: []string{fleet.LabelNew}}
}

// Nothing is printed to paste where no manifest can hold what changes with every node.
func TestStoryHasNothingToPaste(t *testing.T) {
	w := well()
	pools(w)
	byHostNames(w)
	w.old.Annotations = map[string]string{"argocd.argoproj.io/tracking-id": "edge:x"}
	w.new.Labels = map[string]string{"helm.sh/chart": "traefik-27.0.2"}
	for _, f := range Run(w.facts(t)).Findings {
		if f.Manifest != "" {
			t.Errorf("%s prints\n%s", f.Code, f.Manifest)
		}
	}
}

// What is to be pasted into a kustomization makes kustomize render a guarded
// DaemonSet, with the guard in each of its terms.
func TestKustomizationGuards(t *testing.T) {
	w := well()
	pools(w)
	w.old.Labels = map[string]string{"kustomize.toolkit.fluxcd.io/name": "edge", "kustomize.toolkit.fluxcd.io/namespace": "flux-system"}
	w.old.TypeMeta = metav1.TypeMeta{APIVersion: "apps/v1", Kind: "DaemonSet"}
	manifest := ""
	for _, f := range Run(w.facts(t)).Findings {
		if f.Code == "OWNER" {
			manifest = f.Manifest
		}
	}
	before, err := yaml.Marshal(w.old)
	if err != nil {
		t.Fatal(err)
	}
	files := filesys.MakeFsInMemory()
	for name, text := range map[string]string{"ds.yaml": string(before), "kustomization.yaml": "resources: [ds.yaml]\n" + manifest} {
		if err := files.WriteFile(name, []byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	rendered, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(files, ".")
	if err != nil {
		t.Fatalf("%v in\n%s", err, manifest)
	}
	text, err := rendered.AsYaml()
	if err != nil {
		t.Fatal(err)
	}
	after := &appsv1.DaemonSet{}
	if err := yaml.UnmarshalStrict(text, after); err != nil {
		t.Fatal(err)
	}
	guarded(t, after, text)
}

// guarded fails unless a DaemonSet would be taken for guarded.
func guarded(t *testing.T, ds *appsv1.DaemonSet, text []byte) {
	t.Helper()
	named := fleet.Selection{Old: ref(ds)}
	f, err := (&fleet.Reader{Client: fake.NewClientset(ds), Selection: named, Now: clock}).Read(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if all, with := f.Old.Terms(); !f.Old.Guard.Present || f.Old.Rolling() || all != 2 || with != 2 || ds.Spec.UpdateStrategy.RollingUpdate != nil {
		t.Errorf("not guarded:\n%s", text)
	}
}

// The values of the two charts are what their templates put into the DaemonSet.
func TestChartValues(t *testing.T) {
	for chart, path := range map[string]string{"traefik-27.0.2": "", "ingress-nginx-4.11.3": "controller"} {
		t.Run(chart, func(t *testing.T) {
			w := well()
			pools(w)
			w.old.Spec.Template.Spec.Affinity = nil
			ds := w.new
			if path != "" {
				ds = w.old
				ds.Spec.Template.Spec.Affinity = twoTerms()
				ds.Spec.Template.Spec.Containers[0].Image = "registry.k8s.io/ingress-nginx/controller:v1.11.3"
			}
			ds.Labels = map[string]string{"helm.sh/chart": chart}
			var finding Finding
			for _, f := range Run(w.facts(t)).Findings {
				if f.Code == "OWNER" && strings.HasPrefix(f.Finding, ds.Name) {
					finding = f
				}
			}
			values := map[string]any{}
			if err := yaml.UnmarshalStrict([]byte(finding.Manifest), &values); err != nil {
				t.Fatal(err)
			}
			if path != "" {
				values = values[path].(map[string]any)
			}
			raw, err := yaml.Marshal(map[string]any{"updateStrategy": values["updateStrategy"], "template": map[string]any{"spec": map[string]any{"affinity": values["affinity"]}}})
			if err != nil {
				t.Fatal(err)
			}
			after := ds.DeepCopy()
			after.Spec.UpdateStrategy = appsv1.DaemonSetUpdateStrategy{}
			if err := yaml.Unmarshal(raw, &after.Spec); err != nil {
				t.Fatal(err)
			}
			if path == "" {
				if all, with := (&fleet.Set{Side: fleet.New, Object: after}).Terms(); all != 2 || with != 2 || after.Spec.UpdateStrategy.Type != appsv1.OnDeleteDaemonSetStrategyType {
					t.Errorf("not guarded:\n%s", finding.Manifest)
				}
				return
			}
			guarded(t, after, []byte(finding.Manifest))
		})
	}
}
