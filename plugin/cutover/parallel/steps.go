package parallel

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover/journal"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover/lock"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/fleet"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/lb"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/shift"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/verify"
)

// begin names the new side at the load balancer, which moves no request, and records what
// is there. What was shifted by hand before counts as passed.
func (s *session) begin(ctx context.Context, r *shift.Record) error {
	if err := s.present(ctx); err != nil {
		return err
	}
	old, err := s.takeTraffic(ctx)
	if err != nil {
		return err
	}
	settings, err := json.Marshal(s.Settings)
	if err != nil {
		return fmt.Errorf("encoding the settings: %w", err)
	}
	weight := 0
	if r.Active() {
		weight = r.Weight()
		if err := s.takeBack(ctx); err != nil {
			return err
		}
	}
	return s.step(ctx, shift.Request{Weight: &weight, Amend: func(r *shift.Record) {
		r.Course = &shift.Course{Settings: settings, Good: weight, Traffic: old}
		r.Course.Begin(weight, s.Clock.Now())
		r.Course.Pass(weight, "named at the load balancer", s.Clock.Now())
	}})
}

// loop goes from weight to weight. Before each it looks at the record again.
func (s *session) loop(ctx context.Context) error {
	for {
		r, err := s.record(ctx)
		if err != nil {
			return err
		}
		if r != nil && r.Phase == shift.Finished && r.Intended == nil {
			return nil
		}
		if !r.UnderWay() {
			return fmt.Errorf("the record %s is gone or was undone meanwhile: look at %s", s.Shift.Store.Name(s.id()), statusCommand)
		}
		s.old = r.Course.Traffic
		if r.Intended != nil && r.Intended.Split.Weight <= r.Split.Weight {
			if err := s.complete(ctx, r); err != nil {
				return err
			}
			continue
		}
		// Somebody may have lowered it by hand; what is higher than proven is proven first.
		good := min(r.Course.Good, r.Weight())
		weight := r.Weight()
		if weight == good {
			weight = s.Settings.next(good)
		}
		if weight == 0 {
			return s.finish(ctx)
		}
		if err := s.mayGoOn(ctx, weight); err != nil {
			return err
		}
		if err := s.passage(ctx, r, weight, good); err != nil {
			return err
		}
		if good == 0 && s.Settings.PauseAfterCanary && s.Settings.next(weight) != 0 {
			return s.stop(ctx, &cutover.Stopped{Reason: label(weight) + " has passed, and the cutover pauses after its first weight as asked", Next: resumeCommand, Interrupted: true})
		}
	}
}

// mayGoOn obeys whoever asked for a stop.
func (s *session) mayGoOn(ctx context.Context, weight int) error {
	var requested string
	err := s.persist(ctx, func() (err error) {
		requested, err = s.Shift.Store.Requested(ctx, s.id())
		return err
	})
	switch {
	case err != nil:
		return err
	case requested == journal.RequestAbort:
		return s.abort(ctx)
	case requested == journal.RequestPause:
		return s.stop(ctx, &cutover.Stopped{Reason: "paused as asked, before " + label(weight) + " has passed", Next: resumeCommand, Interrupted: true})
	case s.asked():
		return s.stop(ctx, &cutover.Stopped{Reason: "interrupted before " + label(weight) + " has passed", Next: resumeCommand, Interrupted: true})
	}
	return nil
}

func (s *session) asked() bool {
	select {
	case <-s.Stop:
		return true
	default:
		return false
	}
}

// failure is a gate that was not passed, and the weight that is still good then.
type failure struct {
	why  string
	back int
}

func (f *failure) Error() string { return f.why }

// passage sets one weight and holds it against its gates.
func (s *session) passage(ctx context.Context, r *shift.Record, weight, good int) error {
	begun := s.Clock.Now()
	err := s.pass(ctx, r, weight, good)
	var failed *failure
	if !errors.As(err, &failed) {
		if err == nil {
			s.Observer.Observe(cutover.Event{Kind: cutover.NodeDone, Node: label(weight), To: fleet.New, Took: s.Clock.Now().Sub(begun)})
		}
		return err
	}
	s.Observer.Observe(cutover.Event{Kind: cutover.NodeFailed, Node: label(weight), To: fleet.New, Text: failed.why})
	return s.fail(ctx, weight, failed)
}

// fail lowers the weight to what is good, and stops.
func (s *session) fail(ctx context.Context, weight int, failed *failure) error {
	r, err := s.record(ctx)
	if err != nil {
		return err
	}
	reason := fmt.Sprintf("%s did not pass: %s", label(weight), failed.why)
	if r.Weight() > failed.back || r.Intended != nil {
		back := min(failed.back, r.Weight())
		reason = fmt.Sprintf("%s; the new side gets %s again", reason, label(back))
		err := s.step(ctx, shift.Request{Weight: &back, Amend: func(r *shift.Record) {
			r.Course.Good, r.Course.Stopped = back, reason
			r.Course.Say(failed.why)
		}})
		if lowered := (*cutover.Stopped)(nil); errors.As(err, &lowered) || ctx.Err() != nil || errors.Is(err, lock.ErrLost) {
			return err
		}
		if err != nil {
			return s.stop(ctx, &cutover.Stopped{
				Reason: fmt.Sprintf("%s did not pass: %s; and the weight could not be lowered: %v", label(weight), failed.why, err),
				Next:   rollbackCommand + ", as soon as the load balancer answers",
			})
		}
	}
	return s.stop(ctx, &cutover.Stopped{Reason: reason, Next: resumeCommand + ", after fixing it; " + rollbackCommand + " goes back altogether"})
}

// pass is one weight from its first gate to its last.
func (s *session) pass(ctx context.Context, r *shift.Record, weight, good int) error {
	name := label(weight)
	if err := s.awaitHealth(ctx, good); err != nil {
		return err
	}
	if err := s.compare(ctx, name); err != nil {
		return err
	}
	if r.Intended != nil || r.Split.Weight != weight {
		s.Observer.Observe(cutover.Event{Kind: cutover.Step, Node: name, To: fleet.New, Text: "shifting"})
		step := s.Clock.Now()
		err := s.step(ctx, shift.Request{Weight: &weight, Amend: func(r *shift.Record) { r.Course.Begin(weight, s.Clock.Now()) }})
		var unhealthy *shift.UnhealthyError
		if errors.As(err, &unhealthy) {
			return &failure{unhealthy.Error(), 0}
		}
		if err != nil {
			return err
		}
		s.passed(name, "shifted", step)
	}
	soak := s.Settings.Soak
	if good == 0 {
		soak = s.Settings.CanarySoak
	}
	said, err := s.soak(ctx, weight, good, soak)
	if err != nil {
		return err
	}
	return s.note(ctx, func(c *shift.Course) { c.Pass(weight, said, s.Clock.Now()) })
}

func (s *session) passed(node, what string, since time.Time) {
	s.Observer.Observe(cutover.Event{Kind: cutover.Passed, Node: node, To: fleet.New, Text: what, Took: s.Clock.Now().Sub(since)})
}

// complete makes a step whose maker died, where it sends nobody else to the new side.
func (s *session) complete(ctx context.Context, r *shift.Record) error {
	if r.Intended.Phase == shift.Finished {
		return s.finish(ctx)
	}
	return s.step(ctx, shift.Request{Weight: &r.Intended.Split.Weight})
}

// finish ends the cutover: the header's rule, if there is one, goes; the old side stays,
// with weight 0.
func (s *session) finish(ctx context.Context) error {
	err := s.step(ctx, shift.Request{Finish: true, Amend: func(r *shift.Record) {
		at := s.Clock.Now().UTC().Truncate(time.Second)
		r.Course.Complete, r.Course.Stopped = &at, ""
	}})
	if err != nil {
		return err
	}
	s.Observer.Observe(cutover.Event{Kind: cutover.Info, Text: "all requests go to the new side; going back is one step (" + rollbackCommand + ")"})
	return nil
}

// present wants that the new controller is there and most of its pods are ready.
func (s *session) present(ctx context.Context) error {
	w, err := s.workload(ctx, s.New)
	switch {
	case err != nil:
		return err
	case w == nil:
		return nil // the load balancer's health is all there is
	case w.Desired == 0:
		return fmt.Errorf("%s %s of the new side wants no pods", w.Kind, w.Name)
	case !w.Settled:
		return fmt.Errorf("%s %s of the new side is in the middle of an update: let it finish", w.Kind, w.Name)
	case w.Ready == 0 || w.Ready*100 < w.Desired*s.Settings.MinHealthy:
		return fmt.Errorf("%d of %d pods of %s %s of the new side are ready", w.Ready, w.Desired, w.Kind, w.Name)
	}
	return nil
}

func (s *session) workload(ctx context.Context, read func(context.Context) (*fleet.Workload, error)) (w *fleet.Workload, err error) {
	if read == nil {
		return nil, nil
	}
	err = s.persist(ctx, func() error {
		w, err = read(ctx)
		return err
	})
	return w, err
}

// awaitHealth waits until the new side is well, by its pods and for the load balancer: it
// may have been named there a moment ago, or be growing. While what it has serves, it keeps
// the weight that is good.
func (s *session) awaitHealth(ctx context.Context, good int) error {
	begun := s.Clock.Now()
	told := false
	for {
		why := ""
		if err := s.present(ctx); err != nil {
			why = err.Error()
		} else {
			why = s.health(ctx, false)
		}
		if ctx.Err() != nil || why == "" {
			return ctx.Err()
		}
		if s.Clock.Now().Sub(begun) >= s.Settings.ReadyTimeout {
			if s.health(ctx, true) != "" {
				good = 0
			}
			return &failure{why, good}
		}
		if s.asked() {
			return s.stop(ctx, &cutover.Stopped{Reason: "interrupted while the new side is not well: " + why, Next: resumeCommand, Interrupted: true})
		}
		if !told {
			s.Observer.Observe(cutover.Event{Kind: cutover.Wait, Text: why})
			told = true
		}
		if err := s.pause(ctx, s.every()); err != nil {
			return err
		}
	}
}

// every is how often others than the API server are asked.
func (s *session) every() time.Duration { return max(s.Settings.Poll, s.Settings.GateEvery) }

// health says why the load balancer finds the new side not well; "" when it does not.
// Beside targets that serve, new ones that are not checked yet may be no reason.
func (s *session) health(ctx context.Context, mayGrow bool) string {
	targets, err := s.Shift.Shifter.Health(ctx, lb.NewSide)
	if err != nil {
		return "the load balancer cannot be asked for the health of the new side: " + err.Error()
	}
	if mayGrow {
		targets = slices.DeleteFunc(targets, func(t lb.TargetHealth) bool { return t.State == lb.Initial })
	}
	if err := shift.Healthy(s.Shift.Sides.New, targets, s.Settings.MinHealthy); err != nil {
		return err.Error()
	}
	return ""
}

// compare asks both sides the same. What differs would be wrong for whoever is there
// already.
func (s *session) compare(ctx context.Context, name string) error {
	if s.Compare == nil {
		return nil
	}
	step := s.Clock.Now()
	report, err := s.Compare(ctx)
	if err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return &failure{"the answers of both sides could not be compared: " + err.Error(), 0}
	}
	if len(report.Different) > 0 {
		return &failure{differs(report), 0}
	}
	text := fmt.Sprintf("routes %d/%d same", report.Same, report.Asked)
	if report.Unsteady > 0 {
		text += fmt.Sprintf(" (%d not comparable)", report.Unsteady)
	}
	s.passed(name, text, step)
	return nil
}

func differs(report *verify.Report) string {
	first := report.Different[0]
	return fmt.Sprintf("%d of %d answers of the new side differ, the first: %s: %s", len(report.Different), report.Asked, first.Request, first.How[0])
}
