package traefikingress

import (
	"cmp"
	"strings"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
)

// routerConfig is what the router.* annotations of an Ingress ask.
type routerConfig struct {
	pathMatcher              string
	entryPoints, middlewares []string
	priority                 int // 0: the length of the rule
	ruleSyntax               string
	tls                      *tlsConfig
	observability            *ir.Observability
}

// tlsConfig is what the router.tls section asks.
type tlsConfig struct {
	options, certResolver string
	domains               []ir.Domain
}

func readRouter(root *node, source release) routerConfig {
	c := routerConfig{
		pathMatcher: root.child("pathmatcher").text(),
		entryPoints: root.child("entrypoints").list(),
		middlewares: root.child("middlewares").list(),
		priority:    root.child("priority").number(),
		ruleSyntax:  root.child("rulesyntax").text(),
	}
	if c.pathMatcher == "" {
		c.pathMatcher = pathPrefix
	}
	if section := root.child("tls").section(); section != nil {
		c.tls = &tlsConfig{options: section.child("options").text(), certResolver: section.child("certresolver").text()}
		if domains := section.child("domains"); domains != nil {
			for _, entry := range domains.children {
				c.tls.domains = append(c.tls.domains, ir.Domain{Main: entry.child("main").text(), SANs: entry.child("sans").list()})
			}
		}
	}
	if section := root.child("observability").section(); section != nil {
		c.observability = &ir.Observability{
			AccessLogs: section.child("accesslogs").boolean(),
			Metrics:    section.child("metrics").boolean(),
			Tracing:    section.child("tracing").boolean(),
		}
		if !source.before(release{3, 5, 0}) {
			// The entry point's verbosity does not hold beside the section.
			c.observability.TraceVerbosity = cmp.Or(section.child("traceverbosity").text(), "minimal")
		}
	}
	return c
}

// serviceConfig is what the service.* annotations of a Service ask.
type serviceConfig struct {
	scheme, transport string
	passHostHeader    *bool
	middlewares       []string
	sticky            *ir.Sticky
	nativeLB          *bool
	nodePortLB        bool
}

func readService(root *node, source release) serviceConfig {
	c := serviceConfig{
		scheme:         root.child("serversscheme").text(),
		transport:      root.child("serverstransport").text(),
		passHostHeader: root.child("passhostheader").boolean(),
		middlewares:    root.child("middlewares").list(),
		nativeLB:       root.child("nativelb").boolean(),
		nodePortLB:     root.child("nodeportlb").truth(),
	}
	if section := root.child("sticky").section().child("cookie").section(); section != nil {
		c.sticky = &ir.Sticky{
			CookieName: section.child("name").text(),
			Secure:     section.child("secure").truth(),
			HTTPOnly:   section.child("httponly").truth(),
			SameSite:   sameSite(section.child("samesite").text(), source),
			MaxAge:     section.child("maxage").number(),
			Path:       section.child("path").text(),
			Domain:     section.child("domain").text(),
			// pkg/provider/kubernetes/ingress of Traefik 3: endpoints that are fenced.
			KeepsTerminating: source.major >= 3,
		}
	}
	return c
}

// sameSite is empty for values that have no effect: other words, and before 3.7
// the same words in capitals. What has one is written in lower case, which every
// version's schema accepts.
func sameSite(value string, source release) string {
	lower := strings.ToLower(value)
	if lower != value && source.before(v3_7) {
		return ""
	}
	switch lower {
	case "none", "lax", "strict":
		return lower
	}
	return ""
}
