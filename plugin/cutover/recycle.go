package cutover

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover/journal"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover/lock"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/fleet"
)

// Recycle does what PlanRecycle plans, one action at a time, until nothing is
// left to do. It keeps no journal: every action follows from what the cluster
// shows, so that it can be stopped and started at will.
func (e *Engine) Recycle(ctx context.Context) error {
	f, err := e.Reader.Read(ctx)
	if err != nil {
		return err
	}
	if f.Old == nil && f.New == nil {
		return f.Need(fleet.New)
	}
	l, err := e.acquire(ctx, f, lock.Recycle)
	if err != nil {
		return err
	}
	s := e.newSession(l, f)
	s.id = NewID()
	defer s.close(ctx)
	for _, side := range []fleet.Side{fleet.Old, fleet.New} {
		if f.Set(side) != nil {
			s.sides = append(s.sides, side)
		}
	}
	s.ports = PortsToAsk(f, s.Settings)
	if f.Journal != nil && f.Journal.Phase != journal.RolledBack {
		s.id = f.Journal.ID
	}
	return s.recycle(ctx)
}

func (s *session) recycle(ctx context.Context) error {
	const attempts = 3
	var last Action
	for done, repeated := 0, 0; ; done++ {
		f, err := s.read(ctx)
		if err != nil {
			return err
		}
		// The plan is made anew after every step: the world may have moved.
		actions := PlanRecycle(f)
		if len(actions) == 0 {
			if f, err = s.startedAnew(ctx, f); err != nil {
				return err
			}
			actions = PlanRecycle(f)
		}
		if len(actions) == 0 {
			if left := s.Look(ctx, f); len(left) > 0 {
				return human(left)
			}
			steps := "1 step"
			if done != 1 {
				steps = fmt.Sprintf("%d steps", done)
			}
			s.info("%s done; no pod waits for another's ports, and all are of the current template", steps)
			return nil
		}
		if s.asked() {
			return &Stopped{Reason: fmt.Sprintf("interrupted; %d steps are left", len(actions)), Next: recycleCommand, Interrupted: true}
		}
		start := s.Clock.Now()
		a := actions[0]
		if repeated++; a != last {
			last, repeated = a, 0
		}
		if repeated == attempts {
			return &Stopped{Reason: fmt.Sprintf("%s %s has no effect", a.Kind, a.Target), Next: statusCommand}
		}
		s.Observer.Observe(Event{Kind: Step, Node: a.Node, To: a.Side, Text: fmt.Sprintf("%s %s: %s", a.Kind, a.Target, a.Why)})
		if err := s.act(ctx, f, a); err != nil {
			return err
		}
		s.Observer.Observe(Event{Kind: Passed, Node: a.Node, To: a.Side, Text: string(a.Kind) + " " + a.Target, Took: s.Clock.Now().Sub(start)})
	}
}

func (s *session) act(ctx context.Context, f *fleet.Fleet, a Action) error {
	set := f.Set(a.Side)
	switch a.Kind {
	case AdoptNode:
		return s.placement.give(ctx, f, a.Node, fleet.New, false)
	case DisownNode:
		return s.placement.give(ctx, f, a.Node, fleet.Old, false)
	case GuardSet:
		return s.placement.guard(ctx, f, set)
	case FreezeSet:
		return s.strategy(ctx, f, set, appsv1.DaemonSetUpdateStrategy{Type: appsv1.OnDeleteDaemonSetStrategyType}, "true")
	case RollSet:
		// maxUnavailable defaults to 1 and maxSurge to 0.
		return s.strategy(ctx, f, set, appsv1.DaemonSetUpdateStrategy{Type: appsv1.RollingUpdateDaemonSetStrategyType}, nil)
	case DropPod:
		return s.drop(ctx, f, a.Node)
	case DeletePod:
		return s.renew(ctx, a)
	}
	return fmt.Errorf("unknown action %q", a.Kind)
}

// strategy changes how a set is updated and waits until its controller has seen
// that. Pods that serve stay.
func (s *session) strategy(ctx context.Context, f *fleet.Fleet, set *fleet.Set, strategy appsv1.DaemonSetUpdateStrategy, frozen any) error {
	err := s.patchSet(ctx, set, func(live *fleet.Set) ([]byte, error) {
		return json.Marshal(map[string]any{
			"metadata": map[string]any{"resourceVersion": live.Object.ResourceVersion, "annotations": map[string]any{frozenAnnotation: frozen}},
			"spec":     map[string]any{"updateStrategy": map[string]any{"type": strategy.Type, "rollingUpdate": nil}},
		})
	})
	if err != nil {
		return fmt.Errorf("changing the update strategy of daemonset %s: %w", set.Name, err)
	}
	return s.settled(ctx, f, set.Side, false)
}

// renew deletes one pod when the floor allows and waits until its successor
// serves and the balancer has had time to see that.
func (s *session) renew(ctx context.Context, a Action) error {
	if err := s.awaitFloor(ctx, a); err != nil {
		return err
	}
	arrived, err := s.replace(ctx, a)
	var failed *failedError
	var lost *lostError
	switch {
	case errors.As(err, &lost):
		s.Observer.Observe(Event{Kind: NodeLost, Node: a.Node, To: a.Side, Text: err.Error() + "; going on without it"})
		return nil
	case errors.As(err, &failed):
		return &Stopped{Reason: a.Node + ": " + failed.why, Next: statusCommand}
	case err != nil || arrived == nil:
		return err
	}
	f, err := s.read(ctx)
	if err != nil {
		return err
	}
	return s.linger(ctx, f, a, *arrived)
}

// drop deletes the strays of a node; they have no process.
func (s *session) drop(ctx context.Context, f *fleet.Fleet, name string) error {
	n, err := s.readNode(ctx, f, name)
	if err != nil {
		return err
	}
	for _, p := range strays(f, n) {
		if err := s.deletePod(ctx, p); err != nil {
			return err
		}
	}
	return nil
}

// deletePod deletes exactly this pod.
func (s *session) deletePod(ctx context.Context, p fleet.Pod) error {
	err := s.change(ctx, func() error {
		return s.Client.CoreV1().Pods(p.Namespace).Delete(ctx, p.Name, metav1.DeleteOptions{Preconditions: &metav1.Preconditions{UID: &p.UID}})
	})
	if err != nil && !apierrors.IsNotFound(err) && !apierrors.IsConflict(err) {
		return fmt.Errorf("deleting pod %s/%s, which waits for ports: %w", p.Namespace, p.Name, err)
	}
	return nil
}

// replace deletes one pod and waits until its successor serves; nil when there was nothing
// to delete.
func (s *session) replace(ctx context.Context, a Action) (*arrival, error) {
	namespace, name, _ := strings.Cut(a.Target, "/")
	f, err := s.read(ctx)
	if err != nil {
		return nil, err
	}
	n := f.Node(a.Node)
	if n == nil {
		return nil, nil
	}
	var old *fleet.Pod
	for i, p := range n.Pods {
		if p.Name == name && p.Namespace == namespace {
			old = &n.Pods[i]
		}
	}
	if old == nil || old.UpToDate || old.Terminating {
		return nil, nil // somebody else was quicker
	}
	err = s.change(ctx, func() error {
		err := s.Client.CoreV1().Pods(namespace).Delete(ctx, name, metav1.DeleteOptions{Preconditions: &metav1.Preconditions{UID: &old.UID}})
		if apierrors.IsNotFound(err) || apierrors.IsConflict(err) {
			return nil
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("deleting pod %s: %w", a.Target, err)
	}
	return s.awaitSuccessor(ctx, f, a, old)
}

func (s *session) awaitSuccessor(ctx context.Context, f *fleet.Fleet, a Action, old *fleet.Pod) (*arrival, error) {
	limit := s.deadline(s.Settings.ReadyTimeout)
	ending := s.deadline(time.Duration(f.Set(a.Side).Grace())*time.Second + 30*time.Second)
	for {
		limit.look()
		ending.look()
		n, err := s.readNode(ctx, f, a.Node)
		if err != nil {
			return nil, err
		}
		limit.seen()
		ending.seen()
		if err := gone(n); err != nil {
			return nil, err
		}
		own := n.Of(a.Side)
		for _, p := range own {
			if p.UID == old.UID && ending.over() {
				return nil, &Stopped{Reason: fmt.Sprintf("pod %s does not end; nothing is forced, look at node %s", a.Target, a.Node), Next: statusCommand}
			}
			if p.UID == old.UID {
				limit = s.deadline(s.Settings.ReadyTimeout)
				continue
			}
			if p.Serves() {
				arrived := arrivalOf(n, p)
				return &arrived, nil
			}
			if why := hopeless(p); why != "" {
				return nil, &failedError{node: a.Node, why: why}
			}
		}
		if limit.over() {
			return nil, &failedError{node: a.Node, why: notReady(f.Set(a.Side), own, s.Settings.ReadyTimeout)}
		}
		if err := s.pause(ctx, s.Settings.Poll); err != nil {
			return nil, err
		}
	}
}

// linger waits until the balancer uses the node again.
func (s *session) linger(ctx context.Context, f *fleet.Fleet, a Action, arrived arrival) error {
	until := s.Clock.Now().Add(s.Settings.Balancer.Recovery())
	for s.Clock.Now().Before(until) {
		n, err := s.readNode(ctx, f, a.Node)
		if err != nil {
			return err
		}
		if err := arrived.stillServes(n, a.Side); err != nil {
			return &Stopped{Reason: err.Error(), Next: statusCommand}
		}
		if err := s.pause(ctx, s.Settings.Poll); err != nil {
			return err
		}
	}
	return nil
}

// awaitFloor waits until the node can be taken out.
func (s *session) awaitFloor(ctx context.Context, a Action) error {
	limit := s.deadline(s.Settings.NodeTimeout)
	told := false
	for {
		limit.look()
		f, err := s.read(ctx)
		if err != nil {
			return err
		}
		limit.seen()
		n := f.Node(a.Node)
		if n == nil || n.Serves() == "" {
			return nil
		}
		out, err := s.outOfService(ctx, f)
		if err != nil {
			return err
		}
		why := s.Settings.zoneHolds(f, n, zonesServing(f, out))
		if floor := s.Settings.FloorOf(present(f)); inService(f, out)-1 < floor {
			why = tooFew(f, out, floor)
		}
		if out[a.Node] != "" || why == "" {
			return nil
		}
		why += ": " + a.Node + " has to wait"
		if !told {
			s.Observer.Observe(Event{Kind: Wait, Text: why})
			told = true
		}
		if limit.over() {
			next := recycleCommand
			if s.j != nil {
				next = retireCommand // a recycle keeps no journal
			}
			return &Stopped{Reason: why, Next: next}
		}
		if err := s.pauseFleet(ctx, f); err != nil {
			return err
		}
	}
}
