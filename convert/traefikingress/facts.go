package traefikingress

import (
	"errors"
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/labels"
)

// Facts are what manifests cannot tell of an installation of Traefik 2 or 3: its
// version and static configuration, as far as it changes what an Ingress means.
// The zero value is Traefik 2.11 with the defaults of its providers.
type Facts struct {
	// Version is that of the source: 2.11, 3.6, 3.7.13; empty: 2.11. Without a
	// patch release the newest one is meant.
	Version string
	// EntryPoints are the listeners of the source; empty: not known. Then routes
	// without router.entrypoints name none and are served on the default ones of
	// the target.
	EntryPoints []EntryPoint
	// IngressClass is kubernetesIngress.ingressClass.
	IngressClass string
	// LabelSelector is kubernetesIngress.labelSelector, on labels of Ingresses; empty: all.
	LabelSelector string
	// Namespaces is kubernetesIngress.namespaces; empty: all.
	Namespaces []string
	// StrictPrefixMatching is kubernetesIngress.strictPrefixMatching, since 3.5.
	StrictPrefixMatching bool
	// DefaultRuleSyntax is core.defaultRuleSyntax of Traefik 3: v2, v3 or empty.
	DefaultRuleSyntax string
	// AllowEmptyServices is kubernetesIngress.allowEmptyServices.
	AllowEmptyServices bool
	// AllowExternalNameServices is kubernetesIngress.allowExternalNameServices.
	AllowExternalNameServices bool
	// CrossProviderNamespaces is kubernetesIngress.crossProviderNamespaces: nil
	// lets every namespace refer to other providers, an empty list none.
	CrossProviderNamespaces []string
	// NativeLBByDefault is kubernetesIngress.nativeLBByDefault, since 3.1.
	NativeLBByDefault bool
	// DisableIngressClassLookup and DisableClusterScopeResources make Traefik 3
	// serve no Ingress that has an ingressClassName.
	DisableIngressClassLookup    bool
	DisableClusterScopeResources bool
	// PublishesStatus is true when kubernetesIngress.ingressEndpoint is set.
	PublishesStatus bool
	// AllowCrossNamespace is kubernetesCRD.allowCrossNamespace of the target.
	AllowCrossNamespace bool
}

// EntryPoint is one listener.
type EntryPoint struct {
	// Name is the source's, Target that of the same listener in the target;
	// empty: the same name.
	Name, Target string
	// AsDefault is entryPoints.NAME.asDefault.
	AsDefault bool
}

// Validate reports a version, rule syntax or label selector that cannot be read.
func (f Facts) Validate() error {
	var problems []error
	if _, err := parseRelease(f.Version); err != nil {
		problems = append(problems, err)
	}
	if !slices.Contains([]string{"", "v2", "v3"}, f.DefaultRuleSyntax) {
		problems = append(problems, fmt.Errorf("rule syntax %q is neither v2 nor v3", f.DefaultRuleSyntax))
	}
	if _, err := labels.Parse(f.LabelSelector); err != nil {
		problems = append(problems, fmt.Errorf("label selector: %w", err))
	}
	return errors.Join(problems...)
}

// release is the version of the source; 2.11 when it cannot be read.
func (f Facts) release() release {
	r, err := parseRelease(f.Version)
	if err != nil {
		return newest2
	}
	return r
}

// IsV3 tells whether the source is Traefik 3.
func (f Facts) IsV3() bool { return f.release().major >= 3 }

func (e EntryPoint) target() string {
	if e.Target == "" {
		return e.Name
	}
	return e.Target
}

// defaultEntryPoints are the target's names of the entry points that serve
// routers without any: those with asDefault, else all but Traefik's own.
func (f Facts) defaultEntryPoints() []string {
	var marked, all []string
	for _, e := range f.EntryPoints {
		if e.AsDefault {
			marked = append(marked, e.target())
		}
		// Two names may stand for one listener of the target.
		if e.Name != "traefik" && !slices.Contains(all, e.target()) {
			all = append(all, e.target())
		}
	}
	if len(marked) > 0 {
		return marked
	}
	return all
}

func (f Facts) entryPoint(name string) (EntryPoint, bool) {
	i := slices.IndexFunc(f.EntryPoints, func(e EntryPoint) bool { return e.Name == name })
	if i < 0 {
		return EntryPoint{}, false
	}
	return f.EntryPoints[i], true
}

// mayCrossProviders tells whether Ingresses and Services of a namespace may
// refer to objects of other providers.
func (f Facts) mayCrossProviders(namespace string) bool {
	return f.CrossProviderNamespaces == nil || slices.Contains(f.CrossProviderNamespaces, namespace)
}
