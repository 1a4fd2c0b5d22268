// Package translate converts one Ingress of a live cluster as the command line
// converts a whole cluster: together with every Ingress that may share a route
// or a certificate with it. Admission and the reconciler both stand on it, so that what is said
// at apply and what is written afterwards are one answer.
package translate

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
)

// Store is what a Translator reads, normally a cache of the cluster. What it
// returns is never modified.
type Store interface {
	// Peers returns the Ingresses of all namespaces that have to be converted
	// together with one that has the given keys (see convert.PeerKeys).
	Peers(ctx context.Context, peerKeys []string) ([]*networkingv1.Ingress, error)
	// IngressClasses returns all IngressClasses.
	IngressClasses(ctx context.Context) ([]*networkingv1.IngressClass, error)
	// Service returns one Service, nil when there is none.
	Service(context.Context, types.NamespacedName) (*corev1.Service, error)
}

// Engine is the conversion library.
type Engine struct {
	Convert func(convert.Input, convert.Options) convert.Result
	// HostKeys are for the Store's index, PeerKeys are what is looked up there.
	HostKeys, PeerKeys func(*networkingv1.Ingress) []string
}

// Translator converts single Ingresses of a cluster.
type Translator struct {
	engine  Engine
	options convert.Options
	store   Store
	confirm ReadService // nil: the Store knows
	groups  *groups     // nil: each conversion is for itself
	limit   int         // of Ingresses in one conversion; 0: none
}

// ErrTooMany is the outcome of a Translator that is Limited.
var ErrTooMany = errors.New("it shares requests with more Ingresses than are looked at here")

// Limited returns a Translator that does not convert an Ingress that has more peers.
func (t *Translator) Limited(peers int) *Translator {
	limited := *t
	limited.limit = peers
	return &limited
}

// New returns a Translator.
func New(engine Engine, options convert.Options, store Store) *Translator {
	return &Translator{engine: engine, options: options, store: store}
}

// Translation is what the conversion says of one Ingress.
type Translation struct {
	Verdict     convert.Verdict
	Why         string
	Objects     []convert.Object
	Diagnostics []diag.Diagnostic
}

// newest is later than every creation timestamp of a stored object. An Ingress
// that is being created has none yet, and where the conversion asks who was
// first, the newcomer is last.
func newest() metav1.Time { return metav1.Date(9999, time.January, 1, 0, 0, 0, 0, time.UTC) }

// Alone converts ingress as if there were no other one, and as if every Service that
// it leads to were there: the answer changes with the Ingress, the classes and the
// options only, and not with what is applied beside it.
func (t *Translator) Alone(ctx context.Context, ingress *networkingv1.Ingress) (Translation, error) {
	classes, err := t.store.IngressClasses(ctx)
	if err != nil {
		return Translation{}, fmt.Errorf("list IngressClasses: %w", err)
	}
	in := convert.Input{Ingresses: []ir.Ingress{{Ingress: ingress}}, IngressClasses: classes}
	return pick(t.engine.Convert(in, t.options), ir.Ref{Namespace: ingress.Namespace, Name: ingress.Name})
}

// Translate converts ingress, which may be newer than the Store's copy of it or
// unknown to the Store.
func (t *Translator) Translate(ctx context.Context, ingress *networkingv1.Ingress) (Translation, error) {
	if ingress.CreationTimestamp.IsZero() {
		ingress = ingress.DeepCopy()
		ingress.CreationTimestamp = newest()
	}
	if t.groups != nil {
		name := t.groupOf(ingress)
		if g := t.groups.get(name); g != nil {
			return t.translateShared(ctx, g, name, ingress)
		}
	}
	input, err := t.input(ctx, ingress)
	if err != nil {
		return Translation{}, err
	}
	if t.groups != nil && len(input.Ingresses) >= manyPeers {
		t.groups.settle(t.groupOf(ingress), len(input.Ingresses)) // the next one shares
	}
	return pick(t.engine.Convert(input, t.options), ir.Ref{Namespace: ingress.Namespace, Name: ingress.Name})
}

// input gathers ingress, its peers and what their conversion may look at. What
// it does not read (Secrets, Endpoints) is unknown to the conversion, not missing.
func (t *Translator) input(ctx context.Context, ingress *networkingv1.Ingress) (convert.Input, error) {
	in := convert.Input{ServicesKnown: true}
	group := map[ir.Ref]*networkingv1.Ingress{}
	self := ir.Ref{Namespace: ingress.Namespace, Name: ingress.Name}
	peers, err := t.store.Peers(ctx, t.engine.PeerKeys(ingress))
	if err != nil {
		return in, fmt.Errorf("list the peers of an Ingress: %w", err)
	}
	if t.limit > 0 && len(peers) > t.limit {
		return in, fmt.Errorf("convert Ingress %s with %d others: %w", self, len(peers), ErrTooMany)
	}
	for _, peer := range peers {
		group[ir.Ref{Namespace: peer.Namespace, Name: peer.Name}] = peer
	}
	group[self] = ingress

	for _, member := range group {
		in.Ingresses = append(in.Ingresses, ir.Ingress{Ingress: member})
	}
	slices.SortFunc(in.Ingresses, byName)
	if in.Services, err = t.services(ctx, in.Ingresses, t.Everything(ingress)); err != nil {
		return in, err
	}
	classes, err := t.store.IngressClasses(ctx)
	if err != nil {
		return in, fmt.Errorf("list IngressClasses: %w", err)
	}
	in.IngressClasses = classes
	return in, nil
}

func byName(a, b ir.Ingress) int {
	return cmp.Or(cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name))
}

// pick takes what belongs to one Ingress out of a group's conversion.
func pick(result convert.Result, ref ir.Ref) (Translation, error) {
	for _, report := range result.Ingresses {
		if report.Ingress != ref {
			continue
		}
		t := Translation{Verdict: report.Verdict, Why: report.Why, Diagnostics: report.Diagnostics}
		for _, output := range result.Objects {
			if output.Owner == ref {
				t.Objects = append(t.Objects, output.Object)
			}
		}
		return t, nil
	}
	return Translation{}, fmt.Errorf("the conversion does not speak of Ingress %s, please report this", ref)
}
