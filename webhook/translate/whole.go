package translate

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
)

const (
	// share is the part of one core that conversions of one group may take: one in so
	// many.
	share = 20
	// manyPeers is from how many Ingresses on they share one conversion.
	manyPeers = 32
	// unused is for how long a group is kept that nobody asks for: longer than from one
	// full pass to the next.
	unused = time.Hour
)

// groups are Ingresses that are converted together: many of one host, or those without
// a host and with a wildcard, which are converted with all others. Each change of one
// can change the objects of every other, so without sharing, each change would convert
// all of them as often as there are such Ingresses.
type groups struct {
	now func() time.Time

	mu sync.Mutex
	of map[string]*group
}

// group is the last conversion of one group, of which it keeps what it says of its
// Ingresses.
type group struct {
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

// Sharing returns a Translator of stored Ingresses that converts a large group for one
// Ingress only when that one has changed, or when the group's last conversion is older
// than Pause. Whoever hears of a change of something else has to look again at such an
// Ingress after Pause.
func (t *Translator) Sharing(now func() time.Time) *Translator {
	sharing := *t
	sharing.groups = &groups{now: now, of: map[string]*group{convert.AnyHost: {}}}
	return &sharing
}

// Everything tells whether an Ingress is converted together with all others.
func (t *Translator) Everything(ingress *networkingv1.Ingress) bool {
	return t.groupOf(ingress) == convert.AnyHost
}

// groupOf names those Ingresses that are converted together with the same others.
func (t *Translator) groupOf(ingress *networkingv1.Ingress) string {
	keys := t.engine.PeerKeys(ingress)
	if slices.Contains(keys, convert.AnyHost) {
		return convert.AnyHost
	}
	return strings.Join(keys, "\n")
}

// Pause is how old the last conversion of an Ingress' group may be: the longer it
// took, the older. It is zero for those that share none.
func (t *Translator) Pause(ingress *networkingv1.Ingress) time.Duration {
	if t.groups == nil {
		return 0
	}
	g := t.groups.get(t.groupOf(ingress))
	if g == nil {
		return 0
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	return share * g.took
}

// get returns a group that shares, or nil.
func (gs *groups) get(name string) *group {
	gs.mu.Lock()
	defer gs.mu.Unlock()
	return gs.of[name]
}

// settle lets a group share when it is large, and makes room of those that nobody has
// asked for of late.
func (gs *groups) settle(name string, ingresses int) {
	gs.mu.Lock()
	defer gs.mu.Unlock()
	switch {
	case name == convert.AnyHost:
	case ingresses < manyPeers:
		delete(gs.of, name)
	case gs.of[name] == nil:
		gs.of[name] = &group{at: gs.now()}
		for other, g := range gs.of {
			if other != convert.AnyHost && g.mu.TryLock() {
				if gs.now().Sub(g.at) > unused {
					delete(gs.of, other)
				}
				g.mu.Unlock()
			}
		}
	}
}

// translateShared is Translate for an Ingress of a group that shares.
func (t *Translator) translateShared(ctx context.Context, g *group, name string, ingress *networkingv1.Ingress) (Translation, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	now := t.groups.now
	self := ir.Ref{Namespace: ingress.Namespace, Name: ingress.Name}
	if last, ok := g.of[self]; ok && last.uid == ingress.UID && last.version == ingress.ResourceVersion && now().Sub(g.at) < share*g.took {
		return last.translation, nil
	}
	// What is heard of from now on is for the next conversion.
	begin := now()
	in, err := t.input(ctx, ingress)
	if err != nil {
		return Translation{}, err
	}
	size := len(in.Ingresses)
	members := map[ir.Ref]shared{}
	for _, member := range in.Ingresses {
		if t.groupOf(member.Ingress) == name {
			members[ir.Ref{Namespace: member.Namespace, Name: member.Name}] = shared{uid: member.UID, version: member.ResourceVersion}
		}
	}
	assign(t.engine.Convert(in, t.options), members)
	g.at, g.took, g.of = begin, now().Sub(begin), members
	time.AfterFunc(share*g.took, func() { g.forget(now()) })
	t.groups.settle(name, size)
	found, ok := members[self]
	if !ok || found.translation.Verdict == "" {
		return Translation{}, fmt.Errorf("ingress %s is converted with its group and not among it, please report this", self)
	}
	return found.translation, nil
}

// forget lets go of a conversion that is too old to be an answer: those of 20,000
// Ingresses take more room than the rest of the process.
func (g *group) forget(now time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if now.Sub(g.at) >= share*g.took {
		g.of = nil
	}
}

// assign hands each member of a group what its conversion says of it.
func assign(result convert.Result, members map[ir.Ref]shared) {
	for _, report := range result.Ingresses {
		if member, ok := members[report.Ingress]; ok {
			member.translation = Translation{Verdict: report.Verdict, Why: report.Why, Diagnostics: report.Diagnostics}
			members[report.Ingress] = member
		}
	}
	for _, output := range result.Objects {
		if member, ok := members[output.Owner]; ok {
			member.translation.Objects = append(member.translation.Objects, output.Object)
			members[output.Owner] = member
		}
	}
}
