package rig

import (
	"fmt"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover/journal"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/fleet"
)

// Fleet reads the picture that the engine reads.
func (r *Rig) Fleet() *fleet.Fleet {
	r.T.Helper()
	f, err := (&fleet.Reader{Client: r.Client, Now: time.Now}).Read(r.T.Context())
	r.Must(err)
	return f
}

// Everywhere is every node with one side.
func Everywhere(side fleet.Side) map[string]fleet.Side {
	return map[string]fleet.Side{"edge-1": side, "edge-2": side, "edge-3": side, "edge-4": side}
}

// Served says which side serves each node.
func (r *Rig) Served() map[string]fleet.Side {
	r.T.Helper()
	out := map[string]fleet.Side{}
	for _, n := range r.Fleet().Nodes {
		out[n.Name] = n.Serves()
	}
	return out
}

// WaitServed waits until a side serves this many nodes, no more and no fewer.
func (r *Rig) WaitServed(side fleet.Side, count int) {
	r.T.Helper()
	r.Eventually(fmt.Sprintf("%d nodes are served by the %s proxy", count, side), func() error {
		found := 0
		for _, s := range r.Served() {
			if s == side {
				found++
			}
		}
		if found != count {
			return fmt.Errorf("%d are", found)
		}
		return nil
	})
}

// Serving returns the UIDs of a side's pods by node.
func (r *Rig) Serving(side fleet.Side) map[string]types.UID {
	r.T.Helper()
	out := map[string]types.UID{}
	for _, n := range r.Fleet().Nodes {
		for _, p := range n.Of(side) {
			if p.Serves() {
				out[n.Name] = p.UID
			}
		}
	}
	return out
}

// count counts a side's pods.
func (r *Rig) count(side fleet.Side, which func(fleet.Pod) bool) int {
	r.T.Helper()
	count := 0
	for _, n := range r.Fleet().Nodes {
		for _, p := range n.Of(side) {
			if which(p) {
				count++
			}
		}
	}
	return count
}

// Waiting counts pods of a side that no node has room for.
func (r *Rig) Waiting(side fleet.Side) int {
	r.T.Helper()
	return r.count(side, func(p fleet.Pod) bool { return !p.Bound })
}

// Outdated counts pods of a side that its current template would make otherwise.
func (r *Rig) Outdated(side fleet.Side) int {
	r.T.Helper()
	return r.count(side, func(p fleet.Pod) bool { return !p.Current })
}

// WaitWaiting waits until this many pods of a side wait.
func (r *Rig) WaitWaiting(side fleet.Side, count int) {
	r.T.Helper()
	r.Eventually(fmt.Sprintf("%d pods of the %s proxy wait", count, side), func() error {
		if n := r.Waiting(side); n != count {
			return fmt.Errorf("%d do", n)
		}
		return nil
	})
}

// Original is what must be the same again after a rollback.
type Original struct {
	Spec        appsv1.DaemonSetSpec
	Annotations map[string]string
	Revision    string
}

// Original is that of the old DaemonSet.
func (r *Rig) Original() Original {
	r.T.Helper()
	f := r.Fleet()
	ds := f.Old.Object.DeepCopy()
	delete(ds.Annotations, "deprecated.daemonset.template.generation")
	return Original{Spec: ds.Spec, Annotations: ds.Annotations, Revision: f.Old.RevisionName}
}

// WantRetired wants nothing of the old proxy and of the cutover to be left.
func (r *Rig) WantRetired(names ...string) {
	r.T.Helper()
	f := r.Fleet()
	if f.Old != nil || f.New == nil {
		r.T.Fatalf("old %v, new %v", f.Old, f.New)
	}
	if f.New.Guard.Present || f.New.Guard.Record != nil || f.Journal != nil {
		r.T.Errorf("guard %+v, journal %+v", f.New.Guard, f.Journal)
	}
	r.WantSame("strategy", NewSet(Rolling(1, 0)).Spec.UpdateStrategy, f.New.Object.Spec.UpdateStrategy)
	if a := f.New.Object.Spec.Template.Spec.Affinity; a != nil {
		r.T.Errorf("affinity %+v", a)
	}
	for _, name := range names {
		n := f.Node(name)
		if n == nil || n.Label != "" || n.Serves() != fleet.New {
			r.T.Errorf("%s: %+v", name, n)
			continue
		}
		for _, p := range n.Pods {
			if !p.UpToDate {
				r.T.Errorf("%s would be replaced by the next look of the controller", p.Name)
			}
		}
	}
	maps, err := r.Client.CoreV1().ConfigMaps(Namespace).List(r.T.Context(), metav1.ListOptions{LabelSelector: journal.Label})
	r.Must(err)
	if len(maps.Items) > 0 {
		r.T.Errorf("%d journals are left", len(maps.Items))
	}
}
