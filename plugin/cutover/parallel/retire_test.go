package parallel_test

import (
	"context"
	"strings"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover/parallel"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/shift"
)

// complete is a rig whose cutover ended longer ago than a day, and through whose old
// controller nothing goes any more.
func complete(t *testing.T) *rig {
	t.Helper()
	r := newRig(t)
	r.settings.Weights, r.settings.CanarySoak, r.settings.Soak = []int{100}, 0, 0
	r.must(r.engine().Run(t.Context()))
	r.settings.Soak = 30 * time.Second
	r.clock.After(25 * time.Hour)
	r.forwarded.Store(0)
	return r
}

// old tells whether the old controller is there.
func (r *rig) old() bool {
	r.Helper()
	_, err := r.client.AppsV1().DaemonSets("edge").Get(context.Background(), "old", metav1.GetOptions{})
	if err != nil && !apierrors.IsNotFound(err) {
		r.Fatal(err)
	}
	return err == nil
}

func TestRetire(t *testing.T) {
	r := complete(t)
	if next := parallel.Next(r.record(), false, r.clock.Now()); !strings.HasPrefix(next, "remove the old controller (kubectl ingress-migrate retire)") {
		t.Errorf("next: %s", next)
	}
	plan, err := r.engine().PlanRetirement(t.Context())
	r.must(err)
	if plan.Old == nil || plan.Old.Name.String() != "edge/old" || plan.Unread != "" || plan.LoadBalancer != "ELB target groups v1 and v2" {
		t.Errorf("%+v", plan)
	}
	begun := r.clock.Now()
	r.must(r.engine().Retire(t.Context()))
	if took := r.clock.Now().Sub(begun); took < r.settings.Soak {
		t.Errorf("watched for %s only", took)
	}
	if r.old() || r.record() != nil || r.now() != "0:100" {
		t.Errorf("old %t, record %v, %s", r.old(), r.record(), r.now())
	}
	for _, want := range []string{"no request reached an application through traefik-1.7 in 30s", "DaemonSet edge/old is deleted", "aws still names v1 with weight 0"} {
		if !strings.Contains(r.told(""), want) {
			t.Errorf("told %q, which lacks %q", r.told(""), want)
		}
	}
	if err := r.engine().Retire(t.Context()); err == nil || !strings.Contains(err.Error(), "there is nothing to retire") {
		t.Errorf("again: %v", err)
	}
}

// TestRetireKilledAnywhere stops it after every single write, and wants that the same
// command goes on, or that going back still goes while the old controller is there.
func TestRetireKilledAnywhere(t *testing.T) {
	for name, back := range map[string]bool{"again": false, "back": true} {
		t.Run(name, func(t *testing.T) {
			wentBack := false
			for n := int64(0); ; n++ {
				r := complete(t)
				r.left.Store(n)
				err := r.engine().Retire(t.Context())
				ended := r.left.Load() > 0
				r.left.Store(unlimited)
				r.clock.After(2 * time.Hour)
				switch {
				case ended:
					r.must(err)
					if n < 3 || back && !wentBack {
						t.Fatalf("ended with %d writes, went back %t", n, wentBack)
					}
					return
				case back && r.old():
					wentBack = true
					r.must(r.engine().Rollback(t.Context()))
					r.wantOriginal()
				case back && r.record() != nil:
					if err := r.engine().Rollback(t.Context()); err == nil || !strings.Contains(err.Error(), "DaemonSet edge/old is deleted, nothing can go back to it") {
						t.Fatalf("after %d writes: %v", n, err)
					}
				case r.record() != nil:
					r.must(r.engine().Retire(t.Context()))
					if r.old() || r.record() != nil {
						t.Fatalf("after %d writes: old %t", n, r.old())
					}
				}
			}
		})
	}
}

// TestMayNotRetire: whatever speaks for leaving the old controller leaves it.
func TestMayNotRetire(t *testing.T) {
	for name, test := range map[string]struct {
		change func(r *rig)
		want   string
	}{
		"baking":          {func(r *rig) { r.settings.Bake = 48 * time.Hour }, "48h0m0s of bake are not over"},
		"clients":         {func(r *rig) { r.forwarded.Store(3) }, "requests reached applications through DaemonSet edge/old in 30s: some clients do not come by aws"},
		"changed by hand": {func(r *rig) { r.aws.Change(r.rule, weightOfNew("50")) }, "somebody else has changed the load balancer"},
		"sick":            {func(r *rig) { r.aws.SetHealth("v2", "i-1", "unhealthy") }, "1 of 2 targets of v2 are in service"},
		"back":            {func(r *rig) { r.shiftByHand(50) }, "50% of the requests go to the new side, and the shift is not finished"},
		"the same":        {func(r *rig) { r.settings.New = r.settings.Old }, "DaemonSet edge/old is the new controller as well as the old one"},
		"undone":          {func(r *rig) { r.must(r.engine().Rollback(t.Context())) }, "there is nothing to retire"},
	} {
		t.Run(name, func(t *testing.T) {
			r := complete(t)
			test.change(r)
			if err := r.engine().Retire(t.Context()); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("%v, want %q", err, test.want)
			}
			if !r.old() {
				t.Error("it is deleted")
			}
		})
	}
	t.Run("under way", func(t *testing.T) {
		r := newRig(t)
		r.settings.PauseAfterCanary = true
		r.stopped(r.engine().Run(t.Context()), "1% has passed")
		if err := r.engine().Retire(t.Context()); err == nil || !strings.Contains(err.Error(), "not complete (1% new): go on with kubectl ingress-migrate cutover resume") {
			t.Error(err)
		}
	})
}

func weightOfNew(weight string) map[string]string {
	return map[string]string{"Actions.member.1.ForwardConfig.TargetGroups.member.2.Weight": weight}
}

// TestRetireWithoutMetrics: who has none, or wants nobody to look, is warned and served.
func TestRetireWithoutMetrics(t *testing.T) {
	r := complete(t)
	r.forwarded.Store(3)
	r.settings.Traffic = nil
	plan, err := r.engine().PlanRetirement(t.Context())
	r.must(err)
	if plan.Unread != "metrics are not to be read (--metrics=false)" {
		t.Errorf("unread: %q", plan.Unread)
	}
	r.must(r.engine().Retire(t.Context()))
	if r.old() {
		t.Error("it is not deleted")
	}
}

// TestRetireByHand: a shift whose steps were commands ends the same way.
func TestRetireByHand(t *testing.T) {
	r := newRig(t)
	r.shiftByHand(0)
	r.shiftByHand(100)
	if err := r.engine().Retire(t.Context()); err == nil || !strings.Contains(err.Error(), "kubectl ingress-migrate shift finish ends it") {
		t.Errorf("not finished: %v", err)
	}
	e := r.engine().Shift
	e.Acquire = func(ctx context.Context) (shift.Lease, error) { return r.engine().Acquire(ctx, "shift") }
	request := shift.Request{Finish: true}
	plan, err := e.Plan(t.Context(), request)
	r.must(err)
	_, err = e.Do(t.Context(), request, plan)
	r.must(err)
	r.clock.After(25 * time.Hour)
	r.forwarded.Store(0)
	r.must(r.engine().Retire(t.Context()))
	if r.old() || r.record() != nil {
		t.Errorf("old %t, record %v", r.old(), r.record())
	}
}

// TestRetireMeetsAnotherOne: what was made anew meanwhile is not what was decided on.
func TestRetireMeetsAnotherOne(t *testing.T) {
	r := complete(t)
	r.must(func() error {
		lease, err := r.engine().Acquire(t.Context(), "retire")
		if err != nil {
			return err
		}
		defer lease.Release(t.Context())
		return r.engine().Shift.Retire(t.Context(), lease, &shift.Retirement{Kind: "DaemonSet", Namespace: "edge", Name: "old", UID: types.UID("another"), By: "ops", Begun: r.clock.Now()})
	}())
	r.stopped(r.engine().Retire(t.Context()), "the old DaemonSet edge/old was made anew: somebody applies its manifest (GitOps?)")
	if !r.old() {
		t.Error("it is deleted")
	}
	// A step by hand would send requests where nobody is soon.
	weight := 0
	if _, err := r.engine().Shift.Plan(t.Context(), shift.Request{Weight: &weight}); err == nil || !strings.Contains(err.Error(), "the old controller of this shift (DaemonSet edge/old) is being removed") {
		t.Errorf("shifted: %v", err)
	}
}
