package repair_test

import (
	"context"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	clienttesting "k8s.io/client-go/testing"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/desired"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/repair"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/scan"
)

func named(kind, name string) *unstructured.Unstructured {
	return &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "traefik.io/v1alpha1", "kind": kind, "metadata": map[string]any{"namespace": "shop", "name": name},
	}}
}

func object(kind, name string, state scan.State, differences ...desired.Difference) scan.Object {
	u, err := scan.Pack(named(kind, name))
	if err != nil {
		panic(err)
	}
	o := scan.Object{APIVersion: "traefik.io/v1alpha1", Kind: kind, Name: name, State: state, Differences: differences}
	if state != scan.Unwanted {
		o.Want, o.Protects = u, desired.Protects(named(kind, name))
	}
	if state != desired.Missing {
		o.Live = u
	}
	return o
}

func report(objects ...scan.Object) *scan.Report {
	return &scan.Report{Items: []scan.Item{{Namespace: "shop", Ingress: "cart", Objects: objects}}}
}

func TestPlan(t *testing.T) {
	difference := desired.Difference{Field: "spec.routes[0].match", Want: "a", Live: "b"}
	drifted := object("IngressRoute", "drifted", desired.Drifted, difference)
	drifted.Editor = &scan.Editor{Manager: "kubectl-edit"}
	editedLeftover := object("Middleware", "edited", scan.Unwanted)
	editedLeftover.Edited = true
	all := report(
		object("Middleware", "missing", desired.Missing),
		object("IngressRoute", "fine", desired.InSync),
		object("IngressRoute", "leftover", scan.Unwanted),
		editedLeftover,
		object("IngressRoute", "stale", desired.Stale, difference),
		object("IngressRoute", "unlinked", scan.Unlinked),
		drifted,
		object("IngressRoute", "diverged", desired.Diverged, difference),
		object("IngressRoute", "foreign", desired.Foreign, difference),
		object("IngressRoute", "equal", desired.Foreign),
	)
	type step struct {
		Action    repair.Action
		Name, Why string
	}
	kept := []step{
		{repair.Create, "missing", ""},
		{repair.Update, "stale", ""},
		{repair.Update, "unlinked", ""},
		{repair.Keep, "drifted", "edited by kubectl-edit: spec.routes[0].match (--overwrite replaces it)"},
		{repair.Keep, "diverged", "edited by hand: spec.routes[0].match (--overwrite replaces it)"},
		{repair.Keep, "foreign", "it was not made by ingress-migrate"},
	}
	overwritten := []step{
		{repair.Create, "missing", ""},
		{repair.Update, "stale", ""},
		{repair.Update, "unlinked", ""},
		{repair.Overwrite, "drifted", ""},
		{repair.Overwrite, "diverged", ""},
		{repair.Keep, "foreign", "it was not made by ingress-migrate"},
	}
	cases := map[string]struct {
		options repair.Options
		want    []step
	}{
		"plain":     {repair.Options{}, kept},
		"overwrite": {repair.Options{Overwrite: true}, overwritten},
		"prune": {repair.Options{Prune: true}, append(kept[:len(kept):len(kept)],
			step{repair.Delete, "leftover", ""},
			step{repair.Keep, "edited", "no longer wanted, but edited by hand (--overwrite deletes it too)"})},
		"both": {repair.Options{Prune: true, Overwrite: true}, append(overwritten[:len(overwritten):len(overwritten)],
			step{repair.Delete, "leftover", ""}, step{repair.Delete, "edited", ""})},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			var got []step
			for _, s := range repair.Plan(all, c.options) {
				got = append(got, step{s.Action, s.Object.Name, s.Why})
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// A route is not written when something that it refers to is not in place; other
// Ingresses go on.
func TestRunHoldsRoutesBack(t *testing.T) {
	client := cluster()
	client.PrependReactor("patch", "middlewares", func(clienttesting.Action) (bool, runtime.Object, error) {
		return true, nil, apierrors.NewForbidden(schema.GroupResource{Group: "traefik.io", Resource: "middlewares"}, "auth", errors.New("no"))
	})
	client.PrependReactor("patch", "ingressroutes", func(action clienttesting.Action) (bool, runtime.Object, error) {
		patch, ok := action.(clienttesting.PatchAction)
		if !ok {
			return false, nil, nil
		}
		return true, named("IngressRoute", patch.GetName()), nil
	})
	r := report(object("Middleware", "auth", desired.Missing), object("IngressRoute", "cart", desired.Missing))
	r.Items = append(r.Items, scan.Item{Namespace: "shop", Ingress: "other", Objects: []scan.Object{object("IngressRoute", "other", desired.Missing)}})
	got := map[string]string{}
	runner := &repair.Runner{Objects: client, Done: func(step repair.Step, _ *unstructured.Unstructured, err error) {
		switch {
		case errors.Is(err, repair.ErrHeld):
			got[step.Object.Name] = "held"
		case err != nil:
			got[step.Object.Name] = "failed"
		default:
			got[step.Object.Name] = "written"
		}
	}}
	if err := runner.Run(context.Background(), repair.Plan(r, repair.Options{})); err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"auth": "failed", "cart": "held", "other": "written"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestRunEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	runner := &repair.Runner{Done: func(repair.Step, *unstructured.Unstructured, error) { t.Error("something was done") }}
	if err := runner.Run(ctx, repair.Plan(report(object("IngressRoute", "cart", desired.Missing)), repair.Options{})); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}
