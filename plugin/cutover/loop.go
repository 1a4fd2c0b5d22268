package cutover

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover/journal"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/fleet"
)

// loop moves nodes until all are where the goal wants them. Before every batch
// it looks at the whole fleet again.
func (s *session) loop(ctx context.Context, goal fleet.Side) error {
	patience := s.deadline(s.Settings.NodeTimeout)
	told := ""
	for {
		patience.look()
		f, err := s.read(ctx)
		if err != nil {
			return err
		}
		if err := s.keepUp(ctx, f); err != nil {
			return err
		}
		if err := s.mark(ctx, f.Old, f.Nodes); err != nil {
			return err
		}
		if goal == fleet.Old {
			// Whoever goes back leaves no node to chance, a new one neither.
			if f, err = s.parted(ctx, f); err != nil {
				return err
			}
		}
		patience.seen()
		work := s.sort(f, goal)
		if len(work.begun)+len(work.todo) == 0 {
			return s.leftOver(ctx, f, goal)
		}
		if err := s.mayGoOn(ctx, f, goal, work.begun); err != nil {
			return err
		}
		out, err := s.outOfService(ctx, f)
		if err != nil {
			return err
		}
		batch, why := s.choose(f, goal, work, out)
		if len(batch) == 0 {
			if why != told {
				s.Observer.Observe(Event{Kind: Wait, Text: why})
				told = why
			}
			if patience.over() {
				return s.stop(ctx, &Stopped{Reason: why, Next: nextFor(goal)})
			}
			if err := s.pause(ctx, max(s.Settings.Poll, s.Settings.GateEvery)); err != nil {
				return err
			}
			continue
		}
		if err := s.led(ctx, goal); err != nil {
			return err
		}
		first := s.done(goal) == 0
		if err := s.moveBatch(ctx, f, batch, goal); err != nil {
			return err
		}
		if first && s.Settings.PauseAfterCanary && goal == fleet.New && s.done(goal) > 0 && len(work.todo) > 1 {
			return s.stop(ctx, &Stopped{Reason: batch[0] + " is moved, and the cutover pauses after its first node as asked", Next: resumeCommand, Interrupted: true})
		}
		patience, told = s.deadline(s.Settings.NodeTimeout), ""
	}
}

// parted parts both sides where they want the same node, and looks again if they did.
func (s *session) parted(ctx context.Context, f *fleet.Fleet) (*fleet.Fleet, error) {
	if !slices.ContainsFunc(f.Nodes, func(n fleet.Node) bool { return n.Contested && !n.Gone }) {
		return f, nil
	}
	if err := s.placement.part(ctx, f); err != nil {
		return nil, err
	}
	return s.read(ctx)
}

// keepUp plans nodes that joined and forgets those that left.
func (s *session) keepUp(ctx context.Context, f *fleet.Fleet) error {
	changed := s.j.Floor != s.Settings.FloorOf(present(f))
	for i := range f.Nodes {
		if (s.j.Node(f.Nodes[i].Name) == nil) != f.Nodes[i].Gone {
			changed = true
		}
	}
	if !changed {
		return nil
	}
	return s.write(ctx, func(j *journal.Journal) { s.planNodes(j, f) })
}

func present(f *fleet.Fleet) int {
	count := 0
	for i := range f.Nodes {
		if !f.Nodes[i].Gone {
			count++
		}
	}
	return count
}

// work is what is left: nodes that were begun, and nodes that were not.
type work struct {
	begun, todo []string
	// excluded are nodes that the old DaemonSet's own rules keep it off.
	excluded []string
}

// sort tells by label and record what is left to do.
func (s *session) sort(f *fleet.Fleet, goal fleet.Side) work {
	var w work
	for _, record := range s.j.Nodes {
		n := f.Node(record.Name)
		if n == nil || n.Gone || s.skip[n.Name] {
			continue
		}
		if n.Side() == goal {
			// A record that says done is believed, because the pods are watched by
			// the floor; everything else is checked again.
			unproven := record.Phase.InFlight()
			if goal == fleet.New {
				unproven = record.Phase != journal.Done || record.To != string(goal) || n.NotNew
			}
			if unproven {
				w.begun = append(w.begun, n.Name)
			}
			continue
		}
		switch {
		case goal == fleet.New && unasked(n):
			w.begun = append(w.begun, n.Name)
		case goal == fleet.Old && !n.WantedByOld:
			w.excluded = append(w.excluded, n.Name)
		case goal == fleet.New && !(n.WantedByOld && n.WantedByNew):
		default:
			w.todo = append(w.todo, n.Name)
		}
	}
	return w
}

// unasked: nobody gave the node to the new proxy, whose waiting pod took the ports when
// the old one's ended.
func unasked(n *fleet.Node) bool { return n.Contested && adoptable(n) }

// mayGoOn obeys whoever asked for a stop, and stops when a guard is gone.
func (s *session) mayGoOn(ctx context.Context, f *fleet.Fleet, goal fleet.Side, begun []string) error {
	next := nextFor(goal)
	switch {
	case f.Requested == journal.RequestAbort:
		return s.abandon(ctx, f, begun)
	case f.Requested == journal.RequestPause:
		return s.stop(ctx, &Stopped{Reason: "paused as asked", Next: next, Interrupted: true})
	case s.asked():
		return s.stop(ctx, &Stopped{Reason: "interrupted", Next: next, Interrupted: true})
	}
	for _, side := range []fleet.Side{fleet.Old, fleet.New} {
		if set := f.Set(side); !isGuarded(set) {
			return s.stop(ctx, unguardedStop(set))
		} else if goal == fleet.New && set.Edited() {
			return s.stop(ctx, editedStop(set))
		}
	}
	return nil
}

// choose picks the next nodes, or says what it waits for.
func (s *session) choose(f *fleet.Fleet, goal fleet.Side, w work, out map[string]string) (batch []string, why string) {
	for _, name := range w.begun {
		if n := f.Node(name); n.Ready {
			return []string{name}, ""
		}
	}
	limit := s.Settings.BatchAfter(s.done(goal), present(f))
	serving, floor := inService(f, out), s.j.Floor
	zones, zone := zonesServing(f, out), ""
	held := ""
	for _, name := range w.todo {
		n := f.Node(name)
		if len(batch) > 0 && n.Zone != zone {
			break // one zone at a time
		}
		cost := 1
		switch serves := n.Serves(); {
		case !n.Ready:
			held = name + " is not ready"
			continue
		case serves == "" && goal == fleet.New:
			held = name + " is not served by " + f.Old.Title
			continue
		case serves == "":
			cost = 0 // taking it out costs nothing, putting it back may help
		case out[name] != "":
			cost = 0 // it gets no requests
		}
		if cost > 0 && serving-cost < floor {
			held = tooFew(f, out, floor) + ": " + name + " has to wait"
			continue // one that gets no requests may be moved
		}
		if why := s.Settings.zoneHolds(f, n, zones); cost > 0 && why != "" {
			held = why + ": " + name + " has to wait"
			continue
		}
		serving, zones[n.Zone], zone = serving-cost, zones[n.Zone]-cost, n.Zone
		batch = append(batch, name)
		if len(batch) == limit {
			break
		}
	}
	if len(batch) > 0 {
		return batch, ""
	}
	for _, name := range w.begun {
		held = name + " is not ready"
	}
	return nil, held
}

// done counts the nodes that were moved towards the goal in this cutover.
func (s *session) done(goal fleet.Side) int {
	count := 0
	for _, n := range s.j.Nodes {
		if n.Phase == journal.Done && n.To == string(goal) {
			count++
		}
	}
	return count
}

// moveBatch moves nodes side by side. When several fail the first error counts;
// a lost lease outranks all.
func (s *session) moveBatch(ctx context.Context, f *fleet.Fleet, batch []string, goal fleet.Side) error {
	soak := s.Settings.Soak
	switch {
	case goal == fleet.Old:
		soak = 0
	case s.done(goal) == 0:
		soak = s.Settings.CanarySoak
	}
	errs := make(chan error, len(batch))
	for _, name := range batch {
		go func() { errs <- s.moveOne(ctx, f, name, goal, soak) }()
	}
	var all []error
	for range batch {
		if err := <-errs; err != nil {
			all = append(all, err)
		}
	}
	for _, counts := range []func(error) bool{superseded, func(err error) bool { return !errors.Is(err, errInterrupted) }} {
		if i := slices.IndexFunc(all, counts); i >= 0 {
			return all[i]
		}
	}
	// An interrupted soak is told by the next look at who asked to stop.
	return nil
}

// leftOver ends the loop; nodes that were given up are a reason to stop.
func (s *session) leftOver(ctx context.Context, f *fleet.Fleet, goal fleet.Side) error {
	var left []string
	for i := range f.Nodes {
		n := &f.Nodes[i]
		if !n.Gone && (s.skip[n.Name] || n.Side() != goal && n.WantedByOld && n.WantedByNew) {
			left = append(left, n.Name)
		}
	}
	if len(left) > 0 {
		return s.stop(ctx, &Stopped{Reason: fmt.Sprintf("all nodes but %s are served by %s", list(left), f.Set(goal).Title), Next: nextFor(goal)})
	}
	if excluded := s.sort(f, goal).excluded; len(excluded) > 0 {
		return s.stop(ctx, &Stopped{
			Reason: fmt.Sprintf("DaemonSet %s excludes %s by rules of its own (nodeSelector, affinity or taints), so %s stays there", f.Old.Name, list(excluded), f.New.Title),
			Next:   "remove those rules from it, then " + rollbackAllCommand,
		})
	}
	return nil
}

// abandon ends the cutover: a node that was begun goes back to the old proxy,
// the others stay where they are.
func (s *session) abandon(ctx context.Context, f *fleet.Fleet, begun []string) error {
	for _, record := range s.j.Clone().Nodes {
		if !s.hasToReturn(f, record, begun) {
			continue
		}
		if err := s.moveOne(ctx, f, record.Name, fleet.Old, 0); err != nil {
			return err
		}
	}
	f, err := s.read(ctx)
	if err != nil {
		return err
	}
	// One that was recorded, or taken out of rotation, and not given to anybody is the old
	// proxy's.
	for _, record := range s.j.Clone().Nodes {
		if err := s.handBack(ctx, f, record.Name); err != nil {
			return err
		}
		if n := f.Node(record.Name); n == nil || n.Gone || n.Side() == fleet.New || !record.Phase.InFlight() {
			continue
		}
		err := s.note(ctx, record.Name, func(n *journal.Node) { n.Phase, n.To, n.Begun, n.Unasked = journal.Waiting, "", nil, false })
		if err != nil {
			return err
		}
	}
	if err := s.placement.part(ctx, f); err != nil {
		return err
	}
	if err := s.turn(ctx, f, journal.Aborted); err != nil {
		return err
	}
	return s.stop(ctx, &Stopped{Reason: "aborted; finished nodes stay where they are", Next: rollbackAllCommand, Interrupted: true})
}

// hasToReturn tells whether a node was begun and is not proven to be the old proxy's.
func (s *session) hasToReturn(f *fleet.Fleet, record journal.Node, begun []string) bool {
	n := f.Node(record.Name)
	switch {
	case n == nil || n.Gone || s.skip[n.Name]:
		return false
	case n.Side() == fleet.New:
		return slices.Contains(begun, n.Name)
	case record.To == string(fleet.Old) && record.Phase.InFlight():
		return true // it was on its way back
	}
	// What took a node over by itself stays there.
	return unasked(n) && record.Phase.InFlight()
}
