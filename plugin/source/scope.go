package source

import (
	"slices"

	networkingv1 "k8s.io/api/networking/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert"
)

// Scope says which Ingresses a command is about.
type Scope struct {
	// Namespace limits to one namespace; empty: all.
	Namespace string
	// Selector limits by labels of the Ingress; nil: no limit.
	Selector labels.Selector
	// Names limits to these names; empty: no limit.
	Names []string
}

// Includes tells whether the command is about an Ingress.
func (s Scope) Includes(ingress *networkingv1.Ingress) bool {
	if s.Namespace != "" && ingress.Namespace != s.Namespace {
		return false
	}
	if s.Selector != nil && !s.Selector.Matches(labels.Set(ingress.Labels)) {
		return false
	}
	return len(s.Names) == 0 || slices.Contains(s.Names, ingress.Name)
}

// Whole tells whether every Ingress of the namespace (or cluster) is included,
// so that what has no Ingress here has none at all.
func (s Scope) Whole() bool {
	return len(s.Names) == 0 && (s.Selector == nil || s.Selector.Empty())
}

// everyName reports a name that no Ingress has, as the API server would.
func (s Scope) everyName(all []*networkingv1.Ingress) error {
	for _, name := range s.Names {
		if !slices.ContainsFunc(all, func(i *networkingv1.Ingress) bool { return i.Name == name && i.Namespace == s.Namespace }) {
			return apierrors.NewNotFound(networkingv1.Resource("ingresses"), name)
		}
	}
	return nil
}

// withPeers returns the Ingresses in scope and their peers, most of them those
// that can meet the same request: the source controller merges and ranks their
// routes together, so what becomes of one depends on the others.
func (s Scope) withPeers(all []*networkingv1.Ingress) []*networkingv1.Ingress {
	keys := map[string]bool{}
	for _, ingress := range all {
		if s.Includes(ingress) {
			for _, key := range convert.PeerKeys(ingress) {
				keys[key] = true
			}
		}
	}
	if keys[convert.AnyHost] {
		return all
	}
	return slices.DeleteFunc(slices.Clone(all), func(ingress *networkingv1.Ingress) bool {
		return !s.Includes(ingress) && !slices.ContainsFunc(convert.HostKeys(ingress), func(key string) bool {
			return key == convert.AnyHost || keys[key]
		})
	})
}
