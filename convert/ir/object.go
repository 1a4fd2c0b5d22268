package ir

// TraefikObject names a Middleware, TLSOption or ServersTransport that exists
// beside the Ingresses, so that references to it can be checked.
type TraefikObject struct {
	Kind, Namespace, Name string
	// Spec is the JSON of a Middleware's spec; empty: it was not read.
	Spec string
}
