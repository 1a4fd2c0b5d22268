package parallel_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime"
	clienttesting "k8s.io/client-go/testing"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover/parallel"
	aws "github.com/ingress-migrate/kubectl-ingress-migrate/test/sandbox/elbv2"
)

// TestAPIServerAway: calls are repeated, and a balancer that refuses half way is told of.
func TestAPIServerAway(t *testing.T) {
	r := newRig(t)
	failing := 0
	r.client.PrependReactor("*", "configmaps", func(a clienttesting.Action) (bool, runtime.Object, error) {
		if failing++; failing%7 < 2 {
			return true, nil, apierrors.NewServiceUnavailable("restarting")
		}
		return false, nil, nil
	})
	r.must(r.engine().Run(t.Context()))
	if !strings.Contains(r.told(""), "no answer, trying again") {
		t.Error("nothing was told")
	}
}

// TestGrows: what is added while a weight is watched may take its time.
func TestGrows(t *testing.T) {
	r := newRig(t)
	r.clock.passing = func() {
		if record := r.record(); record != nil && record.Course != nil && record.Course.Good == 1 && record.Split.Weight == 5 {
			r.clock.passing = nil
			r.aws.SetHealth("v2", "i-3", "initial")
			r.deployment(func(d *appsv1.Deployment) { *d.Spec.Replicas, d.Status.Replicas = 2, 2 })
		}
	}
	r.settings.PauseAfterCanary = true
	r.stopped(r.engine().Run(t.Context()), "1% has passed")
	r.settings.PauseAfterCanary = false
	r.settings.ReadyTimeout = 0 // between two weights all have to be there
	stopped := r.stopped(r.engine().Resume(t.Context()), "25% did not pass: Deployment edge/new of the new side is in the middle of an update")
	if r.now() != "95:5" {
		t.Errorf("what serves lost its weight: %s", r.now())
	}
	if passages := r.record().Course.Passages; passages[len(passages)-1].Weight != 5 || passages[len(passages)-1].Passed == nil {
		t.Errorf("5%% has not passed: %+v, %+v", stopped, passages)
	}
}

// TestCannotBeLowered: the reason is told, whatever else goes wrong.
func TestCannotBeLowered(t *testing.T) {
	r := newRig(t)
	r.clock.passing = func() {
		if record := r.record(); record.Split.Weight == 5 && record.Course.Good == 1 {
			r.aws.SetHealth("v2", "i-2", "unhealthy")
			r.aws.Before(func(action string) *aws.Error {
				if action == "DescribeListeners" {
					return &aws.Error{Status: 403, Code: "AccessDenied", Message: "no"}
				}
				return nil
			})
		}
	}
	stopped := r.stopped(r.engine().Run(t.Context()), "5% did not pass: 1 of 2 targets of v2 are in service; i-2:80 is Unhealthy")
	if !strings.Contains(stopped.Reason, "could not be lowered: could not list the listeners") || r.record().Course.Stopped != stopped.Reason {
		t.Errorf("%+v, recorded %q", stopped, r.record().Course.Stopped)
	}
}

func TestRefusedHalfWay(t *testing.T) {
	r := newRig(t)
	modified := 0
	r.each = func(what string) {
		if strings.HasPrefix(what, "Modify") {
			if modified++; modified == 3 { // of the two for 0% and the two for 1%
				r.left.Store(1)
			}
		}
	}
	err := r.engine().Run(t.Context())
	r.left.Store(unlimited)
	if err == nil || errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	r.clock.After(2 * time.Hour)
	if text := parallel.PhaseText(r.record()); text != "1% new, not proven yet" {
		t.Errorf("phase %q", text)
	}
	r.must(r.engine().Resume(t.Context()))
}

func TestPlan(t *testing.T) {
	r := newRig(t)
	plan, err := r.engine().Plan(t.Context())
	r.must(err)
	want := []parallel.PlanStep{{Weight: 1, SoakSeconds: 60}, {Weight: 5, SoakSeconds: 30}, {Weight: 25, SoakSeconds: 30}, {Weight: 50, SoakSeconds: 30}, {Weight: 100, SoakSeconds: 30}}
	if diff := cmp.Diff(want, plan.Steps); diff != "" || plan.EstimateSeconds < 180 {
		t.Errorf("%s %d", diff, plan.EstimateSeconds)
	}
	if plan.Old != "traefik-1.7 (DaemonSet edge/old, 1 of 1 pods ready)" || plan.New != "traefik-3.4 (Deployment edge/new, 1 of 1 pods ready)" {
		t.Errorf("%s, %s", plan.Old, plan.New)
	}
	r.wantOriginal()
	r.settings.PauseAfterCanary = true
	r.stopped(r.engine().Run(t.Context()), "1% has passed")
	plan, err = r.engine().Plan(t.Context())
	r.must(err)
	if plan.Weight != 1 || len(plan.Steps) != 4 {
		t.Errorf("half way: %+v", plan)
	}
}

func TestParseWeights(t *testing.T) {
	if got, err := parallel.ParseWeights("10%, 50,100"); err != nil || !cmp.Equal(got, []int{10, 50, 100}) {
		t.Errorf("%v %v", got, err)
	}
	for _, bad := range []string{"", "0,100", "5,5,100", "50,25,100", "5,25", "101", "ten"} {
		if got, err := parallel.ParseWeights(bad); err == nil {
			t.Errorf("%q is taken for %v", bad, got)
		}
	}
}
