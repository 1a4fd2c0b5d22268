package traefikingress

import (
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
)

// noOptions are TLS options that cannot exist: no object has such a name.
const noOptions = "NONE"

// routerTLS settles the TLS section of the routers. spec.tls alone gives them
// none: it loads certificates, and the entry point may answer TLS by itself.
func (t *translator) routerTLS(s *source) {
	config := s.config.tls
	if config == nil {
		return
	}
	s.shape.tls = &ir.TLS{CertResolver: config.certResolver, Domains: config.domains}
	if secrets := t.loadedSecrets(s, nil); len(secrets) > 0 {
		s.shape.tls.SecretName = secrets[0]
	}
	if config.options == "" || config.options == "default" {
		return
	}
	key := s.tree.child("tls").child("options").key
	ref, remarks, dead := t.resolve(kindTLSOption, s.Namespace, config.options)
	if dead != "" {
		s.die(diag.WTraefikDead, key, dead+", and TLS connections for its hosts are closed")
		s.shape.tls.OptionsName = noOptions // so that the hosts stay closed, see tlsHosts
		return
	}
	for _, r := range remarks {
		if r.code == diag.WTraefikCrossNS { // options are those of a host, whichever route answers
			r.text += "; where routes of wider hosts answer for its hosts, they do so without the options"
		}
		s.sayKey(r.code, key, r.text)
	}
	s.shape.tls.OptionsName, s.shape.tls.OptionsNamespace = ref.name, ref.namespace
}

// applyTLS fits the TLS section to one rule. False: the route is withheld.
func (t *translator) applyTLS(at place, route *ir.Route) bool {
	if route.TLS == nil {
		return true
	}
	host := at.host()
	wildcard := strings.HasPrefix(host, "*.")
	if route.TLS.OptionsName != "" && (host == "" || wildcard) {
		key := at.src.tree.child("tls").child("options").key
		if wildcard && !t.source.before(v3_7) && !t.language(at.src).v2 {
			at.withhold(diag.ETraefikTLSOptions, annotationField(key), t.source.String()+
				" applies the options to "+host+", a rule that works in every target does not, so requests are answered 403")
			return false
		}
		at.src.sayKey(diag.ETraefikTLSOptions, key, "the options do not apply to "+at.url()+", today and in the output")
	}
	if wildcard && route.TLS.CertResolver != "" && len(route.TLS.Domains) == 0 && !t.source.before(v3_7) && !t.language(at.src).v2 {
		// The resolver is asked for the hosts of Host matchers; the emitted rule
		// has none.
		own := *route.TLS
		own.Domains = []ir.Domain{{Main: strings.ToLower(host)}}
		route.TLS = &own
	}
	return true
}

// loadedSecrets are the secrets of spec.tls that the provider loads, in order
// and once each. It stops at the first that it cannot use, which say is told.
func (t *translator) loadedSecrets(s *source, say func(field, text string)) []string {
	var loaded []string
	for i, entry := range s.Spec.TLS {
		if entry.SecretName == "" {
			continue
		}
		if problem := t.secretProblem(s.Namespace, entry.SecretName); problem != "" {
			if say != nil {
				say("spec.tls["+strconv.Itoa(i)+"].secretName", "TLS secret "+strconv.Quote(entry.SecretName)+" "+problem+
					", so Traefik loads neither it nor those after it")
			}
			return loaded
		}
		if !slices.Contains(loaded, entry.SecretName) {
			loaded = append(loaded, entry.SecretName)
		}
	}
	return loaded
}

func (t *translator) secretProblem(namespace, secretName string) string {
	secret, ok := t.secrets[name{namespace, secretName}]
	switch {
	case !ok && t.in.SecretsKnown:
		return "does not exist"
	case !ok:
		return ""
	}
	// Traefik looks no further: what is no certificate is passed over later on,
	// by itself (getCertificateBlocks in pkg/provider/kubernetes/ingress).
	for _, key := range []string{corev1.TLSCertKey, corev1.TLSPrivateKeyKey} {
		if !slices.Contains(secret.Keys, key) || slices.Contains(secret.EmptyKeys, key) {
			return "has no tls.crt or no tls.key"
		}
	}
	return ""
}

// certificates are the secrets that no route of the Ingress carries: all but the
// first, and all of an Ingress without routes that answer TLS. They are loaded
// also when the Ingress has no route at all.
func (t *translator) certificates(s *source) []ir.Certificate {
	if !s.selected || s.refused || len(s.Spec.TLS) == 0 {
		return nil
	}
	secrets := t.loadedSecrets(s, func(field, text string) { s.say(diag.WTraefikSecret, field, text) })
	if s.routed && s.shape.tls != nil && len(secrets) > 0 {
		secrets = secrets[1:]
	}
	var out []ir.Certificate
	for _, secret := range secrets {
		s.say(diag.WTraefikCarrier, "spec.tls", "the certificate "+secret+" is loaded by an IngressRoute without routes")
		out = append(out, ir.Certificate{Owner: s.ref(), EntryPoints: s.shape.entryPoints, SecretName: secret})
	}
	return out
}
