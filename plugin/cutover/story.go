package cutover

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover/journal"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/fleet"
)

// story is the placement by host names that the DaemonSets leave out, while pods of the
// new one wait for the ports on every node. Between two writes a node may be wanted by
// both, never by none.
type story struct {
	*session
	// turn: nodes that are moved side by side are written into the same list.
	turn *sync.Mutex
}

// hold stops the old DaemonSet from rolling first: while pods of the new one wait, it
// would hand over a node with each pod that it replaces.
func (p story) hold(ctx context.Context, f *fleet.Fleet) error {
	for _, set := range []*fleet.Set{f.Old, f.New} {
		if isGuarded(set) && set.Guard.Story {
			continue
		}
		if err := p.guard(ctx, f, set); err != nil {
			return err
		}
	}
	return p.head(ctx, f, p.course())
}

// guard keeps a list that was lost from the template, without the nodes on which its own
// side serves by now: nothing is moved.
func (p story) guard(ctx context.Context, _ *fleet.Fleet, set *fleet.Set) error {
	return p.held(ctx, set, fmt.Sprintf("switching daemonset %s to OnDelete", set.Name), "updates nothing by itself (OnDelete)", func(before *fleet.Fleet, live *fleet.Set) ([]byte, error) {
		return fleet.StoryPatch(live, p.course(), func(out []string) []string {
			return slices.DeleteFunc(out, func(host string) bool {
				return slices.ContainsFunc(before.Nodes, func(n fleet.Node) bool { return n.Hostname == host && n.Serves() == set.Side })
			})
		})
	})
}

// give lets the side in to which the node goes, whose pod waits then, and leaves it out of
// the other one: who dies in between leaves a node that both want, which serves.
func (p story) give(ctx context.Context, f *fleet.Fleet, name string, to fleet.Side, well bool) error {
	n, err := p.readNode(ctx, f, name)
	if err != nil {
		return err
	}
	if n.Gone {
		return goneIf(well, n)
	}
	if well {
		if err := gone(n); err != nil {
			return err
		}
	}
	in := func(out []string) []string {
		return slices.DeleteFunc(out, func(host string) bool { return host == n.Hostname })
	}
	if err := p.leaveOut(ctx, f.Set(to), well, in); err != nil {
		return err
	}
	if to == fleet.New {
		if err := p.refresh(ctx, n); err != nil {
			return err
		}
	}
	return p.leaveOut(ctx, f.Set(to.Other()), well, func(out []string) []string { return append(in(out), n.Hostname) })
}

// leaveOut changes what a set leaves out; nil is one that was deleted.
func (p story) leaveOut(ctx context.Context, set *fleet.Set, well bool, change func([]string) []string) error {
	if set == nil {
		return nil
	}
	p.turn.Lock()
	defer p.turn.Unlock()
	err := p.patchSet(ctx, set, func(live *fleet.Set) ([]byte, error) {
		if well && !(isGuarded(live) && live.Guard.Story) {
			return nil, unguardedStop(live)
		}
		return fleet.StoryPatch(live, p.saying(live), change)
	})
	if err != nil {
		return fmt.Errorf("changing which nodes daemonset %s leaves out: %w", set.Name, err)
	}
	return nil
}

// saying is what a set goes on to say of its cutover; only a change of direction changes
// that, when no node is moved.
func (p story) saying(live *fleet.Set) fleet.Note {
	if live.Guard.Story {
		return live.Guard.Record.Note
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.course()
}

// refresh removes pods that wait on the node and are of an older template: under OnDelete
// they would start as what they were made.
func (p story) refresh(ctx context.Context, n *fleet.Node) error {
	for _, pod := range n.Of(fleet.New) {
		if pod.Bound || pod.Terminating || pod.Current {
			continue
		}
		if err := p.deletePod(ctx, pod); err != nil {
			return err
		}
	}
	return nil
}

// part ends the contest for nodes that both want: who has a node keeps it.
func (p story) part(ctx context.Context, f *fleet.Fleet) error {
	out := map[fleet.Side][]string{}
	for i := range f.Nodes {
		switch n := &f.Nodes[i]; {
		case n.Gone || !n.Contested:
		case adoptable(n):
			out[fleet.Old] = append(out[fleet.Old], n.Hostname)
		default:
			out[fleet.New] = append(out[fleet.New], n.Hostname)
		}
	}
	for _, side := range []fleet.Side{fleet.Old, fleet.New} {
		set := f.Set(side)
		if len(out[side]) == 0 || set == nil || !set.Guard.Story {
			continue
		}
		err := p.leaveOut(ctx, set, false, func(had []string) []string {
			for _, host := range out[side] {
				if !slices.Contains(had, host) {
					had = append(had, host)
				}
			}
			return had
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// release puts the new DaemonSet back as it was, too: its pods wait for the ports again.
func (p story) release(ctx context.Context) error {
	f, err := p.read(ctx)
	if err != nil || f.New == nil || !f.New.Guard.Story {
		return err
	}
	if err := p.patchSet(ctx, f.New, fleet.UnguardPatch); err != nil {
		return fmt.Errorf("restoring the template of daemonset %s: %w", f.New.Name, err)
	}
	if err := p.settled(ctx, f, fleet.New, false); err != nil {
		return err
	}
	strategy := p.j.New.Strategy
	if err := p.patchSet(ctx, f.New, func(live *fleet.Set) ([]byte, error) { return fleet.StrategyPatch(live, strategy) }); err != nil {
		return fmt.Errorf("restoring the update strategy of daemonset %s: %w", f.New.Name, err)
	}
	p.info("%s is what it was before, too: where %s serves its pods wait for the ports again, and take every node whose pod ends (%s keeps them off)", f.New.Name, f.Old.Title, recycleCommand)
	return nil
}

// mayStory says why nodes cannot be told apart by their host names.
func mayStory(f *fleet.Fleet) error {
	const most = 100 << 10 // of the 256 KiB that an object's annotations may have in all
	known, size := map[string]string{}, 0
	for i := range f.Nodes {
		n := &f.Nodes[i]
		switch other := known[n.Hostname]; {
		case n.Gone:
			continue
		case n.Hostname == "":
			return fmt.Errorf("node %s has no label kubernetes.io/hostname, by which --strategy=%s leaves nodes out", n.Name, journal.Story)
		case other != "":
			return fmt.Errorf("nodes %s and %s have the same label kubernetes.io/hostname (%s), and --strategy=%s would move both at once", other, n.Name, n.Hostname, journal.Story)
		case n.Label == fleet.LabelNew:
			return fmt.Errorf("node %s has the label of a cutover node by node: go back with %s first", n.Name, rollbackAllCommand)
		}
		known[n.Hostname] = n.Name
		size += len(n.Hostname) + 3
	}
	if size > most {
		return fmt.Errorf("the names of %d nodes are more than --strategy=%s can note on a DaemonSet", len(known), journal.Story)
	}
	return nil
}

// sameStrategy refuses to begin a cutover on what another strategy has left.
func sameStrategy(f *fleet.Fleet, wanted journal.Strategy) error {
	if f.Old.Guard.Record == nil && !f.New.Guard.Story {
		return nil // a rolled back cutover leaves the new one guarded
	}
	began := journal.ByLabel
	if f.Old.Guard.Story || f.New.Guard.Story {
		began = journal.Story
	}
	if began == wanted {
		return nil
	}
	return fmt.Errorf("the DaemonSets are held by a cutover with --strategy=%s: go back first (%s), or begin with the same one", StrategyName(began), rollbackAllCommand)
}

// StrategyName is what --strategy calls it.
func StrategyName(s journal.Strategy) string {
	if s == journal.ByLabel {
		return "nodes"
	}
	return string(s)
}
