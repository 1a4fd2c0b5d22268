package cutover_test

import (
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover/journal"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/fleet"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/rig"
)

// storyteller is an engine that begins the story's way.
func storyteller(r *rig.Rig) (*cutover.Engine, *rig.Diary) {
	e, d := r.Engine()
	e.Settings.Strategy = journal.Story
	return e, d
}

// leftOut are the host names that a set's required terms leave out, the same in each.
func leftOut(r *rig.Rig, set *fleet.Set) []string {
	r.T.Helper()
	a := set.Object.Spec.Template.Spec.Affinity
	if a == nil || a.NodeAffinity == nil || a.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution == nil {
		return nil
	}
	var all [][]string
	for _, term := range a.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution.NodeSelectorTerms {
		last := term.MatchExpressions[len(term.MatchExpressions)-1]
		if last.Key != corev1.LabelHostname || last.Operator != corev1.NodeSelectorOpNotIn {
			return nil
		}
		all = append(all, last.Values)
	}
	for _, values := range all[1:] {
		r.WantSame("every term", all[0], values)
	}
	return all[0]
}

// TestStoryThereAndBack is the way of the original story, with everything that an engine
// adds to it, and back to exactly what was before.
func TestStoryThereAndBack(t *testing.T) {
	t.Parallel()
	for name, affinity := range map[string]rig.Change{
		"no affinity": func(*appsv1.DaemonSet) {},
		"two terms":   twoTerms,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := rig.New(t)
			r.Deploy(rig.OldSet(affinity), rig.NewSet(affinity))
			r.WaitWaiting(fleet.New, rig.Nodes)
			before, newBefore := r.Original(), r.Fleet().New
			r.Watch(rig.Floor)

			e, d := storyteller(r)
			moved := []string{}
			d.On = func(ev cutover.Event) {
				if ev.Kind != cutover.NodeDone || ev.To != fleet.New {
					return
				}
				moved = append(moved, ev.Node)
				r.WantSame("left out of the old one", moved, leftOut(r, r.Fleet().Old))
			}
			r.Must(e.Run(t.Context()))
			r.WantSame("after run", rig.Everywhere(fleet.New), r.Served())
			f := r.Fleet()
			if f.Journal.Strategy != journal.Story || f.Old == nil || f.Old.Rolling() || f.New.Rolling() {
				t.Errorf("strategy %q, old %v", f.Journal.Strategy, f.Old)
			}
			for _, n := range f.Nodes {
				if n.Label != "" {
					t.Errorf("%s has the label %q", n.Name, n.Label)
				}
			}

			r.Must(e.RollbackAll(t.Context()))
			r.WantSame("after rollback", rig.Everywhere(fleet.Old), r.Served())
			r.WantSame("the old DaemonSet", before, r.Original())
			f = r.Fleet()
			r.WantSame("the new DaemonSet", newBefore.Object.Spec, f.New.Object.Spec)
			if f.New.Guard.Record != nil || f.New.RevisionName != newBefore.RevisionName {
				t.Errorf("note %+v, revision %s, want %s", f.New.Guard.Record, f.New.RevisionName, newBefore.RevisionName)
			}
			r.WaitWaiting(fleet.New, rig.Nodes)
			for _, n := range r.Fleet().Nodes {
				for _, p := range n.Of(fleet.Old) {
					if !p.UpToDate {
						t.Errorf("%s would be replaced", p.Name)
					}
				}
			}
		})
	}
}

// TestStoryFlipsByItself: an old pod that somebody deletes hands its node to the one that
// waits (E10). The engine says so, judges the node, and records it.
func TestStoryFlipsByItself(t *testing.T) {
	t.Parallel()
	r := rig.New(t)
	r.Deploy(rig.OldSet(), rig.NewSet())
	r.WaitWaiting(fleet.New, rig.Nodes)
	e, d := storyteller(r)
	d.On = rig.At(cutover.NodeDone, "edge-1", func() {
		r.Must(r.Client.CoreV1().Pods(rig.Namespace).Delete(t.Context(), r.Fleet().Node("edge-4").Of(fleet.Old)[0].Name, metav1.DeleteOptions{}))
		r.Eventually("edge-4 goes over by itself", func() error {
			if s := r.Served()["edge-4"]; s != fleet.New {
				return errServed(s)
			}
			return nil
		})
		status := cutover.NewStatus(r.Fleet(), e.Settings, e.Clock.Now())
		for _, n := range status.Nodes {
			if n.Name == "edge-4" && !strings.Contains(n.State, "by itself") {
				t.Errorf("status says %q", n.State)
			}
		}
	})
	r.Must(e.Run(t.Context()))
	r.WantSame("after run", rig.Everywhere(fleet.New), r.Served())
	if !strings.Contains(d.Text(), "warning edge-4 nobody moved it") {
		t.Errorf("nobody was told:\n%s", d.Text())
	}
	j := r.Fleet().Journal
	if n := j.Node("edge-4"); !n.Unasked || n.Phase != journal.Done {
		t.Errorf("recorded as %+v", n)
	}
	if n := j.Node("edge-2"); n.Unasked {
		t.Errorf("recorded as %+v", n)
	}
	r.Must(e.RollbackAll(t.Context()))
}

type errServed fleet.Side

func (e errServed) Error() string { return "it is served by " + string(e) }

// TestStoryPutsBack: a node whose new proxy does not pass goes back to the old one, which
// is let in again before the new one is left out.
func TestStoryPutsBack(t *testing.T) {
	t.Parallel()
	r := rig.New(t)
	r.Deploy(rig.OldSet(), rig.NewSet(rig.Args("-wrong")))
	before := r.Original()
	r.Watch(rig.Floor)
	e, _ := storyteller(r)
	stopped := r.Stopped(e.Run(t.Context()))
	if !strings.Contains(stopped.Reason, "edge-1 was put back") {
		t.Errorf("reason %q", stopped.Reason)
	}
	r.WantSame("after it", rig.Everywhere(fleet.Old), r.Served())
	f := r.Fleet()
	r.WantSame("left out of the new one", []string{"edge-1"}, leftOut(r, f.New))
	r.WantSame("left out of the old one", []string(nil), leftOut(r, f.Old))

	// Mended while its pods wait: those are made anew before their node is moved (E21).
	r.Update("new", func(ds *appsv1.DaemonSet) {
		ds.Spec.Template.Spec.Containers[0].Args = rig.NewSet().Spec.Template.Spec.Containers[0].Args
	})
	r.Must(e.Resume(t.Context()))
	r.WantSame("mended", rig.Everywhere(fleet.New), r.Served())
	if n := r.Outdated(fleet.New); n > 0 {
		t.Errorf("%d pods are of the older template", n)
	}
	r.Must(e.RollbackAll(t.Context()))
	r.WantSame("the old DaemonSet", before, r.Original())
}

// TestStoryOneNodeAndAbort: a node is given back by hand, then the cutover is given up:
// nobody waits for anybody's ports any more, and all goes back.
func TestStoryOneNodeAndAbort(t *testing.T) {
	t.Parallel()
	r := rig.New(t)
	r.Deploy(rig.OldSet(), rig.NewSet())
	before := r.Original()
	r.Watch(rig.Floor)
	e, d := storyteller(r)
	d.On = rig.At(cutover.NodeDone, "edge-2", func() { r.Must(e.Pause(t.Context())) })
	r.Stopped(e.Run(t.Context()))
	d.On = nil
	r.Must(e.Move(t.Context(), "edge-2", fleet.Old))
	r.WaitServed(fleet.New, 1)

	again, _ := r.Engine() // of the other strategy
	if err := again.Run(t.Context()); err == nil || !strings.Contains(err.Error(), "is under way") {
		t.Errorf("a run meanwhile: %v", err)
	}
	if asked, err := e.Abort(t.Context()); asked || !r.Stopped(err).Interrupted {
		t.Errorf("abort: %v, %v", asked, err)
	}
	r.WaitWaiting(fleet.New, 0)
	r.WantSame("after the abort", map[string]fleet.Side{"edge-1": fleet.New, "edge-2": fleet.Old, "edge-3": fleet.Old, "edge-4": fleet.Old}, r.Served())
	again, _ = r.Engine()
	if err := again.Run(t.Context()); err == nil || !strings.Contains(err.Error(), "--strategy=story") {
		t.Errorf("another strategy: %v", err)
	}
	r.Must(e.RollbackAll(t.Context()))
	r.WantSame("the old DaemonSet", before, r.Original())
}

// TestStoryWithoutItsJournal goes back by what the DaemonSets say.
func TestStoryWithoutItsJournal(t *testing.T) {
	t.Parallel()
	r := rig.New(t)
	r.Deploy(rig.OldSet(), rig.NewSet())
	before, newBefore := r.Original(), r.Fleet().New.Object.Spec
	r.Watch(rig.Floor)
	e, d := storyteller(r)
	d.On = rig.At(cutover.NodeDone, "edge-1", func() { r.Must(e.Pause(t.Context())) })
	r.Stopped(e.Run(t.Context()))
	r.LoseJournals()
	heir, _ := r.Engine()
	r.Must(heir.RollbackAll(t.Context()))
	r.WantSame("the old DaemonSet", before, r.Original())
	r.WantSame("the new DaemonSet", newBefore, r.Fleet().New.Object.Spec)
}

// TestStoryManifestAppliedAgain: somebody takes the host names away. No node moves, resume
// puts back what still holds.
func TestStoryManifestAppliedAgain(t *testing.T) {
	t.Parallel()
	r := rig.New(t)
	r.Deploy(rig.OldSet(), rig.NewSet())
	r.Watch(rig.Floor)
	e, d := storyteller(r)
	d.On = rig.At(cutover.NodeDone, "edge-2", func() { r.Must(e.Pause(t.Context())) })
	r.Stopped(e.Run(t.Context()))
	d.On = nil
	r.Update("old", func(ds *appsv1.DaemonSet) { ds.Spec.Template.Spec.Affinity = nil })
	r.WaitWaiting(fleet.Old, 2)
	r.Must(e.Resume(t.Context()))
	r.WantSame("resumed", rig.Everywhere(fleet.New), r.Served())
	r.WantSame("left out", []string{"edge-1", "edge-2", "edge-3", "edge-4"}, leftOut(r, r.Fleet().Old))
}

// TestStoryRetires: after the bake the old one is removed and nothing is left.
func TestStoryRetires(t *testing.T) {
	t.Parallel()
	r := rig.New(t)
	names := r.Pair()
	r.Create(rig.OldSet(rig.OnPair))
	r.WaitServed(fleet.Old, len(names))
	r.Create(rig.NewSet(rig.OnPair))
	r.Watch(1, names...)
	e, _ := storyteller(r)
	e.Settings.AcceptSingleNode, e.Settings.Bake = true, 0
	r.Must(e.Run(t.Context()))
	r.Must(e.Retire(t.Context(), cutover.Retirement{Recreate: true}))
	r.WantRetired(names...)
}
