// Package foreign knows who reads the annotations of an Ingress that its own
// controller does not read, for all dialects alike.
package foreign

import (
	"slices"
	"strings"
)

// Reader is a system that reads annotations of Ingresses beside the controller.
type Reader struct {
	// Prefix is what stands before the slash of its keys.
	Prefix string
	Name   string
}

// readers are sorted by prefix.
var readers = [...]Reader{
	{"acme.cert-manager.io", "cert-manager"},
	{"argocd-image-updater.argoproj.io", "Argo CD Image Updater"},
	{"argocd.argoproj.io", "Argo CD"},
	{"cert-manager.io", "cert-manager"},
	{"certmanager.k8s.io", "cert-manager before 0.11"},
	{"config.kubernetes.io", "kustomize"},
	{"config.linkerd.io", "Linkerd"},
	{"external-dns.alpha.kubernetes.io", "external-dns"},
	{"external-dns.kubernetes.io", "external-dns"},
	{"field.cattle.io", "Rancher"},
	{"fluxcd.io", "Flux"},
	{"forecastle.stakater.com", "Forecastle"},
	{"gethomepage.dev", "Homepage"},
	{"hajimari.io", "Hajimari"},
	{"helm.sh", "Helm"},
	{"helm.toolkit.fluxcd.io", "Flux"},
	{"ingress-migrate.io", "this tool"},
	{"keel.sh", "Keel"},
	{"kubectl.kubernetes.io", "kubectl"},
	{"kustomize.toolkit.fluxcd.io", "Flux"},
	{"link.argocd.argoproj.io", "Argo CD"},
	{"linkerd.io", "Linkerd"},
	{"meta.helm.sh", "Helm"},
	{"meta.kubernetes.io", "kubectl"},
	{"monitor.stakater.com", "Ingress Monitor Controller"},
	{"prometheus.io", "Prometheus"},
	{"reloader.stakater.com", "Reloader"},
	{"rollouts.argoproj.io", "Argo Rollouts"},
	{"venafi.cert-manager.io", "cert-manager"},
}

// TLSACME asks cert-manager, and kube-lego before it, for certificates of the
// default issuer.
const TLSACME = "kubernetes.io/tls-acme"

// Note says in a few words whose annotation key is. It is not for keys that the
// Ingress' own controller reads.
func Note(key string) string {
	if key == TLSACME {
		return "read by cert-manager"
	}
	prefix, _, _ := strings.Cut(key, "/")
	i, found := slices.BinarySearchFunc(readers[:], prefix, func(r Reader, p string) int { return strings.Compare(r.Prefix, p) })
	if found {
		return "read by " + readers[i].Name
	}
	return "belongs to another system"
}

// OfController tells whether key looks as if it were meant for an ingress
// controller, so that its author may believe that it works.
func OfController(key string) bool {
	prefix, _, _ := strings.Cut(key, "/")
	switch {
	case prefix == "ingress-migrate.io":
		return false
	case strings.HasPrefix(key, "kubernetes.io/ingress."), strings.Contains(prefix, "ingress"):
		return true
	case strings.HasPrefix(prefix, "traefik."), strings.HasPrefix(prefix, "haproxy"), strings.HasPrefix(prefix, "alb."),
		strings.HasPrefix(prefix, "konghq."), strings.HasSuffix(prefix, "nginx.org"), strings.HasSuffix(prefix, "nginx.com"),
		strings.HasSuffix(prefix, "projectcontour.io"), strings.HasPrefix(prefix, "networking.gke.io"):
		return true
	}
	return false
}
