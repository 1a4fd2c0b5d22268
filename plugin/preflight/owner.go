package preflight

import (
	"cmp"
	"fmt"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover/journal"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/fleet"
)

// applier is whoever applies a DaemonSet's manifest.
type applier struct {
	// who, for people.
	who string
	// heals: it puts back what others change by itself.
	heals bool
	// pause is the command that stops it for the cutover; empty: there is none.
	pause string
	// chart of Helm without its version; empty: no chart, or not known which.
	chart string
	argo  bool
}

// managers are field managers of controllers that put manifests back.
var managers = []struct{ prefix, who string }{
	{"argocd", "Argo CD"}, {"kustomize-controller", "Flux"}, {"helm-controller", "Flux"}, {"fleet", "Rancher Fleet"}, {"rancher", "Rancher"},
}

// applierOf recognises owners by what they write on objects: Argo CD's tracking
// (its documentation: "Resource Tracking"), Flux's labels
// (kustomize.toolkit.fluxcd.io/name, helm.toolkit.fluxcd.io/name), Helm's
// (helm.sh/chart, meta.helm.sh/release-name), and their field managers.
func applierOf(ds *appsv1.DaemonSet) applier {
	a := applier{chart: chartOf(ds)}
	release := ds.Annotations["meta.helm.sh/release-name"]
	for _, m := range ds.ManagedFields {
		for _, known := range managers {
			if strings.HasPrefix(m.Manager, known.prefix) && m.Subresource == "" && !a.heals {
				a.who, a.heals, a.argo = known.who+" ("+m.Manager+")", true, known.prefix == "argocd"
			}
		}
	}
	for _, key := range append(sorted(ds.Annotations), sorted(ds.Labels)...) {
		if strings.HasPrefix(key, "argocd.argoproj.io/") {
			a.who, a.heals, a.argo = "Argo CD ("+key+")", true, true
		}
	}
	if a.argo {
		// TRACKING: APPLICATION:GROUP/KIND:NAMESPACE/NAME
		application, _, _ := strings.Cut(ds.Annotations["argocd.argoproj.io/tracking-id"], ":")
		if application = cmp.Or(application, ds.Labels["argocd.argoproj.io/instance"]); application != "" {
			a.pause = "argocd app set " + application + " --sync-policy none"
		}
		return a
	}
	for _, kind := range []string{"kustomize", "helm"} {
		prefix := kind + ".toolkit.fluxcd.io/"
		object := ds.Labels[prefix+"name"]
		if object == "" {
			continue
		}
		resource := map[string]string{"kustomize": "kustomization", "helm": "helmrelease"}[kind]
		a.who, a.heals = "Flux ("+resource+" "+ds.Labels[prefix+"namespace"]+"/"+object+")", true
		a.pause = "flux suspend " + resource + " -n " + cmp.Or(ds.Labels[prefix+"namespace"], ds.Namespace) + " " + object
	}
	if a.heals && ds.Annotations["kustomize.toolkit.fluxcd.io/reconcile"] == "disabled" {
		return applier{who: "Flux, which is told not to", chart: a.chart}
	}
	if a.who != "" {
		return a
	}
	for _, key := range append(sorted(ds.Annotations), sorted(ds.Labels)...) {
		if strings.Contains(key, ".toolkit.fluxcd.io/") {
			a.who, a.heals = "Flux ("+key+")", true
			return a
		}
	}
	switch {
	case release != "":
		a.who = "Helm (release " + release + ")"
	case ds.Labels["app.kubernetes.io/managed-by"] == "Helm", a.chart != "":
		a.who = "Helm"
	}
	return a
}

// chartOf is the name of the chart that helm.sh/chart gives as NAME-VERSION.
func chartOf(ds *appsv1.DaemonSet) string {
	label := cmp.Or(ds.Labels["helm.sh/chart"], ds.Labels["chart"])
	for i := 0; i+1 < len(label); i++ {
		if label[i] == '-' && label[i+1] >= '0' && label[i+1] <= '9' {
			return label[:i]
		}
	}
	return label
}

// owner: a controller that reapplies manifests would take the guards off.
func owner(f *Facts) []Finding {
	var out []Finding
	for _, set := range f.sets() {
		if set.Guard.Present && !set.Rolling() {
			continue
		}
		a := applierOf(set.Object)
		if a.who == "" {
			continue
		}
		if f.byStory() {
			out = append(out, a.undoesStory(f, set))
			continue
		}
		what, manifest := a.change(set)
		var finding Finding
		switch {
		case a.heals && !f.AcceptOwner:
			finding = stop(name(set)+" is applied by "+a.who+", which would take the guard off again", a.toPause()+", or "+what+"; then --accept-owner")
		default:
			finding = warn(name(set)+" is applied by "+a.who, "apply it not during the cutover, or "+what)
		}
		finding.Manifest = manifest
		out = append(out, finding)
	}
	return out
}

// toPause says how it is kept from applying for a while.
func (a applier) toPause() string {
	if a.pause == "" {
		return "pause it for the cutover"
	}
	return "pause it for the cutover (" + a.pause + ")"
}

// undoesStory: what that strategy writes grows with every node, so that no manifest can have
// it beforehand.
func (a applier) undoesStory(f *Facts, set *fleet.Set) Finding {
	whose := "that is moved"
	if set.Side == fleet.New {
		whose = "that goes back"
	}
	undone := fmt.Sprintf("undo what --strategy=%s changes in it: OnDelete, and %s NotIn [one name more with each node %s]", journal.Story, corev1.LabelHostname, whose)
	if a.heals && !f.AcceptOwner {
		return stop(name(set)+" is applied by "+a.who+", which would "+undone, a.toPause()+", which no manifest can replace; then --accept-owner")
	}
	return warn(name(set)+" is applied by "+a.who+": that would "+undone, "apply it not during the cutover")
}

// change says what to change where manifests are kept, and gives the text to paste.
func (a applier) change(set *fleet.Set) (what, manifest string) {
	strategy := map[string]any{"type": appsv1.OnDeleteDaemonSetStrategyType, "rollingUpdate": nil}
	affinity := set.GuardedAffinity()
	values := map[string]any{"updateStrategy": strategy, "affinity": affinity}
	switch {
	case a.chart == "traefik" && set.Major > 1: // the official chart has both at the top (traefik/values.yaml)
		return "merge this into the values of its chart", toYAML(values)
	case a.chart == "ingress-nginx": // charts/ingress-nginx/values.yaml has both below controller
		return "merge this into the values of its chart", toYAML(map[string]any{"controller": values})
	}
	what = "add this to its kustomization"
	if a.chart != "" || strings.HasPrefix(a.who, "Helm") {
		what = "have its chart render this (its own values, or this kustomization as a post-renderer)"
	}
	patch := toYAML(map[string]any{
		"apiVersion": "apps/v1", "kind": "DaemonSet", "metadata": map[string]any{"name": set.Name.Name},
		"spec": map[string]any{
			"updateStrategy": strategy,
			"template":       map[string]any{"spec": map[string]any{"affinity": affinity}},
		},
	})
	return what, toYAML(map[string]any{"patches": []any{map[string]any{
		"target": map[string]any{"group": "apps", "kind": "DaemonSet", "name": set.Name.Name}, "patch": patch,
	}}})
}

// affinityManifest is the guarded affinity as a pod template has it.
func affinityManifest(set *fleet.Set) string {
	return toYAML(map[string]any{"affinity": set.GuardedAffinity()})
}

// toYAML never fails on what this package gives it: plain data.
func toYAML(v any) string {
	text, err := yaml.Marshal(v)
	if err != nil {
		return "# " + err.Error() + "\n"
	}
	return string(text)
}

// affinityTerms: the terms of a required node affinity are alternatives.
func affinityTerms(f *Facts) []Finding {
	var out []Finding
	for _, set := range f.sets() {
		all, guarded := set.Terms()
		switch {
		case guarded > 0 && guarded < all:
			finding := stop(
				fmt.Sprintf("%d of the %d affinity terms of %s have the guard %s %s [%s]: by the others it runs on nodes that belong to the other proxy", guarded, all, name(set), fleet.NodeLabel, operatorOf(set.Side), fleet.LabelNew),
				"put it into every term; the cutover does, until the manifest is applied again",
			)
			finding.Mended, finding.Manifest = true, affinityManifest(set)
			out = append(out, finding)
		case all > 1 && guarded == 0 && f.byStory():
			out = append(out, warn(
				fmt.Sprintf("%s has %d affinity terms, of which one is enough: the host names that it leaves out become part of each", name(set), all),
				"nothing; let nobody apply it during the cutover",
			))
		case all > 1 && guarded == 0:
			finding := warn(
				fmt.Sprintf("%s has %d affinity terms, of which one is enough: the guard becomes part of each", name(set), all),
				"nothing, unless its manifest gets a guard: then each term needs it",
			)
			finding.Manifest = affinityManifest(set)
			out = append(out, finding)
		}
	}
	return out
}

func operatorOf(side fleet.Side) corev1.NodeSelectorOperator {
	if side == fleet.New {
		return corev1.NodeSelectorOpIn
	}
	return corev1.NodeSelectorOpNotIn
}
