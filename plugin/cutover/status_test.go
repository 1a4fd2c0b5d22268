package cutover

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/fleet"
)

// Whose a node is can be read without knowing by what it is placed.
func TestStatusTellsWhoseANodeIs(t *testing.T) {
	set := func(side fleet.Side) *fleet.Set { return &fleet.Set{Side: side, Object: &appsv1.DaemonSet{}} }
	f := &fleet.Fleet{Old: set(fleet.Old), New: set(fleet.New), Nodes: []fleet.Node{
		{Name: "without a label"},
		{Name: "with the label", Label: fleet.LabelNew},
		{Name: "left out by the old one", NotOld: true},
		{Name: "left out by the new one", NotNew: true},
		{Name: "left out by neither", Contested: true},
	}}
	got := map[string]string{}
	for _, n := range NewStatus(f, DefaultSettings(), time.Now()).Nodes {
		got[n.Name] = n.Owner
	}
	want := map[string]string{
		"without a label": "old", "with the label": "new",
		"left out by the old one": "new", "left out by the new one": "old", "left out by neither": "both",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
