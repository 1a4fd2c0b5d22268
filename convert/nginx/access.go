package nginx

import (
	"net/netip"
	"strings"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
)

// access says which addresses are admitted.
type access struct {
	allow, deny []string
	// excluded are the proxies to skip in X-Forwarded-For.
	excluded []string
	// satisfyAny: an admitted address needs no credentials.
	satisfyAny bool
}

func (t *translator) readAccess(s *source, x *settings) {
	allowName := "whitelist-source-range"
	if s.ann.has("allowlist-source-range") {
		if s.ann.has(allowName) {
			s.ann.ignore(allowName, "allowlist-source-range wins")
		}
		allowName = "allowlist-source-range"
	}
	x.access.allow = t.sourceRange(s, x, allowName, "whitelist-source-range")
	x.access.deny = t.sourceRange(s, x, "denylist-source-range", "denylist-source-range")
	x.access.satisfyAny = strings.EqualFold(s.ann.str("satisfy", "all"), "any")
	if value := s.ann.str("satisfy", "all"); value != "any" && value != "all" {
		s.ann.ignore("satisfy", "neither any nor all, so all holds")
		x.access.satisfyAny = false
	}
	if len(x.access.allow) == 0 && len(x.access.deny) == 0 {
		return
	}
	t.checkAddresses(s, x, allowName)
}

// sourceRange is the list of an annotation, or else of the ConfigMap.
func (t *translator) sourceRange(s *source, x *settings, annotation, key string) []string {
	value, own := s.ann.find(annotation)
	if !own {
		value = t.config.text(key, "")
	}
	var list []string
	for _, entry := range splitList(value) {
		address, ok := canonicalRange(entry)
		if !ok {
			f := finding{code: diag.ENginxNotServed, text: "not an address or CIDR range, so nginx answers 503", field: "ConfigMap " + key, value: entry}
			if own {
				f = s.of(annotation, f)
			}
			x.deny(f)
			return nil
		}
		list = append(list, address)
	}
	return list
}

// canonicalRange returns an address or CIDR range as Traefik reads it.
func canonicalRange(entry string) (string, bool) {
	if prefix, err := netip.ParsePrefix(entry); err == nil {
		return prefix.Masked().String(), true
	}
	if address, err := netip.ParseAddr(entry); err == nil && address.Zone() == "" {
		return address.String(), true
	}
	return "", false
}

// checkAddresses says what the lists are compared with. With
// use-forwarded-headers nginx takes the last address of X-Forwarded-For that is
// not in proxy-real-ip-cidr, which is what excludedIPs means in Traefik; a rule
// (ClientIP) only ever sees the peer.
func (t *translator) checkAddresses(s *source, x *settings, allowName string) {
	field := finding{code: diag.WNginxClientIP, field: "ConfigMap whitelist-source-range"}
	switch {
	case s.ann.has(allowName):
		field = s.of(allowName, field)
	case s.ann.has("denylist-source-range"):
		field = s.of("denylist-source-range", field)
	case len(x.access.allow) == 0:
		field.field = "ConfigMap denylist-source-range"
	}
	if !t.config.boolean("use-forwarded-headers", false) && !t.config.boolean("enable-real-ip", false) {
		s.add(field.diagnostic(s))
		return
	}
	proxies := t.config.list("proxy-real-ip-cidr", "0.0.0.0/0")
	trustAll := false
	for _, proxy := range proxies {
		trustAll = trustAll || strings.HasSuffix(proxy, "/0")
	}
	field.code = diag.ENginxClientIP
	switch {
	case trustAll:
		field.text = "nginx takes the address from X-Forwarded-For of anybody (proxy-real-ip-cidr), which any client can forge"
		x.withhold(field)
	case len(x.access.deny) > 0 || x.access.satisfyAny:
		field.text = "addresses of X-Forwarded-For can be admitted, but not refused or combined with credentials"
		x.withhold(field)
	default:
		x.access.excluded = proxies
		field.code = diag.WNginxClientIP
		field.text = "addresses are taken from X-Forwarded-For as in nginx; the target's entry point must trust the same proxies (forwardedHeaders.trustedIPs)"
		s.add(field.diagnostic(s))
	}
}

func (a access) filter() ir.IPAllowList {
	return ir.IPAllowList{SourceRange: a.allow, ExcludedIPs: a.excluded}
}
