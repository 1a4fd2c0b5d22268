package shift_test

import (
	"errors"
	"testing"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	clienttesting "k8s.io/client-go/testing"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover/journal"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/lb"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/shift"
)

// TestRequestMeanwhile: another command's request, which changes the record's object, is
// no reason to give a step up; another step is.
func TestRequestMeanwhile(t *testing.T) {
	r := newRig(t)
	r.must(weight(0))
	store := &shift.Store{Client: r.client, Namespace: "edge"}
	id := shift.ID("aws", lb.Sides{Old: "v1", New: "v2"})
	if err := store.Request(t.Context(), id, journal.RequestPause); err != nil {
		t.Fatal(err)
	}
	// meanwhile is done once, before an update that then conflicts.
	var meanwhile func()
	r.client.PrependReactor("update", "configmaps", func(clienttesting.Action) (bool, runtime.Object, error) {
		if meanwhile == nil {
			return false, nil, nil
		}
		meanwhile()
		meanwhile = nil
		return true, nil, apierrors.NewConflict(schema.GroupResource{Resource: "configmaps"}, "record", errors.New("changed"))
	})
	meanwhile = func() {}
	r.must(weight(5))
	if got, err := store.Requested(t.Context(), id); got != journal.RequestPause || err != nil {
		t.Errorf("the request is gone: %q %v", got, err)
	}
	if err := store.Request(t.Context(), id, ""); err != nil {
		t.Fatal(err)
	}
	if got, err := store.Requested(t.Context(), id); got != "" || err != nil {
		t.Errorf("the request is still there: %q %v", got, err)
	}
	meanwhile = func() {
		resource := schema.GroupVersionResource{Version: "v1", Resource: "configmaps"}
		live, err := r.client.Tracker().Get(resource, "edge", "ingress-migrate-shift-"+id)
		if err != nil {
			t.Fatal(err)
		}
		changed := live.DeepCopyObject().(*corev1.ConfigMap)
		changed.Data["shift.json"] += " "
		if err := r.client.Tracker().Update(resource, changed, "edge"); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := r.do(weight(10)); !errors.Is(err, shift.ErrChanged) {
		t.Errorf("written over somebody else's step: %v", err)
	}
}
