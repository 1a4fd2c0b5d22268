package nginx

import (
	"regexp"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
)

// ruleEngineOn makes ModSecurity refuse requests; the controller's own
// configuration only detects.
var ruleEngineOn = regexp.MustCompile(`(?im)^\s*SecRuleEngine\s+On\b`)

func (t *translator) readWAF(s *source, x *settings) {
	own, present := s.ann.find("enable-modsecurity")
	on := t.config.boolean("enable-modsecurity", false)
	if present {
		on = s.ann.boolean("enable-modsecurity", on)
	}
	s.ann.find("enable-owasp-core-rules")
	s.ann.find("modsecurity-transaction-id")
	snippet := s.ann.str("modsecurity-snippet", t.config.text("modsecurity-snippet", ""))
	if !on {
		for _, name := range []string{"enable-owasp-core-rules", "modsecurity-snippet", "modsecurity-transaction-id"} {
			s.ann.ignoreIfPresent(name, "read only with ModSecurity on")
		}
		return
	}
	at := finding{code: diag.EAnnUnconverted, field: "ConfigMap enable-modsecurity", value: own, text: "Traefik has no ModSecurity without a plugin"}
	if present {
		at = s.of("enable-modsecurity", at)
	}
	if ruleEngineOn.MatchString(snippet) {
		at.text = "ModSecurity refuses requests (SecRuleEngine On), which Traefik cannot do without a plugin"
		x.withhold(at)
		return
	}
	at.text += "; it only logged here (SecRuleEngine is not On)"
	s.add(at.diagnostic(s))
}
