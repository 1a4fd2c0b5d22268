// Package owner tells who keeps an object as it wants it.
package owner

import (
	"maps"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// managers put back what others change.
var managers = []string{"argocd", "kustomize-controller", "helm-controller", "fleet", "rancher"}

// Of tells who applies an object, and whether it does so by itself.
func Of(object metav1.Object) (who string, heals bool) {
	for _, m := range object.GetManagedFields() {
		for _, manager := range managers {
			if strings.HasPrefix(m.Manager, manager) && m.Subresource == "" {
				return m.Manager, true
			}
		}
	}
	annotations, labels := object.GetAnnotations(), object.GetLabels()
	for _, key := range slices.Concat(slices.Sorted(maps.Keys(annotations)), slices.Sorted(maps.Keys(labels))) {
		switch {
		case strings.HasPrefix(key, "argocd.argoproj.io/"):
			return "Argo CD (" + key + ")", true
		case strings.Contains(key, ".toolkit.fluxcd.io/"):
			if annotations["kustomize.toolkit.fluxcd.io/reconcile"] == "disabled" {
				return "Flux, which is told not to", false
			}
			return "Flux (" + key + ")", true
		}
	}
	if release := annotations["meta.helm.sh/release-name"]; release != "" {
		return "Helm (release " + release + ")", false
	}
	if labels["app.kubernetes.io/managed-by"] == "Helm" {
		return "Helm", false
	}
	return "", false
}
