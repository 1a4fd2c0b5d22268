package traefikv1

import (
	"slices"
	"strconv"

	corev1 "k8s.io/api/core/v1"

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

// firstSecret is the secret that the routes of an Ingress carry.
func (t *translator) firstSecret(s *source) string {
	for _, entry := range s.Spec.TLS {
		if entry.SecretName != "" {
			return entry.SecretName
		}
	}
	return ""
}

// certificates are the secrets that no route carries: all but the first of an
// Ingress, and all of an Ingress that owns no route with TLS. That includes those
// that Traefik 1.7 loads before something drops the Ingress (loadIngresses,
// provider/kubernetes/kubernetes.go).
func (t *translator) certificates(routes []ir.Route) []ir.Certificate {
	type carried struct {
		owner  ir.Ref
		secret string
	}
	done := map[carried]bool{}
	for _, route := range routes {
		if route.TLS != nil {
			done[carried{route.Owner, route.TLS.SecretName}] = true
		}
	}
	var certificates []ir.Certificate
	for _, s := range t.sources {
		entryPoints := t.certificateEntryPoints(s)
		if len(entryPoints) == 0 {
			continue
		}
		for _, entry := range s.Spec.TLS[:s.certificates] {
			c := carried{s.ref(), entry.SecretName}
			if entry.SecretName == "" || done[c] {
				continue
			}
			done[c] = true
			certificates = append(certificates, ir.Certificate{Owner: s.ref(), EntryPoints: entryPoints, SecretName: entry.SecretName})
		}
	}
	return certificates
}

// certificateEntryPoints are the TLS entry points that the certificates of an
// Ingress are for; on plain ones Traefik 1.7 ignores them.
func (t *translator) certificateEntryPoints(s *source) []string {
	names := s.ann.list("frontend-entry-points")
	if len(names) == 0 {
		names = t.facts.DefaultEntryPoints
	}
	var targets []string
	for _, entryPointName := range names {
		if ep, ok := t.facts.entryPoint(entryPointName); ok && ep.TLS && !slices.Contains(targets, ep.Target) {
			targets = append(targets, ep.Target)
		}
	}
	return targets
}
