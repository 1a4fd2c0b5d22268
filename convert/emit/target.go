// Package emit turns routes of the intermediate representation into Traefik's
// CRD objects for one target. It never sees an annotation.
package emit

// Version is a major version of Traefik.
type Version int

// Target versions: 2.11 and 3.6 or later.
const (
	V2 Version = 2
	V3 Version = 3
)

// Target is the Traefik that will read the output.
type Target struct {
	Version Version
	// APIGroup is traefik.io, or traefik.containo.us for Traefik before 2.10.
	APIGroup string
	// IngressClass is written as annotation kubernetes.io/ingress.class when the
	// target's kubernetesCRD provider is configured with one; empty: not written.
	IngressClass string
}
