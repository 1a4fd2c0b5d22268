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

// API groups of Traefik's CRDs.
const (
	// Group is read by Traefik 2.10 and later.
	Group = "traefik.io"
	// LegacyGroup is read by every Traefik 2, and by no Traefik 3.
	LegacyGroup = "traefik.containo.us"
)

// Target is the Traefik that will read the output.
type Target struct {
	// Version is V2 when zero.
	Version Version
	// APIGroup is traefik.io, or traefik.containo.us for Traefik before 2.10;
	// empty: traefik.io.
	APIGroup string
	// IngressClass is written as annotation kubernetes.io/ingress.class when the
	// target's kubernetesCRD provider is configured with one; empty: not written.
	IngressClass string
}

// withDefaults fills what the caller left out. Traefik 3 does not read the
// legacy group at all, so there is only one group for it.
func (t Target) withDefaults() Target {
	if t.Version != V3 {
		t.Version = V2
	}
	if t.APIGroup == "" || t.Version == V3 {
		t.APIGroup = Group
	}
	return t
}

// APIVersion is the apiVersion of emitted objects.
func (t Target) APIVersion() string { return t.withDefaults().APIGroup + "/v1alpha1" }
