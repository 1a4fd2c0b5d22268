package cutover

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover/gate"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/fleet"
)

// arrival is the pod that took a node over.
type arrival struct {
	uid      types.UID
	name     string
	restarts int32
	address  string // of the node
	ip       string // of the pod
}

// awaitPod waits until the leaving side's pods are gone from the node and the
// arriving side's pod serves, and tells how long nobody served there.
func (s *session) awaitPod(ctx context.Context, f *fleet.Fleet, name string, to fleet.Side) (arrival, time.Duration, error) {
	from := to.Other()
	leaving := s.deadline(time.Duration(f.Set(from).Grace())*time.Second + 30*time.Second)
	ready := s.deadline(s.Settings.ReadyTimeout)
	// The controller obeys a label within a second.
	obeyed := s.deadline(min(30*time.Second, s.Settings.ReadyTimeout))
	var dark time.Time
	for {
		leaving.look()
		ready.look()
		obeyed.look()
		n, err := s.readNode(ctx, f, name)
		if err != nil {
			return arrival{}, 0, err
		}
		leaving.seen()
		ready.seen()
		obeyed.seen()
		if err := gone(n); err != nil {
			return arrival{}, 0, err
		}
		old, own := running(n.Of(from)), n.Of(to)
		if dark.IsZero() && n.Serves() == "" {
			dark = s.Clock.Now()
		}
		if len(old) > 0 {
			// The clock for the arriving pod starts when the port can be free.
			ready = s.deadline(s.Settings.ReadyTimeout)
			if obeyed.over() && !slices.ContainsFunc(old, func(p fleet.Pod) bool { return p.Terminating }) {
				return arrival{}, 0, &idleError{node: name, set: f.Set(from).Name.String()}
			}
			if leaving.over() {
				return arrival{}, 0, &stuckError{node: name, pod: old[0].Name}
			}
		}
		if len(old) == 0 && len(own) > 0 {
			p := own[0]
			if why := s.otherImage(to, p); why != "" {
				return arrival{}, 0, &failedError{node: name, why: why}
			}
			if p.Serves() {
				took := time.Duration(0)
				if !dark.IsZero() {
					took = s.Clock.Now().Sub(dark)
				}
				return arrivalOf(n, p), took, nil
			}
			if why := hopeless(p); why != "" {
				return arrival{}, 0, &failedError{node: name, why: why}
			}
		}
		if len(old) == 0 && ready.over() {
			return arrival{}, 0, &failedError{node: name, why: notReady(f.Set(to), own, s.Settings.ReadyTimeout)}
		}
		if err := s.pause(ctx, s.Settings.Poll); err != nil {
			return arrival{}, 0, err
		}
	}
}

func arrivalOf(n *fleet.Node, p fleet.Pod) arrival {
	return arrival{uid: p.UID, name: p.Name, restarts: p.Restarts, address: n.Address, ip: p.IP}
}

// running leaves out pods whose processes have ended: the scheduler gives their
// ports away although a finalizer may keep the object.
func running(pods []fleet.Pod) []fleet.Pod {
	return slices.DeleteFunc(pods, func(p fleet.Pod) bool { return p.Phase == corev1.PodSucceeded || p.Phase == corev1.PodFailed })
}

func gone(n *fleet.Node) error {
	switch {
	case n.Gone:
		return &lostError{node: n.Name, why: "is no longer part of the cluster"}
	case !n.Ready:
		return &lostError{node: n.Name, why: "is not ready"}
	}
	return nil
}

// hopeless tells of a pod that will not become ready by waiting longer.
func hopeless(p fleet.Pod) string {
	const crashes = 3
	switch {
	case p.Restarts >= crashes:
		return fmt.Sprintf("pod %s crashed %d times (kubectl logs -n %s %s --previous)", p.Name, p.Restarts, p.Namespace, p.Name)
	case p.Why == "ErrImagePull" || p.Why == "ImagePullBackOff" || p.Why == "InvalidImageName":
		return fmt.Sprintf("pod %s cannot get its image: %s", p.Name, p.Why)
	}
	return ""
}

// otherImage tells of a pod that runs something else than what all nodes fetched.
func (s *session) otherImage(to fleet.Side, p fleet.Pod) string {
	s.mu.Lock()
	want := s.j.PulledID
	s.mu.Unlock()
	if to != fleet.New || want == "" || p.ImageID == "" || p.ImageID == want || strings.Contains(want, "@") != strings.Contains(p.ImageID, "@") {
		return ""
	}
	return fmt.Sprintf("pod %s runs image %s, and %s was fetched beforehand: was its tag moved? Name the image by its digest", p.Name, p.ImageID, want)
}

func notReady(set *fleet.Set, own []fleet.Pod, after time.Duration) string {
	if len(own) == 0 {
		return fmt.Sprintf("DaemonSet %s made no pod in %s: is kube-controller-manager running?", set.Name, after)
	}
	why := own[0].Why
	if why == "" && !own[0].Bound {
		why = "nobody has scheduled it: is kube-scheduler running?"
	}
	if why == "" {
		why = string(own[0].Phase)
	}
	return fmt.Sprintf("pod %s is not ready after %s (%s; kubectl describe pod -n %s %s)", own[0].Name, after, why, own[0].Namespace, own[0].Name)
}

// gates asks the node's ports who they are and whether their routes answer as
// before, until that holds for several rounds in a row.
func (s *session) gates(ctx context.Context, f *fleet.Fleet, name string, to fleet.Side, a arrival) (routes int, err error) {
	limit := s.deadline(s.Settings.GateTimeout)
	good := 0
	for {
		limit.look()
		n, err := s.readNode(ctx, f, name)
		if err != nil {
			return 0, err
		}
		limit.seen()
		if err := a.stillServes(n, to); err != nil {
			return 0, err
		}
		why := s.round(ctx, a.address, to, 0)
		if why == "" {
			if good++; good >= s.Settings.GateRounds {
				s.mu.Lock()
				defer s.mu.Unlock()
				return len(s.baseline.Requests), nil
			}
		} else {
			good = 0
			if limit.over() {
				if why = s.confirmed(ctx, name, to, a.address); why != "" {
					return 0, &failedError{node: name, why: why}
				}
			}
		}
		wait := s.Settings.GateEvery
		if why != "" {
			wait = min(wait, s.Settings.Poll)
		}
		if err := s.pause(ctx, wait); err != nil {
			return 0, err
		}
	}
}

// stillServes tells whether the pod that took the node over is still the one.
func (a arrival) stillServes(n *fleet.Node, to fleet.Side) error {
	if err := gone(n); err != nil {
		return err
	}
	for _, p := range n.Of(to) {
		if p.UID != a.uid {
			continue
		}
		switch {
		case p.Restarts > a.restarts:
			return &failedError{node: n.Name, why: fmt.Sprintf("pod %s restarted after it was ready (kubectl logs -n %s %s --previous)", p.Name, p.Namespace, p.Name)}
		case !p.Serves():
			return &failedError{node: n.Name, why: fmt.Sprintf("pod %s is no longer ready", p.Name)}
		}
		return nil
	}
	return &failedError{node: n.Name, why: fmt.Sprintf("pod %s is gone", a.name)}
}

// round asks once; limit > 0 asks only that many routes. It returns what is
// wrong, or "".
func (s *session) round(ctx context.Context, address string, to fleet.Side, limit int) string {
	identity := s.Gate.Identify(ctx, address, s.id, s.ports)
	switch {
	case !identity.Answered:
		return "the node's ports do not answer: " + identity.Said
	case to == fleet.New && (identity.Other || !identity.New):
		return "somebody else than the new proxy answers on the node's ports (" + identity.Said + "): is an old process left on the host?"
	case to == fleet.Old && identity.New:
		return "the new proxy still answers on the node's ports"
	}
	s.mu.Lock()
	baseline := s.baseline
	s.mu.Unlock()
	if limit > 0 && len(baseline.Requests) > limit {
		step := len(baseline.Requests) / limit
		var few gate.Baseline
		for i := 0; i < len(baseline.Requests); i += step {
			few.Requests = append(few.Requests, baseline.Requests[i])
			few.Answers = append(few.Answers, baseline.Answers[i])
		}
		baseline = few
	}
	return describe(s.Gate.Compare(ctx, address, baseline), len(baseline.Requests))
}

func describe(mismatches []gate.Mismatch, of int) string {
	if len(mismatches) == 0 {
		return ""
	}
	return fmt.Sprintf("%d of %d routes differ: %s", len(mismatches), of, mismatches[0])
}

// confirmed asks the old proxy, where it still serves, whether the routes that
// differ have changed for everybody; those say nothing about this node.
func (s *session) confirmed(ctx context.Context, name string, to fleet.Side, address string) string {
	s.mu.Lock()
	baseline := s.baseline
	s.mu.Unlock()
	mismatches := s.Gate.Compare(ctx, address, baseline)
	if len(mismatches) > 0 {
		f, err := s.read(ctx)
		if err != nil {
			return err.Error()
		}
		if old, _ := servingNode(f, fleet.Old, name); old != nil {
			left := s.Gate.Confirm(ctx, old.Address, &baseline, mismatches)
			if changed := len(mismatches) - len(left); changed > 0 {
				s.Observer.Observe(Event{Kind: Warn, Node: name, Text: fmt.Sprintf("%d routes now answer differently on every node and are no longer compared", changed)})
				s.mu.Lock()
				s.baseline = baseline
				s.mu.Unlock()
			}
		}
	}
	return s.round(ctx, address, to, 0)
}

// watch keeps an eye on a node for a while, and has look look, too; it ends early when
// stop is closed.
func (s *session) watch(ctx context.Context, f *fleet.Fleet, name string, to fleet.Side, a arrival, d time.Duration, stop <-chan struct{}, look func(context.Context) error) error {
	until := s.Clock.Now().Add(d)
	// A single slow answer is no reason to put a node back.
	const tolerated = 3
	bad := 0
	for {
		left := until.Sub(s.Clock.Now())
		if left <= 0 {
			return nil
		}
		n, err := s.readNode(ctx, f, name)
		if err != nil {
			return err
		}
		if err := a.stillServes(n, to); err != nil {
			return err
		}
		const few = 20
		if why := s.round(ctx, a.address, to, few); why == "" {
			bad = 0
		} else if bad++; bad >= tolerated {
			if why = s.confirmed(ctx, name, to, a.address); why != "" {
				return &failedError{node: name, why: why}
			}
			bad = 0
		}
		if look != nil {
			if err := look(ctx); err != nil {
				return err
			}
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-stop:
			return errInterrupted
		case <-s.Clock.After(min(left, max(s.Settings.GateEvery, s.Settings.Poll))):
		}
	}
}
