package cutover_test

import (
	"strings"
	"testing"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/fleet"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/rig"
)

// A node that is moved by hand has the image before it is dark; the others are not made
// to fetch it, and a cutover that goes on later does not believe that they have.
func TestDrainPullsOnItsNode(t *testing.T) {
	t.Parallel()
	r := rig.New(t)
	r.Deploy(rig.OldSet(), rig.NewSet())
	e, d := r.Engine()
	e.Settings.PrePull = true
	made := watchPrePuller(r)
	r.Must(e.Move(t.Context(), "edge-3", fleet.New))

	if !strings.Contains(d.Text(), "edge-3 has the image traefik:2.11.50") {
		t.Errorf("nothing was said of the image:\n%s", d.Text())
	}
	there := made()
	if there == nil {
		t.Fatal("nothing fetched the image")
	}
	terms := there.Spec.Template.Spec.Affinity.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution.NodeSelectorTerms
	if len(terms) != 1 || len(terms[0].MatchFields) != 1 || terms[0].MatchFields[0].Values[0] != "edge-3" {
		t.Errorf("it may run where %+v", terms)
	}
	wantSwept(r)
	if j := r.Fleet().Journal; j.Pulled != "" {
		t.Errorf("recorded that all nodes have %s", j.Pulled)
	}
}

// An image that is not to be had keeps the node with the old proxy.
func TestDrainWithoutImage(t *testing.T) {
	t.Parallel()
	r := rig.New(t)
	r.Deploy(rig.OldSet(), rig.DaemonSet("new", "traefik:2.99"))
	r.Watch(rig.Nodes)
	e, _ := r.Engine()
	e.Settings.PrePull, e.Settings.NodeTimeout = true, 3e9
	stopped := r.Stopped(e.Move(t.Context(), "edge-3", fleet.New))
	if !strings.Contains(stopped.Reason, "the image traefik:2.99 is not on edge-3 (") || !strings.Contains(stopped.Next, "ingress-migrate drain edge-3") {
		t.Errorf("reason %q, next %q", stopped.Reason, stopped.Next)
	}
}
