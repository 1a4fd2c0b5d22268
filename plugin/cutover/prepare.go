package cutover

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover/gate"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/fleet"
)

// prepare brings the fleet into the state in which one label moves one node. It
// does only what is still missing, so it can be repeated at any time.
func (s *session) prepare(ctx context.Context, f *fleet.Fleet, to fleet.Side) error {
	if err := s.unlessBack(ctx, to, "what fetched the new proxy's image is left", s.sweep(ctx, f)); err != nil {
		return err
	}
	if err := s.unlessBack(ctx, to, "routes are not compared", s.takeBaseline(ctx, f, to)); err != nil {
		var stopped *Stopped
		if errors.As(err, &stopped) {
			return s.stop(ctx, stopped)
		}
		return err
	}
	if err := s.takeTraffic(ctx, f, to); err != nil {
		return err
	}
	if err := s.placement.hold(ctx, f); err != nil {
		return err
	}
	if err := s.seal(ctx, to); err != nil {
		return err
	}
	if s.Marker == nil {
		return nil
	}
	err := s.insist(ctx, to, func(ctx context.Context) error { return s.Marker.Install(ctx, f.New.Name.Namespace, s.id) })
	return s.unlessBack(ctx, to, "the new proxy cannot be told from others", err)
}

// insist repeats a call as persist does, on the way back for a moment only: a
// webhook of the new proxy that is broken answers with an error that may pass.
func (s *session) insist(ctx context.Context, to fleet.Side, call func(context.Context) error) error {
	if to == fleet.Old {
		const moment = 30 * time.Second
		short, done := context.WithTimeout(ctx, moment)
		defer done()
		ctx = short
	}
	return s.change(ctx, func() error { return call(ctx) })
}

// unlessBack returns an error of what helps a gate to judge. On the way back it
// is a warning: whatever is broken, the old proxy has to be in reach.
func (s *session) unlessBack(ctx context.Context, to fleet.Side, without string, err error) error {
	if err == nil || to == fleet.New || ctx.Err() != nil || superseded(err) {
		return err
	}
	s.Observer.Observe(Event{Kind: Warn, Text: without + ": " + err.Error()})
	return nil
}

func isGuarded(set *fleet.Set) bool { return set.Guard.Present && !set.Rolling() }

// patchSet patches a DaemonSet conditionally, reading it again after a conflict.
func (s *session) patchSet(ctx context.Context, set *fleet.Set, patch func(live *fleet.Set) ([]byte, error)) error {
	const attempts = 10
	var err error
	for range attempts {
		err = s.persist(ctx, func() error {
			live, err := s.Reader.ReadSet(ctx, set)
			if err != nil {
				return err
			}
			data, err := patch(live)
			if err != nil || data == nil {
				return err
			}
			if err := s.lock.Check(ctx); err != nil {
				return err
			}
			_, err = s.Client.AppsV1().DaemonSets(set.Name.Namespace).Patch(ctx, set.Name.Name, types.MergePatchType, data, metav1.PatchOptions{FieldManager: "ingress-migrate"})
			return err
		})
		if !apierrors.IsConflict(err) {
			return err
		}
	}
	return err
}

// settled waits until the controller has acted on a changed template and then
// for Settings.Settle, and returns an error when a pod that served before was
// replaced meanwhile. With strays, pods outside the guard's nodes must be gone.
func (s *session) settled(ctx context.Context, before *fleet.Fleet, side fleet.Side, strays bool) error {
	serving := map[types.UID]string{}
	for _, n := range before.Nodes {
		for _, p := range n.Pods {
			if p.Serves() {
				serving[p.UID] = p.Name + " on " + n.Name
			}
		}
	}
	limit := s.deadline(s.Settings.ReadyTimeout + s.Settings.Settle)
	var since time.Time
	for {
		limit.look()
		f, err := s.read(ctx)
		if err != nil {
			return err
		}
		limit.seen()
		if gone := missing(serving, f); len(gone) > 0 {
			return s.stop(ctx, &Stopped{
				Reason: fmt.Sprintf("pods were replaced when %s was changed (%s): somebody else works on these DaemonSets", before.Set(side).Name, list(gone)),
				Next:   statusCommand,
			})
		}
		if f.Set(side) == nil {
			return s.stop(ctx, &Stopped{Reason: fmt.Sprintf("daemonset %s was deleted meanwhile", before.Set(side).Name), Next: statusCommand})
		}
		if strays && !isGuarded(f.Set(side)) {
			return s.stop(ctx, unguardedStop(f.Set(side)))
		}
		calm := f.Set(side).Settled
		for i := range f.Nodes {
			if n := &f.Nodes[i]; strays && n.Ready && f.Set(side).Excludes(n) && len(n.Of(side)) > 0 {
				calm = false
			}
		}
		switch {
		case !calm:
			since = time.Time{}
		case since.IsZero():
			since = s.Clock.Now()
		}
		if calm && s.Clock.Now().Sub(since) >= s.Settings.Settle {
			return nil
		}
		if limit.over() {
			return s.stop(ctx, &Stopped{
				Reason: fmt.Sprintf("the guard of %s is not obeyed after %s: is kube-controller-manager running?", before.Set(side).Name, s.Settings.ReadyTimeout),
				Next:   statusCommand,
			})
		}
		if err := s.pauseFleet(ctx, f); err != nil {
			return err
		}
	}
}

// missing names the pods that served and are no longer there or are leaving, on
// nodes that are still well.
func missing(serving map[types.UID]string, f *fleet.Fleet) []string {
	left := make(map[types.UID]string, len(serving))
	for uid, name := range serving {
		left[uid] = name
	}
	for _, n := range f.Nodes {
		for _, p := range n.Pods {
			// A pod on a node that fell ill meanwhile is not the guard's doing.
			if !p.Terminating || !n.Ready {
				delete(left, p.UID)
			}
		}
	}
	var names []string
	for _, name := range left {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// takeBaseline asks a node of the old proxy what its routes answer, unless that
// is known.
func (s *session) takeBaseline(ctx context.Context, f *fleet.Fleet, to fleet.Side) error {
	if s.Requests == nil || len(s.baseline.Requests) > 0 {
		return nil
	}
	var requests []gate.Request
	err := s.insist(ctx, to, func(ctx context.Context) (err error) {
		requests, err = s.Requests(ctx, s.ports)
		return err
	})
	if err != nil {
		return fmt.Errorf("listing the routes to compare: %w", err)
	}
	requests = gate.Sample(requests, s.Settings.Sample)
	from, side := servingNode(f, fleet.Old, "")
	if from == nil {
		from, side = servingNode(f, fleet.New, "")
		s.Observer.Observe(Event{Kind: Warn, Text: "no node is served by " + f.Old.Title + ": routes are compared with what " + f.New.Title + " answers now"})
	}
	if from == nil {
		return &Stopped{Reason: "no node serves: there is nothing to compare routes with", Next: statusCommand}
	}
	s.baseline = s.Gate.Take(ctx, from.Address, requests)
	if left := len(requests) - len(s.baseline.Requests); left > 0 {
		s.Observer.Observe(Event{Kind: Warn, Text: fmt.Sprintf("%d of %d routes answer differently each time and are not compared", left, len(requests))})
	}
	if len(s.baseline.Requests) == 0 {
		s.Observer.Observe(Event{Kind: Warn, Text: "there are no routes to compare: nodes are gated on who answers alone"})
	}
	s.info("%d routes of %s answer as they should be answered (asked on %s)", len(s.baseline.Requests), f.Set(side).Title, from.Name)
	return s.change(ctx, func() error { return s.store.WriteBaseline(ctx, s.j, s.baseline) })
}

// servingNode finds a node that the side serves.
func servingNode(f *fleet.Fleet, side fleet.Side, except string) (*fleet.Node, fleet.Side) {
	for i := range f.Nodes {
		if n := &f.Nodes[i]; n.Name != except && n.Serves() == side {
			return n, side
		}
	}
	return nil, side
}
