package traefikingress

// registry has one line for every annotation that the provider reads, sorted by
// key in lower case; N stands for an index. Sections are on for "true" and for an
// empty value, and hold what is below them.
var registry = [...]Annotation{
	{"kubernetes.io/ingress.class", kindString, onIngress, release{}, "which controller serves the Ingress"},
	{"traefik.ingress.kubernetes.io/router.entrypoints", kindList, onIngress, release{}, "entry points of the routes"},
	{"traefik.ingress.kubernetes.io/router.middlewares", kindList, onIngress, release{}, "middlewares of the routes, in order"},
	{"traefik.ingress.kubernetes.io/router.observability", kindSection, onIngress, release{3, 3, 0}, "logs, metrics and traces of the routes"},
	{"traefik.ingress.kubernetes.io/router.observability.accesslogs", kindBool, onIngress, release{3, 3, 0}, "access logs of the routes"},
	{"traefik.ingress.kubernetes.io/router.observability.metrics", kindBool, onIngress, release{3, 3, 0}, "metrics of the routes"},
	{"traefik.ingress.kubernetes.io/router.observability.traceverbosity", kindString, onIngress, release{3, 5, 0}, "detail of the traces"},
	{"traefik.ingress.kubernetes.io/router.observability.tracing", kindBool, onIngress, release{3, 3, 0}, "traces of the routes"},
	{"traefik.ingress.kubernetes.io/router.pathmatcher", kindString, onIngress, release{}, "matcher of paths without a pathType of their own"},
	{"traefik.ingress.kubernetes.io/router.priority", kindInt, onIngress, release{}, "priority of the routes"},
	{"traefik.ingress.kubernetes.io/router.rulesyntax", kindString, onIngress, release{3, 1, 3}, "version of the rule language"},
	{"traefik.ingress.kubernetes.io/router.tls", kindSection, onIngress, release{}, "the routes answer TLS"},
	{"traefik.ingress.kubernetes.io/router.tls.certresolver", kindString, onIngress, release{}, "who gets the certificate"},
	{"traefik.ingress.kubernetes.io/router.tls.domains", kindEntries, onIngress, release{}, "names of the certificate"},
	{"traefik.ingress.kubernetes.io/router.tls.domains.n.main", kindString, onIngress, release{}, "main name of the certificate"},
	{"traefik.ingress.kubernetes.io/router.tls.domains.n.sans", kindList, onIngress, release{}, "further names of the certificate"},
	{"traefik.ingress.kubernetes.io/router.tls.options", kindString, onIngress, release{}, "TLS options of the hosts"},
	{"traefik.ingress.kubernetes.io/service.middlewares", kindList, onService, release{3, 7, 0}, "middlewares in front of the Service"},
	{"traefik.ingress.kubernetes.io/service.nativelb", kindBool, onService, release{}, "requests go to the cluster address of the Service"},
	{"traefik.ingress.kubernetes.io/service.nodeportlb", kindBool, onService, release{3, 1, 0}, "requests go to the node port of the Service"},
	{"traefik.ingress.kubernetes.io/service.passhostheader", kindBool, onService, release{}, "Host header sent to the Service"},
	{"traefik.ingress.kubernetes.io/service.serversscheme", kindString, onService, release{}, "protocol spoken to the Service"},
	{"traefik.ingress.kubernetes.io/service.serverstransport", kindString, onService, release{}, "how the Service is connected to"},
	{"traefik.ingress.kubernetes.io/service.sticky", kindSection, onService, release{}, "sticky sessions"},
	{"traefik.ingress.kubernetes.io/service.sticky.cookie", kindSection, onService, release{}, "sticky sessions by cookie"},
	{"traefik.ingress.kubernetes.io/service.sticky.cookie.domain", kindString, onService, release{3, 4, 0}, "domain of the sticky cookie"},
	{"traefik.ingress.kubernetes.io/service.sticky.cookie.httponly", kindBool, onService, release{}, "HttpOnly of the sticky cookie"},
	{"traefik.ingress.kubernetes.io/service.sticky.cookie.maxage", kindInt, onService, release{3, 0, 0}, "Max-Age of the sticky cookie"},
	{"traefik.ingress.kubernetes.io/service.sticky.cookie.name", kindString, onService, release{}, "name of the sticky cookie"},
	{"traefik.ingress.kubernetes.io/service.sticky.cookie.path", kindString, onService, release{3, 3, 0}, "path of the sticky cookie"},
	{"traefik.ingress.kubernetes.io/service.sticky.cookie.samesite", kindString, onService, release{}, "SameSite of the sticky cookie"},
	{"traefik.ingress.kubernetes.io/service.sticky.cookie.secure", kindBool, onService, release{}, "Secure of the sticky cookie"},
}
