package nginx

import (
	"regexp"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
)

// ruleEngineOn makes ModSecurity refuse requests; the controller's own
// configuration only detects.
var ruleEngineOn = regexp.MustCompile(`(?im)^\s*SecRuleEngine\s+On\b`)

// wafDetails are read only with ModSecurity on.
var wafDetails = [...]string{"enable-owasp-core-rules", "modsecurity-snippet", "modsecurity-transaction-id"}

func (t *translator) readWAF(s *source, x *settings) {
	own, present := s.ann.find("enable-modsecurity")
	on := t.config.boolean("enable-modsecurity", false)
	if present {
		on = s.ann.boolean("enable-modsecurity", on)
	}
	snippet := s.ann.str("modsecurity-snippet", t.config.text("modsecurity-snippet", ""))
	if !on {
		for _, name := range wafDetails {
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
	for _, name := range wafDetails {
		if s.ann.has(name) {
			s.sayOf(diag.EAnnUnconverted, name, "there is no ModSecurity that it could tell anything")
		}
	}
}
