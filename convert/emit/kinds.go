package emit

import "slices"

// RouteKind is the kind of the objects that HTTP traffic flows by.
const RouteKind = "IngressRoute"

// routeTCPKind is the kind of those that pass TLS through.
const routeTCPKind = "IngressRouteTCP"

// kinds are those of Traefik's that objects of the output have, in the order in which
// they must be written: what routes refer to first, routes last, so that Traefik never
// sees a route whose middleware (it may be its authentication) does not exist yet.
var kinds = [...]string{"ServersTransport", "TLSOption", "TraefikService", "Middleware", routeTCPKind, RouteKind}

// Kinds returns the kinds of Traefik's objects that the output can have, in the order in
// which they must be written; RouteKind is the last one.
func Kinds() []string { return slices.Clone(kinds[:]) }

// IsRouteKind tells whether objects of a kind make traffic flow.
func IsRouteKind(kind string) bool { return kind == RouteKind || kind == routeTCPKind }

// CompareKinds orders kinds as objects must be written.
func CompareKinds(a, b string) int {
	return slices.Index(kinds[:], a) - slices.Index(kinds[:], b)
}
