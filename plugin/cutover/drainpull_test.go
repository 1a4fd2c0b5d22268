package cutover_test

import (
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

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
	changes, err := r.Client.AppsV1().DaemonSets(rig.Namespace).Watch(t.Context(), metav1.ListOptions{FieldSelector: "metadata.name=ingress-migrate-prepull"})
	r.Must(err)
	defer changes.Stop()
	r.Must(e.Move(t.Context(), "edge-3", fleet.New))

	if !strings.Contains(d.Text(), "edge-3 has the image traefik:2.11.50") {
		t.Errorf("nothing was said of the image:\n%s", d.Text())
	}
	there, _ := (<-changes.ResultChan()).Object.(*appsv1.DaemonSet)
	if there == nil {
		t.Fatal("nothing fetched the image")
	}
	terms := there.Spec.Template.Spec.Affinity.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution.NodeSelectorTerms
	if len(terms) != 1 || len(terms[0].MatchFields) != 1 || terms[0].MatchFields[0].Values[0] != "edge-3" {
		t.Errorf("it may run where %+v", terms)
	}
	if left := prePuller(r); left != nil && left.DeletionTimestamp == nil {
		t.Error("what fetched the image is left")
	}
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
