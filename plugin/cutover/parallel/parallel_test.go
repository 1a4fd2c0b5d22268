package parallel_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover/journal"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover/lock"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover/parallel"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover/traffic"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/shift"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/verify"
)

func TestThereAndBack(t *testing.T) {
	r := newRig(t)
	asked := 0
	r.compare = func(context.Context) (*verify.Report, error) {
		asked++
		return &verify.Report{Asked: 7, Same: 7}, nil
	}
	begun := r.clock.Now()
	r.must(r.engine().Run(t.Context()))
	if got := r.weights(); got != "0 1 5 25 50 100 100" { // the last is the end of the shift
		t.Errorf("weights %s", got)
	}
	if took := r.clock.Now().Sub(begun); took < time.Minute+4*30*time.Second {
		t.Errorf("all soaks in %s", took)
	}
	if asked != 5 {
		t.Errorf("compared %d times, want once before each weight", asked)
	}
	record := r.record()
	if record.Phase != shift.Finished || record.Course.Complete == nil || record.Course.Good != 100 || r.now() != "0:100" {
		t.Errorf("%+v, %s", record.Course, r.now())
	}
	for weight, want := range map[string]string{"1%": "routes 7/7 same", "25%": "5xx 0%", "": "traefik-1.7 since its start in 1 pods: 1000 requests"} {
		if !strings.Contains(r.told(weight), want) {
			t.Errorf("of %q was told %q, which lacks %q", weight, r.told(weight), want)
		}
	}
	if err := r.engine().Run(t.Context()); err == nil || !strings.Contains(err.Error(), "is complete") {
		t.Errorf("begun again: %v", err)
	}
	r.must(r.engine().Rollback(t.Context()))
	r.wantOriginal()
	if r.record().Active() {
		t.Error("it counts as going on")
	}
	r.settings.Weights = []int{100}
	r.must(r.engine().Run(t.Context())) // and one may begin again
}

// TestKilledAnywhere stops the command after every single write, to the API server or to
// AWS, and wants that the next one can finish or undo.
func TestKilledAnywhere(t *testing.T) {
	commands := map[string]struct {
		before func(*rig)
		run    func(*parallel.Engine, context.Context) error
	}{
		"run": {func(*rig) {}, (*parallel.Engine).Run},
		"rollback": {func(r *rig) {
			r.settings.PauseAfterCanary = true
			r.stopped(r.engine().Run(r.Context()), "50% has passed")
		}, (*parallel.Engine).Rollback},
		"abort": {func(r *rig) {
			r.settings.PauseAfterCanary = true
			r.stopped(r.engine().Run(r.Context()), "50% has passed")
		}, func(e *parallel.Engine, ctx context.Context) error {
			_, err := e.Abort(ctx)
			return err
		}},
	}
	for name, command := range commands {
		t.Run(name, func(t *testing.T) {
			ended := false
			for n := int64(0); !ended; n++ {
				r := newRig(t)
				r.settings.Weights, r.settings.CanarySoak, r.settings.Soak = []int{50, 100}, 0, 0
				command.before(r)
				r.settings.PauseAfterCanary = false
				r.left.Store(n)
				_ = command.run(r.engine(), t.Context())
				ended = r.left.Load() > 0
				r.left.Store(unlimited)
				r.clock.After(2 * time.Hour) // whoever is dead holds no lease
				switch record := r.record(); {
				case record == nil || !record.Active():
					r.wantOriginal()
					continue
				case n%2 == 0 && record.UnderWay() && !record.Course.Aborted:
					r.must(r.engine().Resume(t.Context()))
					if back := record.Intended != nil && record.Intended.Phase == shift.Undone; back {
						r.wantOriginal()
						continue
					}
					if r.now() != "0:100" || r.record().Course.Complete == nil {
						t.Fatalf("after %d writes resumed to %s, %+v", n, r.now(), r.record().Course)
					}
				case n%2 == 0 && record.Course.Aborted:
					_, err := r.engine().Abort(t.Context())
					r.stopped(err, "aborted")
					if r.now() != "100:0" {
						t.Fatalf("after %d writes aborted, and %s", n, r.now())
					}
				}
				r.must(r.engine().Rollback(t.Context()))
				r.wantOriginal()
				if t.Failed() {
					t.Fatalf("after %d writes", n)
				}
			}
		})
	}
}

// TestGates: what does not pass leaves the last good weight, or none where the new side
// is wrong for everybody.
func TestGates(t *testing.T) {
	at := func(r *rig, weight int) bool {
		record := r.record()
		return record != nil && record.Course != nil && record.Split.Weight == weight && record.Intended == nil
	}
	for name, test := range map[string]struct {
		fail   func(r *rig)
		reason string
		back   string // shares of old and new
		good   int
	}{
		"errors": {func(r *rig) {
			r.clock.passing = func() {
				if at(r, 25) {
					r.bad.Store(50)
				}
			}
		}, "25% did not pass: 33.3% of 450 requests ended with 5xx", "95:5", 5},
		"a sick target": {func(r *rig) {
			r.clock.passing = func() {
				if at(r, 25) {
					r.aws.SetHealth("v2", "i-2", "unhealthy")
				}
			}
		}, "25% did not pass: 1 of 2 targets of v2 are in service", "100:0", 0},
		"a pod that ends": {func(r *rig) {
			r.clock.passing = func() {
				if at(r, 5) {
					r.deployment(func(d *appsv1.Deployment) { d.Status.ReadyReplicas = 0 })
				}
			}
		}, "5% did not pass: 0 of 1 pods of Deployment edge/new are ready", "100:0", 0},
		"a pod that restarts": {func(r *rig) {
			r.clock.passing = func() {
				if at(r, 5) {
					p, err := r.client.CoreV1().Pods("edge").Get(context.Background(), "new-1", metav1.GetOptions{})
					r.must(err)
					p.Status.ContainerStatuses[0].RestartCount++
					_, err = r.client.CoreV1().Pods("edge").Update(context.Background(), p, metav1.UpdateOptions{})
					r.must(err)
					r.clock.passing = nil
				}
			}
		}, "pod new-1 restarted", "100:0", 0},
		"another answer": {func(r *rig) {
			r.compare = func(context.Context) (*verify.Report, error) {
				report := &verify.Report{Asked: 2, Same: 2}
				if at(r, 5) {
					report.Same, report.Different = 1, []verify.Difference{{How: []string{"status 200, not 404"}}}
				}
				return report, nil
			}
		}, "1 of 2 answers of the new side differ", "100:0", 0},
		"Prometheus": {func(r *rig) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				value := "0.01"
				if at(r, 50) {
					value = "0.5"
				}
				fmt.Fprintf(w, `{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[1,%q]}]}}`, value)
			}))
			r.Cleanup(server.Close)
			var err error
			r.prometheus, err = traffic.NewPrometheus(server.URL, []traffic.Query{{Text: "x", Max: 0.1}}, (&net.Dialer{}).DialContext)
			r.must(err)
		}, "new-1: Prometheus answers 0.5, more than 0.1", "75:25", 25},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			test.fail(r)
			stopped := r.stopped(r.engine().Run(t.Context()), test.reason)
			if stopped.Interrupted || !strings.Contains(stopped.Next, "cutover resume") || !strings.Contains(stopped.Next, "rollback --all") {
				t.Errorf("next: %+v", stopped)
			}
			if record := r.record(); r.now() != test.back || record.Course.Good != test.good || record.Course.Stopped != stopped.Reason {
				t.Errorf("%s, %+v", r.now(), record.Course)
			}
			// Once that is mended it goes on from there.
			r.bad.Store(0)
			r.clock.passing, r.compare, r.prometheus = nil, nil, nil
			r.aws.SetHealth("v2", "i-2", "healthy")
			r.deployment(func(d *appsv1.Deployment) { d.Status.ReadyReplicas = 1 })
			r.must(r.engine().Resume(t.Context()))
			if r.now() != "0:100" || r.record().Course.Stopped != "" {
				t.Errorf("in the end %s, %+v", r.now(), r.record().Course)
			}
		})
	}
}

// TestNotFit: a new side that is not there gets nothing from the first.
func TestNotFit(t *testing.T) {
	r := newRig(t)
	r.deployment(func(d *appsv1.Deployment) { d.Status.UpdatedReplicas = 0 })
	if err := r.engine().Run(t.Context()); err == nil || !strings.Contains(err.Error(), "is in the middle of an update") {
		t.Errorf("begun: %v", err)
	}
	if r.record() != nil {
		t.Error("something is recorded")
	}
	r.wantOriginal()
	r.deployment(func(d *appsv1.Deployment) { d.Status.UpdatedReplicas = 1 })
	r.aws.SetHealth("v2", "i-1", "initial")
	r.aws.SetHealth("v2", "i-2", "initial")
	r.stopped(r.engine().Run(t.Context()), "0 of 2 targets of v2 are in service")
	if r.now() != "100:0" {
		t.Errorf("shifted: %s", r.now())
	}
	// The checks of the load balancer take their time.
	r.clock.passing = func() {
		r.aws.SetHealth("v2", "i-1", "healthy")
		r.aws.SetHealth("v2", "i-2", "healthy")
	}
	r.must(r.engine().Resume(t.Context()))
}

func TestStopsWhenAsked(t *testing.T) {
	r := newRig(t)
	request := func(what string) func() {
		return func() {
			if record := r.record(); record.Split.Weight == 5 && record.Course.Good == 1 {
				r.must((&shift.Store{Client: r.client, Namespace: "edge"}).Request(context.Background(), record.ID, what))
			}
		}
	}
	r.clock.passing = request(journal.RequestPause)
	stopped := r.stopped(r.engine().Run(t.Context()), "paused as asked, before 5% has passed")
	if !stopped.Interrupted || r.now() != "95:5" || r.record().Course.Good != 1 {
		t.Errorf("%+v, %s", stopped, r.now())
	}
	if err := r.engine().Run(t.Context()); err == nil || !strings.Contains(err.Error(), "under way (5% new, not proven yet)") {
		t.Errorf("begun beside it: %v", err)
	}
	// The weight is soaked again, and this time it is given up.
	r.clock.passing = request(journal.RequestAbort)
	r.stopped(r.engine().Resume(t.Context()), "aborted")
	if r.now() != "100:0" || !r.record().Course.Aborted {
		t.Errorf("%s, %+v", r.now(), r.record().Course)
	}
	if err := r.engine().Resume(t.Context()); err == nil || !strings.Contains(err.Error(), "was aborted") {
		t.Errorf("resumed: %v", err)
	}
	r.clock.passing = nil
	r.must(r.engine().Run(t.Context())) // anew
	r.must(r.engine().Rollback(t.Context()))
	r.wantOriginal()

	// Ctrl-C.
	stop := r.stop
	r.clock.passing = func() {
		if r.record().Split.Weight == 1 {
			r.clock.passing = nil
			close(stop)
		}
	}
	r.stopped(r.engine().Run(t.Context()), "interrupted before 1% has passed")
	r.stop = make(chan struct{})
	r.settings.PauseAfterCanary = true
	r.stopped(r.engine().Resume(t.Context()), "1% has passed, and the cutover pauses")
	if asked, err := r.engine().Abort(t.Context()); asked {
		t.Error("nobody runs it")
	} else {
		r.stopped(err, "aborted")
	}
}

// TestAbortAsksWhoRuns: an engine that is at work does it itself.
func TestAbortAsksWhoRuns(t *testing.T) {
	r := newRig(t)
	r.settings.PauseAfterCanary = true
	r.stopped(r.engine().Run(t.Context()), "1% has passed")
	other := r.engine()
	other.Acquire = func(context.Context, lock.Purpose) (shift.Lease, error) {
		return nil, &lock.HeldError{Holder: "else@where", Purpose: lock.Cutover}
	}
	if asked, err := other.Abort(t.Context()); !asked || err != nil {
		t.Fatalf("%v %v", asked, err)
	}
	if got, err := (&shift.Store{Client: r.client, Namespace: "edge"}).Requested(t.Context(), r.record().ID); got != journal.RequestAbort || err != nil {
		t.Errorf("%q %v", got, err)
	}
}

func TestSomebodyElseChangesTheBalancer(t *testing.T) {
	r := newRig(t)
	r.settings.PauseAfterCanary = true
	r.stopped(r.engine().Run(t.Context()), "1% has passed")
	r.aws.Change(r.rule, map[string]string{"Actions.member.1.ForwardConfig.TargetGroups.member.2.Weight": "50"})
	before := r.aws.Dump()
	for name, do := range map[string]func() error{
		"resume":   func() error { return r.engine().Resume(t.Context()) },
		"rollback": func() error { return r.engine().Rollback(t.Context()) },
	} {
		stopped := r.stopped(do(), "somebody else has changed the load balancer")
		if !strings.Contains(stopped.Next, "--overwrite") || strings.Contains(stopped.Reason, "Next:") {
			t.Errorf("%s: %+v", name, stopped)
		}
	}
	if r.aws.Dump() != before {
		t.Error("something was written")
	}
}

// TestByHand: what was shifted by hand counts, before and in between.
func TestByHand(t *testing.T) {
	r := newRig(t)
	r.shiftByHand(0)
	r.shiftByHand(5)
	r.settings.PauseAfterCanary = true
	r.must(r.engine().Run(t.Context())) // 1% is long past
	if got := r.weights(); got != "0 5 5 25 50 100 100" {
		t.Errorf("weights %s", got)
	}
	r.must(r.engine().Rollback(t.Context()))

	r.stopped(r.engine().Run(t.Context()), "1% has passed")
	r.settings.PauseAfterCanary = false
	r.shiftByHand(30)
	r.must(r.engine().Resume(t.Context()))
	passages := r.record().Course.Passages
	var got []string
	for _, p := range passages {
		got = append(got, fmt.Sprintf("%d %t", p.Weight, p.Passed != nil))
	}
	if diff := cmp.Diff([]string{"0 true", "1 true", "50 true", "100 true"}, got); diff != "" {
		t.Errorf("-want +got: %s", diff) // 30 is nobody's passage, and was soaked
	}
	if settings := settingsOf(t, r.record().Course.Settings); settings.PauseAfterCanary || settings.MinHealthy != 100 || settings.CanarySoak != time.Minute {
		t.Errorf("recorded %+v", settings)
	}
}
