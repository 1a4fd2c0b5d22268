// Package foreign knows who reads the annotations of an Ingress that its own
// controller does not read, for all dialects alike.
package foreign

import (
	"slices"
	"strings"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
)

// readers are systems that read annotations of Ingresses beside the controller,
// sorted by what stands before the slash of their keys.
var readers = [...]struct{ prefix, name string }{
	{"acme.cert-manager.io", certManager},
	{"argocd-image-updater.argoproj.io", "Argo CD Image Updater"},
	{"argocd.argoproj.io", "Argo CD"},
	{"cert-manager.io", certManager},
	{"certmanager.k8s.io", oldCertManager},
	{"config.kubernetes.io", "kustomize"},
	{"config.linkerd.io", "Linkerd"},
	{"external-dns.alpha.kubernetes.io", externalDNS},
	{"external-dns.kubernetes.io", externalDNS},
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
	{"venafi.cert-manager.io", certManager},
}

// Systems with findings of their own.
const (
	certManager    = "cert-manager"
	oldCertManager = "cert-manager before 0.11"
	externalDNS    = "external-dns"
)

// TLSACME asks cert-manager, and kube-lego before it, for certificates of the
// default issuer.
const TLSACME = "kubernetes.io/tls-acme"

// Reader names the system that reads an annotation; empty when it is not known.
// It is not for keys that the Ingress' own controller reads.
func Reader(key string) string {
	if key == TLSACME {
		return certManager
	}
	prefix, _, found := strings.Cut(key, "/")
	i, known := slices.BinarySearchFunc(readers[:], prefix, func(r struct{ prefix, name string }, p string) int { return strings.Compare(r.prefix, p) })
	if !found || !known {
		return ""
	}
	return readers[i].name
}

// Note says in a few words whose annotation key is.
func Note(key string) string {
	if reader := Reader(key); reader != "" {
		return "read by " + reader
	}
	return "belongs to another system"
}

// Codes are the findings that an annotation can lead to.
func Codes(key string) []diag.Code {
	switch Reader(key) {
	case certManager:
		return []diag.Code{diag.WCertOwned, diag.WCertIssuer, diag.WCertRefused, diag.WCertShared, diag.WCertHTTP01}
	case oldCertManager:
		return []diag.Code{diag.WCertIssuer}
	case externalDNS:
		return []diag.Code{diag.WDNSOwned, diag.WDNSTarget, diag.WDNSNames}
	}
	return nil
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
