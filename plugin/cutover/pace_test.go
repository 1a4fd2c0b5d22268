package cutover_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover/journal"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/fleet"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/rig"
)

// sizes are the batches in which nodes are moved.
func sizes(s cutover.Settings, nodes int) []int {
	var out []int
	for done := 0; done < nodes; done += s.BatchAfter(done, nodes) {
		out = append(out, min(nodes-done, s.BatchAfter(done, nodes)))
	}
	return out
}

func TestBatchesRamp(t *testing.T) {
	for name, test := range map[string]struct {
		settings cutover.Settings
		nodes    int
		want     []int
	}{
		"one by one":          {cutover.Settings{Batch: 1}, 4, []int{1, 1, 1, 1}},
		"up to five":          {cutover.Settings{Batch: 5}, 20, []int{1, 1, 2, 4, 5, 5, 2}},
		"a tenth":             {cutover.Settings{Batch: 1, BatchPercent: 10}, 30, []int{1, 1, 2, 3, 3, 3, 3, 3, 3, 3, 3, 2}},
		"a tenth of not much": {cutover.Settings{Batch: 1, BatchPercent: 10}, 4, []int{1, 1, 1, 1}},
		"all, in the end":     {cutover.Settings{Batch: 1, BatchPercent: 100}, 10, []int{1, 1, 2, 4, 2}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, sizes(test.settings, test.nodes)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

const zoneLabel = "topology.kubernetes.io/zone"

func zones(r *rig.Rig, zones map[string]string) {
	for name, zone := range zones {
		r.PatchNode(name, fmt.Sprintf(`{"metadata":{"labels":{%q:%q}}}`, zoneLabel, zone))
		r.T.Cleanup(func() {
			_, err := r.Client.CoreV1().Nodes().Patch(context.Background(), name, types.MergePatchType, fmt.Appendf(nil, `{"metadata":{"labels":{%q:null}}}`, zoneLabel), metav1.PatchOptions{})
			if err != nil {
				r.T.Error(err)
			}
		})
	}
}

// One zone after the other, never all of one, and the canary's first.
func TestZones(t *testing.T) {
	t.Parallel()
	r := rig.New(t)
	zones(r, map[string]string{"edge-1": "a", "edge-2": "b", "edge-3": "a", "edge-4": "b"})
	r.Deploy(rig.OldSet(), rig.NewSet())
	r.Watch(1, "edge-1", "edge-3")
	r.Watch(1, "edge-2", "edge-4")
	e, d := r.Engine()
	e.Settings.Canary, e.Settings.Batch, e.Settings.Floor = "edge-4", 4, 2
	r.Must(e.Run(t.Context()))
	var order []string
	for _, event := range d.Events {
		if event.Kind == cutover.NodeDone {
			order = append(order, event.Node)
		}
	}
	r.WantSame("order", []string{"edge-4", "edge-2", "edge-1", "edge-3"}, order)
	// By hand, the same.
	r.Must(e.Move(t.Context(), "edge-1", fleet.Old))
	r.Must(r.Sandbox.KillNode("edge-1"))
	r.Eventually("edge-1 is seen to be away", func() error {
		if r.Fleet().Node("edge-1").Ready {
			return fmt.Errorf("it is ready")
		}
		return nil
	})
	stopped := r.Stopped(e.Move(t.Context(), "edge-3", fleet.Old))
	if want := "1 of 2 nodes of zone a serve, 1 must at any moment: edge-3 cannot be taken out"; stopped.Reason != want {
		t.Errorf("reason %q, want %q", stopped.Reason, want)
	}
	r.Must(r.Sandbox.StartNode(t.Context(), "edge-1"))
}

// What a zone cannot give is said before anything is begun.
func TestZonesThatAreTooSmall(t *testing.T) {
	t.Parallel()
	r := rig.New(t)
	zones(r, map[string]string{"edge-1": "a", "edge-2": "b", "edge-3": "b", "edge-4": "b"})
	r.Deploy(rig.OldSet(), rig.NewSet())
	plan, err := cutover.MakePlan(r.Fleet(), rig.Quick(), "new")
	r.Must(err)
	r.WantSame("zones that go dark", []string{"a"}, plan.LoneZones)
	settings := rig.Quick()
	settings.ZoneFloor = 1
	if _, err := cutover.MakePlan(r.Fleet(), settings, "new"); err == nil || !strings.Contains(err.Error(), "zone a has 1 (edge-1)") {
		t.Errorf("with a floor of every zone: %v", err)
	}
}

func TestPauseAfterCanary(t *testing.T) {
	t.Parallel()
	r := rig.New(t)
	r.Deploy(rig.OldSet(), rig.NewSet())
	e, _ := r.Engine()
	e.Settings.PauseAfterCanary = true
	stopped := r.Stopped(e.Run(t.Context()))
	if !stopped.Interrupted || !strings.Contains(stopped.Reason, "edge-1 is moved") || !strings.Contains(stopped.Next, "cutover resume") {
		t.Errorf("%+v", stopped)
	}
	want := rig.Everywhere(fleet.Old)
	want["edge-1"] = fleet.New
	r.WantSame("served while it pauses", want, r.Served())
	r.Must(e.Resume(t.Context()))
	r.WantSame("served after resume", rig.Everywhere(fleet.New), r.Served())
	if r.Fleet().Journal.Switched == nil {
		t.Error("it is not recorded when the bake began")
	}
}

func prePuller(r *rig.Rig) *appsv1.DaemonSet {
	r.T.Helper()
	ds, err := r.Client.AppsV1().DaemonSets(rig.Namespace).Get(r.T.Context(), "ingress-migrate-prepull", metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil
	}
	r.Must(err)
	return ds
}

// watchPrePuller returns what waits for the DaemonSet that fetches the image, from now on:
// it may be there for too short a time to be asked for.
func watchPrePuller(r *rig.Rig) func() *appsv1.DaemonSet {
	r.T.Helper()
	changes, err := r.Client.AppsV1().DaemonSets(rig.Namespace).Watch(r.T.Context(), metav1.ListOptions{FieldSelector: "metadata.name=ingress-migrate-prepull"})
	r.Must(err)
	r.T.Cleanup(changes.Stop)
	return func() *appsv1.DaemonSet {
		made, _ := (<-changes.ResultChan()).Object.(*appsv1.DaemonSet)
		return made
	}
}

// wantSwept wants that nothing is left of what fetched the image.
func wantSwept(r *rig.Rig) {
	r.T.Helper()
	if left := prePuller(r); left != nil && left.DeletionTimestamp == nil {
		r.T.Error("what fetched the image is left")
	}
}

// Every node has the image before the first one is dark, nothing is left of what fetched
// it, and no serving pod was touched.
func TestPrePull(t *testing.T) {
	t.Parallel()
	r := rig.New(t)
	r.Deploy(rig.OldSet(), rig.NewSet())
	pods := r.Serving(fleet.Old)
	e, d := r.Engine()
	e.Settings.PrePull = true
	made := watchPrePuller(r)
	fetched := false
	d.On = func(event cutover.Event) {
		if event.Kind == cutover.Info && strings.Contains(event.Text, "every node has the image") {
			fetched = true
			r.WantSame("pods when it is fetched", pods, r.Serving(fleet.Old))
		}
	}
	r.Must(e.Run(t.Context()))
	if !fetched {
		t.Error("nobody said that every node has the image")
	}
	there := made()
	if there == nil || len(there.Spec.Template.Spec.Containers[0].Ports) > 0 || there.Spec.Template.Spec.HostNetwork {
		t.Errorf("what fetches the image: %+v", there)
	}
	wantSwept(r)
	if j := r.Fleet().Journal; j.Pulled != "traefik:2.11.50" || j.PulledID == "" {
		t.Errorf("recorded: %q, %q", j.Pulled, j.PulledID)
	}
	r.WantSame("served", rig.Everywhere(fleet.New), r.Served())
}

// An image that is not to be had stops the cutover while every node serves.
func TestPrePullOfNoImage(t *testing.T) {
	t.Parallel()
	r := rig.New(t)
	r.Deploy(rig.OldSet(), rig.DaemonSet("new", "traefik:2.99"))
	r.Watch(rig.Nodes)
	e, _ := r.Engine()
	e.Settings.PrePull, e.Settings.NodeTimeout = true, 3e9
	stopped := r.Stopped(e.Run(t.Context()))
	if !strings.Contains(stopped.Reason, "the image traefik:2.99 is not on edge-1 (") || !strings.Contains(stopped.Reason, "no node was moved") {
		t.Errorf("reason %q", stopped.Reason)
	}
	wantSwept(r)
	r.Must(e.RollbackAll(t.Context()))
	if phase := r.Fleet().Journal.Phase; phase != journal.RolledBack {
		t.Errorf("after the rollback the journal says %s", phase)
	}
}

// What an operator who died left is removed by the next one, whatever that does.
func TestPrePullThatWasLeft(t *testing.T) {
	t.Parallel()
	r := rig.New(t)
	r.Deploy(rig.OldSet(), rig.DaemonSet("new", "traefik:2.99"))
	ctx, kill := context.WithCancel(t.Context())
	defer kill()
	e, d := r.Engine()
	e.Settings.PrePull = true
	d.On = func(event cutover.Event) {
		if event.Kind == cutover.Wait && strings.Contains(event.Text, "nodes fetch the image") {
			kill()
		}
	}
	if err := e.Run(ctx); err == nil {
		t.Fatal("it was not killed")
	}
	if prePuller(r) == nil {
		t.Fatal("nothing is left")
	}
	heir, _ := r.Engine()
	heir.Settings.PrePull = true
	r.Must(heir.RollbackAll(t.Context()))
	wantSwept(r)
}
