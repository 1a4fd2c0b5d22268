package traefikv1

import (
	"slices"

	"k8s.io/apimachinery/pkg/labels"
)

// Facts are what manifests cannot tell of a Traefik 1.7 installation: its static
// configuration, as far as it changes what an Ingress means.
type Facts struct {
	// EntryPoints are the listeners of Traefik 1.7. Empty: http and https, see DefaultFacts.
	EntryPoints []EntryPoint
	// EntryPointsKnown is true when EntryPoints were read from the installation
	// or given by its operator; false: an unknown name may exist nevertheless.
	EntryPointsKnown bool
	// DefaultEntryPoints serve every Ingress without frontend-entry-points.
	// Empty: all EntryPoints.
	DefaultEntryPoints []string
	// IngressClass is kubernetes.ingressClass; empty serves Ingresses without
	// class and those of class "traefik".
	IngressClass string
	// LabelSelector is kubernetes.labelselector, on labels of Ingresses; empty: all.
	LabelSelector string
	// Namespaces is kubernetes.namespaces; empty: all.
	Namespaces []string
	// DisablePassHostHeaders is kubernetes.disablePassHostHeaders, the default of preserve-host.
	DisablePassHostHeaders bool
	// EnablePassTLSCert is kubernetes.enablePassTLSCert, the default of pass-tls-cert.
	EnablePassTLSCert bool
	// KeepTrailingSlash is keepTrailingSlash: no redirect between /foo and /foo/.
	KeepTrailingSlash bool
	// AllowMinWeightZero is allowMinWeightZero: a weight of 0 % is really none.
	AllowMinWeightZero bool
	// Retry is the retry section; nil when there is none.
	Retry *Retry
	// CustomTemplate is true when kubernetes.filename replaces the provider's
	// template: nothing this package knows holds then.
	CustomTemplate bool
	// PriorityScale multiplies the priorities of 1.7 to make room for a fixed
	// order among equal ones; 0 means 1000.
	PriorityScale int
}

// EntryPoint is one listener.
type EntryPoint struct {
	// Name is Traefik 1.7's, Target the name of the same listener in the target.
	Name, Target string
	TLS          bool
	// Port is the port of the address, written into redirects to this entry point.
	Port int
	// RedirectTo is the entry point that the static redirect of this one leads
	// to; empty when there is none. It is a matter of the target's static
	// configuration and adds nothing to any route.
	RedirectTo string
}

// Retry is the static retry section.
type Retry struct {
	// Attempts in total; 0 means as many as the backend has servers.
	Attempts int
}

const defaultPriorityScale = 1000

// DefaultFacts are those of the usual installation: http on port 80 and https on
// port 443, called web and websecure in the target, and both serving Ingresses
// that name none. (Traefik 1.7 without any configuration has only http as
// default entry point; installations that terminate TLS list both.)
func DefaultFacts() Facts {
	return Facts{
		EntryPoints: []EntryPoint{
			{Name: "http", Target: "web", Port: 80},
			{Name: "https", Target: "websecure", TLS: true, Port: 443},
		},
		DefaultEntryPoints: []string{"http", "https"},
		PriorityScale:      defaultPriorityScale,
	}
}

// withDefaults fills what the caller left out.
func (f Facts) withDefaults() Facts {
	if len(f.EntryPoints) == 0 {
		f.EntryPoints = DefaultFacts().EntryPoints
	}
	if len(f.DefaultEntryPoints) == 0 {
		for _, ep := range f.EntryPoints {
			f.DefaultEntryPoints = append(f.DefaultEntryPoints, ep.Name)
		}
	}
	if f.PriorityScale <= 0 {
		f.PriorityScale = defaultPriorityScale
	}
	return f
}

// Validate reports a label selector that cannot be read.
func (f Facts) Validate() error {
	_, err := labels.Parse(f.LabelSelector)
	return err
}

func (f Facts) entryPoint(name string) (EntryPoint, bool) {
	i := slices.IndexFunc(f.EntryPoints, func(ep EntryPoint) bool { return ep.Name == name })
	if i < 0 {
		return EntryPoint{}, false
	}
	return f.EntryPoints[i], true
}
