package cutover

import (
	"fmt"
	"slices"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/fleet"
)

// ActionKind is what a recycle does in one step.
type ActionKind string

// The kinds.
const (
	// AdoptNode labels a node that the new proxy serves already.
	AdoptNode ActionKind = "label"
	// DisownNode takes the label from a node that the old proxy serves.
	DisownNode ActionKind = "unlabel"
	// GuardSet keeps a DaemonSet to its side's nodes and removes its waiting pods.
	GuardSet ActionKind = "guard"
	// FreezeSet switches a DaemonSet to OnDelete, so that its controller replaces
	// nothing by itself.
	FreezeSet ActionKind = "freeze"
	// DeletePod deletes one pod and waits until its successor serves.
	DeletePod ActionKind = "delete"
	// DropPod deletes a pod that nobody has scheduled on a node that is not its side's. A
	// controller does not look at a set whose unscheduled pod lost its node by a label
	// (k8s.io/kubernetes pkg/controller/daemon syncNodeUpdate counts scheduled pods), and
	// the pod would take the node's ports when they come free.
	DropPod ActionKind = "drop"
	// RollSet switches a frozen DaemonSet to RollingUpdate, one at a time, without
	// surge.
	RollSet ActionKind = "roll"
)

// frozenAnnotation is on a DaemonSet from FreezeSet until RollSet.
const frozenAnnotation = "ingress-migrate.io/frozen"

// Action is one step of a recycle.
type Action struct {
	Kind ActionKind `json:"kind"`
	Side fleet.Side `json:"side"`
	// Target is the node, DaemonSet or pod.
	Target string `json:"target"`
	Node   string `json:"node,omitempty"`
	Why    string `json:"why"`
}

// PlanRecycle says what brings stuck DaemonSets into a state in which they roll
// again: waiting pods that would take over nodes unasked are removed, and pods of
// older templates are replaced one by one. Nothing is planned for a healthy fleet.
func PlanRecycle(f *fleet.Fleet) []Action {
	var actions []Action
	if f.Old != nil && f.New != nil {
		actions = planGuards(f)
	}
	for _, side := range []fleet.Side{fleet.Old, fleet.New} {
		if set := f.Set(side); set != nil {
			actions = append(actions, planRenewal(f, set)...)
		}
	}
	return actions
}

// planGuards ends a race for the ports: one set waits where the other serves.
// Nodes that the new proxy has won already keep it, by a label that is written
// before the guard.
func planGuards(f *fleet.Fleet) []Action {
	var drops []Action
	for i := range f.Nodes {
		for _, p := range strays(f, &f.Nodes[i]) {
			drops = append(drops, Action{
				Kind: DropPod, Side: p.Side, Target: p.Namespace + "/" + p.Name, Node: p.Node,
				Why: "it waits for ports of a node that is " + f.Set(p.Side.Other()).Title + "'s",
			})
		}
	}
	for i := range f.Nodes {
		if n := &f.Nodes[i]; unasked(n) && !inFlight(f, n.Name) {
			drops = append(drops, Action{Kind: AdoptNode, Side: fleet.New, Target: n.Name, Node: n.Name, Why: "nobody moved it: its pod of " + f.Old.Title + " ended, and " + f.New.Title + " took the ports; it stays so"})
		}
	}
	newWaits, oldWaits := waitsForOther(f, fleet.New), waitsForOther(f, fleet.Old)
	actions := drops
	for i := range f.Nodes {
		// The label is obeyed by a guard alone. Setting that would move all such nodes at once.
		if n := &f.Nodes[i]; !isGuarded(f.Old) && n.Side() == fleet.New && n.Serves() == fleet.Old {
			actions = append(actions, Action{Kind: DisownNode, Side: fleet.Old, Target: n.Name, Node: n.Name, Why: "it is served by " + f.Old.Title + ", which has no guard, and stays so"})
		}
	}
	if newWaits+oldWaits > 0 && !isGuarded(f.New) {
		for i := range f.Nodes {
			if n := &f.Nodes[i]; adoptable(n) {
				actions = append(actions, Action{Kind: AdoptNode, Side: fleet.New, Target: n.Name, Node: n.Name, Why: "it is served by " + f.New.Title + " and stays so"})
			}
		}
		actions = append(actions, Action{
			Kind: GuardSet, Side: fleet.New, Target: f.New.Name.String(),
			Why: fmt.Sprintf("%d of its pods wait for ports of %s and would take any node whose pod ends", newWaits, f.Old.Title),
		})
	}
	if oldWaits > 0 && !isGuarded(f.Old) {
		actions = append(actions, Action{
			Kind: GuardSet, Side: fleet.Old, Target: f.Old.Name.String(),
			Why: fmt.Sprintf("%d of its pods wait for ports of %s, which holds up its roll-out", oldWaits, f.New.Title),
		})
	}
	return actions
}

// inFlight tells whether the journal has a move of the node that did not end.
func inFlight(f *fleet.Fleet, name string) bool {
	return f.Journal != nil && f.Journal.Node(name) != nil && f.Journal.Node(name).Phase.InFlight()
}

// strays are pods that nobody has scheduled on a node that their side's guard excludes.
func strays(f *fleet.Fleet, n *fleet.Node) []fleet.Pod {
	return slices.DeleteFunc(slices.Clone(n.Pods), func(p fleet.Pod) bool {
		return n.Gone || p.Bound || p.Terminating || !isGuarded(f.Set(p.Side)) || !f.Set(p.Side).Excludes(n)
	})
}

// waitsForOther counts a side's pods that wait where the other side has one.
func waitsForOther(f *fleet.Fleet, side fleet.Side) int {
	count := 0
	for i := range f.Nodes {
		n := &f.Nodes[i]
		if len(n.Of(side.Other())) == 0 {
			continue
		}
		for _, p := range n.Of(side) {
			if !p.Bound && !p.Terminating {
				count++
			}
		}
	}
	return count
}

// planRenewal replaces pods of older templates one by one. A roll-out that
// surges can never end where pods have host ports; it is frozen first and gets a
// strategy that works afterwards.
func planRenewal(f *fleet.Fleet, set *fleet.Set) []Action {
	var actions []Action
	_, frozen := set.Object.Annotations[frozenAnnotation]
	if surges(set) && surgePending(f, set.Side) {
		frozen = true
		actions = append(actions, Action{
			Kind: FreezeSet, Side: set.Side, Target: set.Name.String(),
			Why: "its roll-out wants a second pod on a node (maxSurge) whose ports the first one holds",
		})
	}
	for i := range f.Nodes {
		for _, p := range f.Nodes[i].Of(set.Side) {
			if !p.Current && !p.Terminating && p.Bound {
				actions = append(actions, Action{Kind: DeletePod, Side: set.Side, Target: p.Namespace + "/" + p.Name, Node: p.Node, Why: "it was made from an older template"})
			}
		}
	}
	// A guarded set stays OnDelete: its pods are moved, not rolled. The annotation
	// waits until the guard is off.
	if frozen && !set.Guard.Present {
		actions = append(actions, Action{Kind: RollSet, Side: set.Side, Target: set.Name.String(), Why: "one at a time and without surge its roll-outs work"})
	}
	return actions
}

func surges(set *fleet.Set) bool {
	r := set.Object.Spec.UpdateStrategy.RollingUpdate
	return set.Rolling() && len(set.Ports) > 0 && r != nil && r.MaxSurge != nil && r.MaxSurge.String() != "0" && r.MaxSurge.String() != "0%"
}

// surgePending: a second pod of the side waits on a node that has one.
func surgePending(f *fleet.Fleet, side fleet.Side) bool {
	for i := range f.Nodes {
		bound, waiting := false, false
		for _, p := range f.Nodes[i].Of(side) {
			bound, waiting = bound || p.Bound, waiting || !p.Bound
		}
		if bound && waiting {
			return true
		}
	}
	return false
}
