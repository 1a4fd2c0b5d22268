package nginx

import (
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
)

// criticalNames are the annotations of risk Critical: with the default
// annotations-risk-level (High) an Ingress that has one is not synchronised.
var criticalNames = [...]string{"auth-snippet", "configuration-snippet", "modsecurity-snippet", "server-snippet", "stream-snippet"}

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
	if name, why := s.ann.invalid(t.hasUsers(s)); name != "" {
		return s.of(name, finding{code: diag.ENginxNotServed, text: why + ", so it ignores the Ingress"}), true
	}
	s.ann.forget()
	return finding{}, false
}

// hasUsers tells whether the controller finds the Secret of users of an Ingress.
func (t *translator) hasUsers(s *source) bool {
	value, ok := s.ann.find("auth-secret")
	namespace, secretName := s.objectName(value)
	if !ok || namespace != s.Namespace && !t.config.boolean("allow-cross-namespace-resources", false) {
		return false
	}
	_, found := t.secrets[name{namespace, secretName}]
	return found || !t.in.SecretsKnown
}
