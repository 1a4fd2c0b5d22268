// Package nginx says what the community controller ingress-nginx does with
// Ingresses, in the words of package ir.
//
// The controller turns Ingresses into servers (one per host) with locations (one
// per path), and much of what one Ingress asks for changes what others of the
// host mean. The package therefore builds those servers first and writes routes
// afterwards:
//
//	select.go, vanish.go      which Ingresses are served at all
//	order.go, server.go       servers and locations: the oldest Ingress wins
//	certificate.go, canary.go what else is decided per host
//	settings.go and family    what the annotations of one Ingress ask for
//	path.go, pcre.go, rank.go how a location is matched, and in which order
//	chain.go, routes.go       routes with their filters
//	loss.go, outcome.go       what became of everything
//
// Sources of facts: the controller's code of v1.15, nginx's documentation, and
// nginx itself with configuration in the controller's shape.
package nginx
