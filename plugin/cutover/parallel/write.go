package parallel

import (
	"context"
	"errors"
	"time"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover/lock"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/shift"
)

// step makes one step of the shift: planned, recorded, written, read back.
func (s *session) step(ctx context.Context, r shift.Request) error {
	r.MinHealthy, r.AcceptOwner = s.Settings.MinHealthy, s.AcceptOwner
	err := s.persist(ctx, func() error {
		plan, err := s.Shift.Plan(ctx, r)
		if err != nil {
			return err
		}
		for _, warning := range plan.Warnings {
			s.Observer.Observe(cutover.Event{Kind: cutover.Warn, Text: warning})
		}
		_, err = s.Shift.Do(ctx, r, plan)
		return err
	})
	var drift *shift.DriftError
	var unfinished *shift.UnfinishedError
	overwrite := "kubectl ingress-migrate shift weight N --overwrite, then " + resumeCommand
	if r.Undo {
		overwrite = "kubectl ingress-migrate shift undo --overwrite"
	}
	switch {
	case errors.As(err, &drift):
		return s.stop(ctx, &cutover.Stopped{Reason: drift.What(), Next: "put that back by hand and type the same again, or write over it: " + overwrite})
	case errors.As(err, &unfinished):
		return s.stop(ctx, &cutover.Stopped{
			Reason: "a step is recorded and not finished: " + unfinished.Cause.Error(),
			Next:   resumeCommand + " finishes it, " + rollbackCommand + " undoes it",
		})
	}
	return err
}

// note changes the record between steps.
func (s *session) note(ctx context.Context, change func(*shift.Course)) error {
	return s.persist(ctx, func() error { return s.Shift.Note(ctx, s.lease, change) })
}

// stop records why this command stops, if there is anything recorded of it, and returns
// the error that says so.
func (s *session) stop(ctx context.Context, stopped *cutover.Stopped) error {
	if r, err := s.Shift.Store.Open(ctx, s.id()); err != nil || !r.Active() || r.Course == nil {
		return stopped
	}
	if err := s.Shift.Note(ctx, s.lease, func(c *shift.Course) { c.Stopped = stopped.Reason }); err != nil {
		s.Observer.Observe(cutover.Event{Kind: cutover.Warn, Text: "the reason for stopping could not be recorded: " + err.Error()})
	}
	return stopped
}

// pause lets time pass.
func (s *session) pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-s.Clock.After(d):
		return nil
	}
}

// persist repeats a call while its error may pass, for as long as nodes would be waited
// for: every call can be repeated, and what was begun is recorded.
func (s *session) persist(ctx context.Context, call func() error) error {
	const longest = 10 * time.Second
	begun, wait, told := s.Clock.Now(), s.Settings.Poll, false
	for {
		err := call()
		if !lock.Transient(err) || s.Clock.Now().Sub(begun) >= s.Settings.NodeTimeout {
			return err
		}
		if !told {
			s.Observer.Observe(cutover.Event{Kind: cutover.Wait, Text: "no answer, trying again: " + err.Error()})
			told = true
		}
		if err := s.pause(ctx, wait); err != nil {
			return err
		}
		wait = min(2*wait, longest)
	}
}
