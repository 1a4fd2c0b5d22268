package traefikv1

import (
	"slices"
	"strings"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
)

// Checklist is what has to be set or known once for the whole target, whatever
// the Ingresses say: differences of the static configuration that change answers.
// Its object is the installation, not an Ingress. exact tells whether a rule takes an
// exact path, see Translator.TakesExact.
func Checklist(facts Facts, exact bool) []diag.Diagnostic {
	facts = facts.withDefaults()
	installation := diag.Object{Kind: "Installation", Name: "traefik-v1"}
	say := func(code diag.Code, field, text string) diag.Diagnostic {
		return diag.New(code, installation, field, text)
	}
	list := []diag.Diagnostic{
		say(diag.WFwdHeaders, "entryPoints.*.forwardedHeaders", "Traefik 1.7 trusts X-Forwarded-* of every client by default, the target of none: set forwardedHeaders.insecure or trustedIPs"),
		say(diag.WReadTimeout, "entryPoints.*.transport.respondingTimeouts.readTimeout", "Traefik 1.7 has no read timeout by default, the target one of 60 seconds"),
		say(diag.WEmptyServices, "providers.kubernetesCRD.allowEmptyServices", "a Service without endpoints is answered 503 by Traefik 1.7 and loses its route in the target unless this is true"),
		say(diag.WPathSanitize, "entryPoints.*.http.sanitizePath", "the target cleans //, /./ and /../ out of paths before it matches them, Traefik 1.7 does not"),
		say(diag.WTLSVersion, "TLSOption", "Traefik 1.7 accepts TLS 1.0 to 1.2, the target 1.2 and later unless a TLSOption says otherwise"),
		say(diag.ISemicolon, "entryPoints.*.http.encodeQuerySemicolons", "a semicolon in a query becomes & in the target"),
		say(diag.ITrailingDot, "", "the target also serves host names with a dot at the end"),
	}
	if facts.PriorityScale > 1 {
		list = append(list, say(diag.IPrioScale, "", "converted routes have priorities of Traefik 1.7 times the scale, so routes written by hand with default priorities come after them"))
	}
	if exact && !facts.KeepTrailingSlash {
		list = append(list, say(diag.IV1StrictSlashLeak, "", "in Traefik 1.7 an exact path can redirect requests of other hosts, by chance at each start; the target does not"))
	}
	return list
}

// TakesExact tells whether a rule of what was translated takes an exact path or a
// template of one, at least in one of the orders of loading.
func (base *Translator) TakesExact() bool { return base.exact }

func (f *frontend) takesExact() bool {
	return len(f.matcher.path().exact) > 0 || slices.ContainsFunc(f.overwritten, func(part rulePart) bool {
		return strings.HasPrefix(part.rule, rulePath+":") || strings.HasPrefix(part.rule, rulePathStrip+":")
	})
}
