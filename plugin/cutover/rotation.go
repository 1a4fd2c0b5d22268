package cutover

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover/gate"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover/journal"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover/lock"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/fleet"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/lb"
)

// leaveRotation asks the load balancer to stop using the node and waits until it
// has. A node that has its label already is out, or never was in.
func (s *session) leaveRotation(ctx context.Context, f *fleet.Fleet, name string, to fleet.Side) error {
	n, err := s.readNode(ctx, f, name)
	if err != nil || n.Side() == to {
		return err
	}
	return s.goOut(ctx, f, n, to)
}

// leaveForRenewal is leaveRotation for a node that stays its proxy's.
func (s *session) leaveForRenewal(ctx context.Context, f *fleet.Fleet, name string) error {
	n, err := s.readNode(ctx, f, name)
	if err != nil {
		return err
	}
	return s.goOut(ctx, f, n, fleet.New)
}

func (s *session) goOut(ctx context.Context, f *fleet.Fleet, n *fleet.Node, to fleet.Side) error {
	name := n.Name
	target := s.target(n)
	original := target.Original
	if !s.record(name).Drained {
		state, why, err := s.stateOf(ctx, target)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil:
			return &failedError{node: name, why: "the load balancer cannot be asked about it: " + err.Error()}
		case state == lb.Out || state == lb.Draining:
			s.Observer.Observe(Event{Kind: Warn, Node: name, Text: "somebody else took it out of rotation, where it stays (" + why + ")"})
			return s.awaitState(ctx, f, target, lb.Out)
		}
		if r, ok := s.Drainer.(lb.Rememberer); ok {
			if original, err = r.Remember(ctx, target); err != nil {
				return &failedError{node: name, why: "what the load balancer has of it cannot be kept: " + err.Error()}
			}
		}
	}
	err := s.note(ctx, name, func(n *journal.Node) {
		at := s.Clock.Now().UTC()
		n.Phase, n.To, n.Begun, n.Drained, n.Original = journal.Draining, string(to), &at, true, original
	})
	if err != nil {
		return err
	}
	target.Original = original
	step := s.Clock.Now()
	if err := s.rotate(ctx, s.Drainer.Drain, target); err != nil {
		if superseded(err) || ctx.Err() != nil {
			return err
		}
		return &failedError{node: name, why: "the load balancer would not drain it: " + err.Error()}
	}
	if err := s.awaitState(ctx, f, target, lb.Out); err != nil {
		return err
	}
	s.passed(name, to, "drained", step)
	return nil
}

// returnToRotation waits until the balancer uses the node again.
func (s *session) returnToRotation(ctx context.Context, f *fleet.Fleet, name string, to fleet.Side, a arrival) error {
	if s.Drainer == nil || !s.record(name).Drained {
		return s.watch(ctx, f, name, to, a, s.Settings.Balancer.Recovery(), nil, nil)
	}
	n := fleet.Node{Name: name, Address: a.address}
	if known := f.Node(name); known != nil {
		n.ProviderID = known.ProviderID
	}
	target := s.target(&n)
	if err := s.rotate(ctx, s.Drainer.Undrain, target); err != nil {
		if superseded(err) || ctx.Err() != nil {
			return err
		}
		return s.stop(ctx, &Stopped{Reason: fmt.Sprintf("%s is well, but the load balancer would not take it back: %v", name, err), Next: resumeCommand})
	}
	return s.awaitState(ctx, f, target, lb.InService)
}

// rotate has the load balancer do something with a node, and only while the lease is held.
func (s *session) rotate(ctx context.Context, do func(context.Context, lb.Target) error, target lb.Target) error {
	if err := s.persist(ctx, func() error { return s.lock.Check(ctx) }); err != nil {
		return err
	}
	return s.ofBalancer(ctx, func() error { return do(ctx, target) })
}

func (s *session) stateOf(ctx context.Context, target lb.Target) (state lb.State, why string, err error) {
	err = s.ofBalancer(ctx, func() (err error) {
		state, why, err = s.Drainer.State(ctx, target)
		return err
	})
	return state, why, err
}

// ofBalancer asks the load balancer. Where that is a label of the node, it is the API server
// that answers, which is waited for; what another balancer says counts at once.
func (s *session) ofBalancer(ctx context.Context, call func() error) error {
	if _, ok := s.Drainer.(*lb.NodeLabel); ok {
		return s.persist(ctx, call)
	}
	return call()
}

// awaitState waits until the balancer says what is wanted of it. A node that dies
// meanwhile is not waited for.
func (s *session) awaitState(ctx context.Context, f *fleet.Fleet, target lb.Target, want lb.State) error {
	limit := s.deadline(s.Settings.NodeTimeout)
	for {
		limit.look()
		n, err := s.readNode(ctx, f, target.Node)
		if err != nil {
			return err
		}
		limit.seen()
		if err := gone(n); err != nil {
			return err
		}
		state, why, err := s.stateOf(ctx, target)
		if err != nil {
			state, why = lb.Unknown, err.Error()
		}
		if state == want {
			return nil
		}
		if limit.over() {
			return s.stop(ctx, &Stopped{Reason: fmt.Sprintf("the load balancer says that %s is %s, not %s (%s)", target.Node, state, want, why), Next: resumeCommand})
		}
		if err := s.pause(ctx, s.Settings.Poll); err != nil {
			return err
		}
	}
}

func (s *session) target(n *fleet.Node) lb.Target {
	t := TargetOf(n, s.ports)
	t.Original = s.record(n.Name).Original
	return t
}

// TargetOf is a node as the balancer knows it. Nodes are moved side by side, so that its
// ports are a copy.
func TargetOf(n *fleet.Node, ports gate.Ports) lb.Target {
	return lb.Target{Node: n.Name, Address: n.Address, ProviderID: n.ProviderID, Ports: slices.Concat(ports.HTTP, ports.HTTPS)}
}

// handBack lets the balancer use a node again that is not gone on with, if it was
// us who took it out: its own health check knows then what to do with it. What it
// refuses stays recorded, and status shows it.
func (s *session) handBack(ctx context.Context, f *fleet.Fleet, name string) error {
	if s.Drainer == nil || !s.record(name).Drained {
		return nil
	}
	n := f.Node(name)
	if n == nil {
		n = &fleet.Node{Name: name}
	}
	if err := s.rotate(ctx, s.Drainer.Undrain, s.target(n)); err != nil {
		if superseded(err) || ctx.Err() != nil {
			return err
		}
		s.Observer.Observe(Event{Kind: Warn, Node: name, Text: "the load balancer would not take it back: " + err.Error()})
		return nil
	}
	return s.note(ctx, name, func(n *journal.Node) { n.Drained, n.Original = false, nil })
}

// outOfService are the nodes that serve and to which the load balancer sends nothing, with
// what it says of them. A node that it cannot be asked about is one of them.
func (s *session) outOfService(ctx context.Context, f *fleet.Fleet) (map[string]string, error) {
	if s.Drainer == nil {
		return nil, nil
	}
	var targets []lb.Target
	for i := range f.Nodes {
		if n := &f.Nodes[i]; n.Serves() != "" {
			targets = append(targets, s.target(n))
		}
	}
	var states []lb.TargetState
	err := s.ofBalancer(ctx, func() (err error) {
		if states, err = lb.States(ctx, s.Drainer, targets); err != nil {
			return err
		}
		for _, state := range states {
			if lock.Transient(state.Err) {
				return state.Err
			}
		}
		return nil
	})
	out := map[string]string{}
	for i, t := range targets {
		state := lb.TargetState{Err: err}
		if i < len(states) {
			state = states[i]
		}
		if state.Err != nil {
			state.State, state.Why = lb.Unknown, state.Err.Error()
		}
		if state.State == lb.InService {
			continue
		}
		if out[t.Node] = string(state.State); state.Why != "" {
			out[t.Node] += " (" + state.Why + ")"
		}
	}
	return out, ctx.Err()
}

// inService counts the nodes that serve and get requests.
func inService(f *fleet.Fleet, out map[string]string) int { return f.Serving() - len(out) }

// tooFew says how many serve, and which the load balancer leaves out.
func tooFew(f *fleet.Fleet, out map[string]string, floor int) string {
	text := fmt.Sprintf("%d of %d nodes serve, %d must at any moment", inService(f, out), present(f), floor)
	if len(out) == 0 {
		return text
	}
	var said []string
	for _, name := range slices.Sorted(maps.Keys(out)) {
		said = append(said, name+" is "+out[name])
	}
	return text + "; the load balancer says that " + list(said)
}
