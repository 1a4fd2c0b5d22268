package traefikv1

import (
	"slices"
	"strconv"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
)

// checkTLS drops an Ingress with a TLS secret that Traefik 1.7 cannot read. The
// target would serve it with the default certificate.
func (t *translator) checkTLS(s *source) {
	for i, entry := range s.Spec.TLS {
		s.certificates = i
		if entry.SecretName == "" {
			continue
		}
		secret, known := t.secret(s.Namespace, entry.SecretName)
		problem := ""
		switch {
		case !known:
			continue
		case secret == nil:
			problem = "does not exist"
		case !slices.Contains(secret.Keys, corev1.TLSCertKey) || !slices.Contains(secret.Keys, corev1.TLSPrivateKeyKey):
			problem = "has no tls.crt or no tls.key"
		case secret.Problem != "":
			problem = "is refused (" + secret.Problem + ")"
		default:
			continue
		}
		t.loseAll(s, finding{
			code: diag.WTLSSecret, field: "spec.tls[" + strconv.Itoa(i) + "].secretName", value: entry.SecretName,
			text: "TLS secret " + strconv.Quote(entry.SecretName) + " " + problem + ", so Traefik 1.7 drops the whole Ingress",
		})
		return
	}
	s.certificates = len(s.Spec.TLS)
}

// firstSecret is the secret that the routes of an Ingress over TLS carry.
func (t *translator) firstSecret(s *source) string {
	for _, entry := range s.Spec.TLS {
		if entry.SecretName != "" {
			if len(t.certificateEntryPoints(s.Namespace, entry.SecretName)) == 0 {
				return ""
			}
			return entry.SecretName
		}
	}
	return ""
}

// tls is what the routes of an Ingress say of TLS, one for all of them.
func (t *translator) tls(s *source) *ir.TLS {
	if s.tls == nil {
		s.tls = t.made.tls.New()
		s.tls.SecretName = t.firstSecret(s)
	}
	return s.tls
}

// certificates are the secrets that no route carries: all but the first of an
// Ingress, and all of an Ingress that owns no route with TLS. That includes those
// that Traefik 1.7 loads before something drops the Ingress (loadIngresses,
// provider/kubernetes/kubernetes.go).
func (t *translator) certificates() []ir.Certificate {
	var certificates []ir.Certificate
	for _, s := range t.sources {
		for i, entry := range s.Spec.TLS[:s.certificates] {
			carried := s.tls != nil && s.tls.SecretName == entry.SecretName
			if carried || entry.SecretName == "" || slices.ContainsFunc(s.Spec.TLS[:i], func(before networkingv1.IngressTLS) bool { return before.SecretName == entry.SecretName }) {
				continue
			}
			if entryPoints := t.certificateEntryPoints(s.Namespace, entry.SecretName); len(entryPoints) > 0 {
				certificates = append(certificates, ir.Certificate{Owner: s.ref(), EntryPoints: entryPoints, SecretName: entry.SecretName})
			}
		}
	}
	return certificates
}

// certificateEntryPoints are the TLS entry points that the certificate of a secret is
// for; on plain ones Traefik 1.7 ignores it. All Ingresses that name the secret say
// which, and the default ones count when none does (getTLS,
// provider/kubernetes/kubernetes.go).
func (t *translator) certificateEntryPoints(namespace, secret string) []string {
	names := t.namedEntryPoints()[name{namespace, secret}]
	if len(names) == 0 {
		return t.usual.tlsTargets
	}
	return t.facts.tlsTargets(names)
}

// tlsTargets are those of entry points that have TLS, as the target calls them.
func (f Facts) tlsTargets(names []string) []string {
	var targets []string
	for _, entryPointName := range names {
		if ep, ok := f.entryPoint(entryPointName); ok && ep.TLS && !slices.Contains(targets, ep.Target) {
			targets = append(targets, ep.Target)
		}
	}
	return targets
}

// namedEntryPoints are those that the annotations of Ingresses name, by secret.
func (t *translator) namedEntryPoints() map[name][]string {
	if t.secretEntryPoints == nil {
		t.secretEntryPoints = map[name][]string{}
		for _, s := range t.sources {
			if s.certificates == 0 || !s.ann.has("frontend-entry-points") {
				continue
			}
			for _, entry := range s.Spec.TLS[:s.certificates] {
				key := name{s.Namespace, entry.SecretName}
				t.secretEntryPoints[key] = append(t.secretEntryPoints[key], s.ann.list("frontend-entry-points")...)
			}
		}
	}
	return t.secretEntryPoints
}
