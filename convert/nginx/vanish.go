package nginx

import (
	"regexp"
	"strings"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
)

// criticalNames are the annotations of risk Critical: with the default
// annotations-risk-level (High) an Ingress that has one is not synchronised.
var criticalNames = [...]string{"auth-snippet", "configuration-snippet", "modsecurity-snippet", "server-snippet", "stream-snippet"}

// plainURL is what the controller accepts for redirects: no variables, no
// percent sign, no fragment.
var plainURL = regexp.MustCompile(`^[-._~a-zA-Z0-9/:,?&=]*$`)

// vanished says why the controller ignores the whole Ingress; false: it does not.
// An Ingress that was valid before stays as it was then, which manifests cannot tell.
func (t *translator) vanished(s *source) (finding, bool) {
	for _, name := range criticalNames {
		if !s.ann.has(name) || !t.facts.ConfigMapKnown {
			continue
		}
		if t.config.text("annotations-risk-level", "High") != "Critical" {
			return s.of(name, finding{code: diag.ENginxNotServed, text: "annotations of risk Critical are not allowed (annotations-risk-level), so the controller ignores the Ingress"}), true
		}
		if !t.config.boolean("allow-snippet-annotations", false) {
			s.ann.ignore(name, "allow-snippet-annotations is off, so the controller strips it")
		}
	}
	for _, name := range []string{"permanent-redirect", "temporal-redirect"} {
		if url, ok := s.ann.find(name); ok && !plainURL.MatchString(url) {
			return s.of(name, finding{code: diag.ENginxNotServed, text: "the URL has characters that the controller refuses, so it ignores the Ingress"}), true
		}
	}
	for _, name := range []string{"limit-connections", "limit-rps", "limit-rpm", "limit-burst-multiplier", "limit-rate", "limit-rate-after"} {
		if _, ok := s.ann.integer(name, 0); !ok {
			return s.of(name, finding{code: diag.ENginxNotServed, text: "not a number, so the controller ignores the Ingress"}), true
		}
	}
	if kind := s.ann.str("auth-secret-type", "auth-file"); kind != "auth-file" && kind != "auth-map" {
		return s.of("auth-secret-type", finding{code: diag.ENginxNotServed, text: "neither auth-file nor auth-map, so the controller ignores the Ingress"}), true
	}
	if realm := s.ann.str("auth-realm", ""); strings.ContainsAny(realm, "\"'\\$;{}\n") {
		return s.of("auth-realm", finding{code: diag.ENginxNotServed, text: "the realm has characters that the controller refuses, so it ignores the Ingress"}), true
	}
	s.ann.forget()
	return finding{}, false
}
