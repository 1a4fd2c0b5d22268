package cutover

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/fleet"
)

// LookAt is what no program may mend: a pod whose process may be alive is never deleted by
// force, and a process that no pod knows is never killed. Why says who can do what.
const LookAt ActionKind = "look at"

// settling is how long a pod may take beyond what it was given before it counts as stuck.
const settling = 30 * time.Second

// Stuck lists the pods that neither become well by themselves nor by a recycle.
func Stuck(f *fleet.Fleet, now time.Time) []Action {
	var out []Action
	for i := range f.Nodes {
		n := &f.Nodes[i]
		for _, p := range n.Pods {
			why := ""
			switch {
			case p.Terminating && now.After(p.Due.Add(settling)):
				why = endless(n, p, now)
			case p.Terminating:
			case p.Current && p.CrashLoop():
				why = fmt.Sprintf("it crashes, %d times by now: kubectl logs -n %s %s --previous; mend %s, then recycle", p.Restarts, p.Namespace, p.Name, f.Set(p.Side).Name)
				if n.Side() == fleet.New && f.Old != nil && f.Old.Guard.Present {
					why += ", or give the node back with rollback " + n.Name
				}
			case !p.Bound && now.After(p.Created.Add(settling)) && n.Ready:
				why = unplaced(f, n, p)
			}
			if why != "" {
				out = append(out, Action{Kind: LookAt, Side: p.Side, Target: p.Namespace + "/" + p.Name, Node: n.Name, Why: why})
			}
		}
	}
	return out
}

// endless says why a pod does not end that was to end.
func endless(n *fleet.Node, p fleet.Pod, now time.Time) string {
	late := now.Sub(p.Due).Round(time.Second)
	switch {
	case n.Gone:
		return fmt.Sprintf("it should have ended %s ago, and its node is gone: kube-controller-manager removes it, if it runs", late)
	case !n.Ready:
		return fmt.Sprintf("it should have ended %s ago, and the kubelet of %s does not answer, so its process may be alive: bring the node back, or power it off and delete it from the cluster", late, n.Name)
	case len(p.Finalizers) > 0:
		return fmt.Sprintf("it should have ended %s ago, and is kept by the finalizer %s: who set that has to remove it", late, strings.Join(p.Finalizers, ", "))
	}
	return fmt.Sprintf("it should have ended %s ago: look at the kubelet of %s", late, n.Name)
}

// unplaced says why a pod waits; "" where it is another action's turn.
func unplaced(f *fleet.Fleet, n *fleet.Node, p fleet.Pod) string {
	other := n.Of(p.Side.Other())
	switch {
	case !p.PortsTaken:
		return "it is not scheduled: " + strings.TrimSpace(p.Why+" "+p.Message)
	case len(other) == 0 && len(n.Of(p.Side)) == 1:
		return fmt.Sprintf("it waits for ports of %s that neither proxy holds there: a pod of something else does", n.Name)
	case n.Side() == p.Side && f.Set(p.Side.Other()) != nil && isGuarded(f.Set(p.Side.Other())) && len(running(other)) > 0 && !other[0].Terminating:
		return fmt.Sprintf("%s is given to it, and pod %s does not leave: is kube-controller-manager running?", n.Name, other[0].Name)
	}
	return ""
}

// Look is Stuck and what only the nodes themselves tell: who answers where a pod crashes
// because its ports are in use.
func (e *Engine) Look(ctx context.Context, f *fleet.Fleet) []Action {
	var actions []Action
	ports := PortsToAsk(f, e.Settings)
	for i := range f.Nodes {
		n := &f.Nodes[i]
		if n.Gone || !n.Ready || n.Serves() != "" || n.Address == "" {
			continue
		}
		for _, p := range n.Pods {
			// While it runs it may be who answers.
			if !p.CrashLoop() || !p.BacksOff() {
				continue
			}
			if who := e.Gate.Identify(ctx, n.Address, ID(f), ports); who.Answered {
				actions = append(actions, Action{
					Kind: LookAt, Side: p.Side, Target: n.Name, Node: n.Name,
					Why: fmt.Sprintf("somebody answers on its ports (%s) while pod %s, which should, crashes: a process that no pod knows; end it on the host", who.Said, p.Name),
				})
			}
			break
		}
	}
	for _, a := range Stuck(f, e.Clock.Now()) {
		// That its pod crashes goes without saying.
		if !slices.ContainsFunc(actions, func(known Action) bool { return known.Node == a.Node }) {
			actions = append(actions, a)
		}
	}
	return actions
}

// startedAnew waits until pods that crashed and run again are ready or back off: before that
// nobody knows whether they are in a crash loop or only slow. It returns the newest picture.
func (s *session) startedAnew(ctx context.Context, f *fleet.Fleet) (*fleet.Fleet, error) {
	limit := s.deadline(s.Settings.ReadyTimeout)
	for told := false; ; told = true {
		name := undecided(f)
		if name == "" || limit.over() || s.asked() {
			return f, nil
		}
		if !told {
			s.Observer.Observe(Event{Kind: Wait, Text: "pod " + name + " has crashed and runs again: is it ready soon?"})
		}
		if err := s.pauseFleet(ctx, f); err != nil {
			return nil, err
		}
		limit.look()
		var err error
		if f, err = s.read(ctx); err != nil {
			return nil, err
		}
		limit.seen()
	}
}

// undecided names a pod that crashed and runs again; "" where there is none, or where
// another leaves no doubt any more.
func undecided(f *fleet.Fleet) string {
	name := ""
	for i := range f.Nodes {
		for _, p := range f.Nodes[i].Pods {
			switch {
			case !p.CrashLoop() || !p.Current:
			case p.BacksOff():
				return ""
			case name == "":
				name = p.Name
			}
		}
	}
	return name
}

// human is the end of a recycle that leaves something for people.
func human(left []Action) *Stopped {
	return &Stopped{Reason: fmt.Sprintf("%d left that nothing is forced on; the first: %s: %s", len(left), left[0].Target, left[0].Why), Next: statusCommand}
}
