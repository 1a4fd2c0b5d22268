package translate

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
)

// share is the part of one core that conversions of the whole cluster may take: one
// in so many.
const share = 20

// whole is the last conversion of the whole cluster, of which it keeps what it says
// of the Ingresses that are converted together with all others: those without a
// host and with a wildcard. Each change of any Ingress can change theirs, so
// without sharing, each change would convert everything as often as there are such
// Ingresses.
type whole struct {
	now func() time.Time

	mu   sync.Mutex
	at   time.Time
	took time.Duration
	of   map[ir.Ref]shared
}

// shared is the Translation of one state of an Ingress.
type shared struct {
	uid         types.UID
	version     string
	translation Translation
}

// Sharing returns a Translator of stored Ingresses that converts the whole cluster
// for an Ingress only when that one has changed, or when the last conversion of the
// whole cluster is older than Pause. Whoever hears of a change of something else has
// to look again at such an Ingress after Pause.
func (t *Translator) Sharing(now func() time.Time) *Translator {
	sharing := *t
	sharing.whole = &whole{now: now}
	return &sharing
}

// Everything tells whether an Ingress is converted together with all others.
func (t *Translator) Everything(ingress *networkingv1.Ingress) bool {
	return slices.Contains(t.engine.PeerKeys(ingress), convert.AnyHost)
}

// Pause is how old the last conversion of the whole cluster may be: the longer it
// took, the older. Without Sharing it is zero.
func (t *Translator) Pause() time.Duration {
	if t.whole == nil {
		return 0
	}
	t.whole.mu.Lock()
	defer t.whole.mu.Unlock()
	return share * t.whole.took
}

// translateWhole is Translate for an Ingress that is converted together with all others.
func (t *Translator) translateWhole(ctx context.Context, ingress *networkingv1.Ingress) (Translation, error) {
	w := t.whole
	w.mu.Lock()
	defer w.mu.Unlock()
	self := ir.Ref{Namespace: ingress.Namespace, Name: ingress.Name}
	if last, ok := w.of[self]; ok && last.uid == ingress.UID && last.version == ingress.ResourceVersion && w.now().Sub(w.at) < share*w.took {
		return last.translation, nil
	}
	// What is heard of from now on is for the next conversion.
	begin := w.now()
	in, err := t.input(ctx, ingress)
	if err != nil {
		return Translation{}, err
	}
	result := t.engine.Convert(in, t.options)
	of := map[ir.Ref]shared{}
	for _, member := range in.Ingresses {
		if !t.Everything(member.Ingress) {
			continue
		}
		ref := ir.Ref{Namespace: member.Namespace, Name: member.Name}
		translation, err := pick(result, ref)
		if err != nil {
			return Translation{}, err
		}
		of[ref] = shared{member.UID, member.ResourceVersion, translation}
	}
	w.at, w.took, w.of = begin, w.now().Sub(begin), of
	found, ok := of[self]
	if !ok {
		return Translation{}, fmt.Errorf("ingress %s is converted with all others and not among them, please report this", self)
	}
	return found.translation, nil
}
