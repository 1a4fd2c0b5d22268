package shift_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/lb"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/shift"
	aws "github.com/ingress-migrate/kubectl-ingress-migrate/test/sandbox/elbv2"
)

// TestStory is that of product story S2, at a load balancer with rules of its own.
func TestStory(t *testing.T) {
	r := newRig(t)
	r.must(header)
	r.wantRules(
		"5 /api/* api:1",
		"9 shop.test X-Migrate=new v2:1",
		"10 shop.test v1:100 v2:0",
		"19 admin.test X-Migrate=new authenticate-cognito v2:1",
		"20 admin.test authenticate-cognito v1:100 v2:0",
		"21 X-Migrate=new v2:1",
		"0 v1:100 v2:0",
	)
	r.must(weight(5))
	r.must(shift.Request{Header: &lb.Header{Name: "X-Tester", Value: "yes"}})
	r.must(weight(100))
	r.wantRules(
		"5 /api/* api:1",
		"9 shop.test X-Tester=yes v2:1",
		"10 shop.test v1:0 v2:100",
		"19 admin.test X-Tester=yes authenticate-cognito v2:1",
		"20 admin.test authenticate-cognito v1:0 v2:100",
		"21 X-Tester=yes v2:1",
		"0 v1:0 v2:100",
	)
	r.must(shift.Request{Finish: true})
	r.wantRules("5 /api/* api:1", "10 shop.test v1:0 v2:100", "20 admin.test authenticate-cognito v1:0 v2:100", "0 v1:0 v2:100")
	// The way back is still there.
	r.must(undo)
	r.wantOriginal()
	if _, err := r.do(undo); err == nil || !strings.Contains(err.Error(), "nothing of this shift is recorded") {
		t.Errorf("undone twice: %v", err)
	}
	r.must(weight(0)) // and one may begin again
	r.must(weight(1))
	r.must(undo)
	r.wantOriginal()
}

// TestKilledAnywhere stops the command after every single call, to the API server or to
// AWS, from the last look before the first write on, and wants that the next one can
// finish and undo.
func TestKilledAnywhere(t *testing.T) {
	steps := []struct {
		name   string
		before []shift.Request
		step   shift.Request
	}{
		{"header", nil, header},
		{"weight", []shift.Request{header}, weight(25)},
		{"finish", []shift.Request{header, weight(100)}, shift.Request{Finish: true}},
		{"undo", []shift.Request{header, weight(50)}, undo},
	}
	for _, s := range steps {
		t.Run(s.name, func(t *testing.T) {
			killed := 0
			for n := int64(-1); ; n++ {
				r := newRig(t)
				for _, request := range s.before {
					r.must(request)
				}
				if n < 0 { // the plan is made twice: to be shown, and under the lease
					r.spent.Store(0)
					asked := s.step
					asked.MinHealthy = 100
					if _, err := r.engine().Plan(t.Context(), asked); err != nil {
						t.Fatal(err)
					}
					n = 2*r.spent.Load() - 1
				}
				r.left.Store(n)
				_, err := r.do(s.step)
				r.left.Store(unlimited)
				if err == nil {
					break
				}
				killed++
				again := s.step
				if again.Undo {
					// It may have been done, and only the news of it been lost.
					if _, err := r.do(again); err != nil && !strings.Contains(err.Error(), "nothing of this shift is recorded") {
						t.Fatalf("after %d calls, again: %v", n, err)
					}
					r.wantOriginal()
					continue
				}
				if n%2 == 0 { // finish it first
					if _, err := r.do(again); err != nil {
						t.Fatalf("after %d calls, again: %v", n, err)
					}
				}
				if _, err := r.do(undo); err != nil && !strings.Contains(err.Error(), "nothing of this shift is recorded") {
					t.Fatalf("undo after %d calls: %v", n, err)
				}
				r.wantOriginal()
			}
			if killed < 10 {
				t.Errorf("killed at %d calls only", killed)
			}
		})
	}
}

func TestDriftStops(t *testing.T) {
	r := newRig(t)
	r.must(weight(0))
	r.must(weight(10))
	r.aws.Change(r.shop, map[string]string{"Actions.member.1.ForwardConfig.TargetGroups.member.2.Weight": "50"})
	before := r.aws.Dump()
	for name, request := range map[string]shift.Request{"weight": weight(20), "header": header, "undo": undo} {
		_, err := r.do(request)
		var drift *shift.DriftError
		if !errors.As(err, &drift) {
			t.Fatalf("%s: %v", name, err)
		}
		for _, want := range []string{r.shop, "actions[0].ForwardConfig.TargetGroups[1].Weight", "written 10", "found   50", "--overwrite"} {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v lacks %q", name, err, want)
			}
		}
	}
	if got := r.aws.Dump(); got != before {
		t.Errorf("something was written:\n%s", got)
	}
	over := undo
	over.Overwrite = true
	r.must(over)
	r.wantOriginal()
}

// TestOthersRules: what appears is taken in when asked to, what was deleted stays so, and
// rules that do not concern the shift never stop it.
func TestOthersRules(t *testing.T) {
	r := newRig(t)
	r.must(weight(0))
	r.must(weight(10))
	r.aws.AddRule(r.https, 30, with(aws.Forward("api"), "Conditions.member.1.Field", "host-header", "Conditions.member.1.HostHeaderConfig.Values.member.1", "other.test"))
	r.must(weight(20))
	r.aws.AddRule(r.https, 40, with(aws.Forward("v1"), "Conditions.member.1.Field", "host-header", "Conditions.member.1.HostHeaderConfig.Values.member.1", "late.test"))
	r.aws.Remove(r.admin)
	if _, err := r.do(weight(30)); err == nil || !strings.Contains(err.Error(), "late.test") || !strings.Contains(err.Error(), "found   absent") {
		t.Errorf("no word of drift: %v", err)
	}
	over := weight(30)
	over.Overwrite = true
	r.must(over)
	r.wantRules("5 /api/* api:1", "10 shop.test v1:70 v2:30", "30 other.test api:1", "40 late.test v1:70 v2:30", "0 v1:70 v2:30")
	r.must(undo)
	r.wantRules("5 /api/* api:1", "10 shop.test v1:1", "30 other.test api:1", "40 late.test v1:1", "0 v1:1")
}

func TestUnhealthyGroupGetsNoMore(t *testing.T) {
	r := newRig(t)
	// No rule names it, so nobody knows whether it is well.
	if _, err := r.do(weight(1)); err == nil || !strings.Contains(err.Error(), "0 of 2 targets of v2 are in service") || !strings.Contains(err.Error(), "shift weight 0") {
		t.Fatalf("not asked: %v", err)
	}
	r.wantOriginal()
	r.must(weight(0))
	r.wantRules("5 /api/* api:1", "10 shop.test v1:100 v2:0", "20 admin.test authenticate-cognito v1:100 v2:0", "0 v1:100 v2:0")
	r.must(weight(10))
	r.aws.SetHealth("v2", "i-2", "unhealthy")
	before := r.aws.Dump()
	var unhealthy *shift.UnhealthyError
	if _, err := r.do(weight(20)); !errors.As(err, &unhealthy) || !strings.Contains(err.Error(), "1 of 2 targets of v2 are in service; i-2:80 is Unhealthy (Target.ResponseCodeMismatch") {
		t.Fatalf("shifted: %v", err)
	}
	if r.aws.Dump() != before {
		t.Error("something was written")
	}
	half := weight(20)
	half.MinHealthy = 50
	r.must(half)
	// Going back asks nobody's leave.
	r.aws.SetHealth("v1", "i-1", "unhealthy")
	r.must(weight(5))
	plan, err := r.do(undo)
	if err != nil || len(plan.Warnings) != 1 {
		t.Errorf("%v, warnings %v", err, plan)
	}
	r.wantOriginal()
}

// Whoever was quicker between the plan that was shown and the step wins.
func TestAnotherOperator(t *testing.T) {
	r := newRig(t)
	r.must(weight(0))
	request := weight(10)
	request.MinHealthy = 100
	e := r.engine()
	plan, err := e.Plan(t.Context(), request)
	if err != nil {
		t.Fatal(err)
	}
	r.must(header)
	before := r.aws.Dump()
	if _, err := e.Do(t.Context(), request, plan); !errors.Is(err, shift.ErrOtherPlan) {
		t.Errorf("done: %v", err)
	}
	if r.aws.Dump() != before {
		t.Error("something was written")
	}
}

func TestLeaseLost(t *testing.T) {
	for checks := range 5 { // of the six that a header and its weights take
		r := newRig(t)
		e := r.engine()
		e.Acquire = func(context.Context) (shift.Lease, error) { return lease{&checks}, nil }
		plan, err := e.Plan(t.Context(), header)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := e.Do(t.Context(), header, plan); !errors.Is(err, errLost) {
			t.Fatalf("done without the lease: %v", err)
		}
		if _, err := r.do(undo); err != nil && !strings.Contains(err.Error(), "nothing of this shift is recorded") {
			t.Fatal(err)
		}
		r.wantOriginal()
	}
}

// The record is the only way back: one that is deleted while a step is made is written anew.
func TestRecordDeletedMeanwhile(t *testing.T) {
	r := newRig(t)
	r.aws.Before(func(action string) *aws.Error {
		if action == "ModifyListener" {
			r.forget()
		}
		return nil
	})
	r.must(weight(0))
	r.aws.Before(nil)
	r.must(undo)
	r.wantOriginal()
	// Deleted between two steps, nobody knows what was there; and nobody guesses.
	r.must(weight(0))
	r.forget()
	if _, err := r.do(weight(5)); err == nil || !strings.Contains(err.Error(), "names target group v2 already, and nothing of that is recorded here") {
		t.Errorf("guessed: %v", err)
	}
}
