package cutover

import (
	"context"
	"errors"
	"fmt"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover/journal"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/fleet"
)

// Direction tells to which side Resume would move nodes. The journal says so; if
// that is lost, the notes on the guards do, and if they leave it open, it is an
// error: a human has to choose.
func Direction(f *fleet.Fleet) (fleet.Side, error) {
	switch j := f.Journal; {
	case j != nil && j.Phase == journal.Aborted:
		return "", fmt.Errorf("cutover %s was aborted: go back with %s, or begin anew with %s", j.ID, rollbackAllCommand, runCommand)
	case unfinished(j) && j.Phase == journal.Retiring:
		return "", retiring(j)
	case unfinished(j):
		return towards(j.Phase), nil
	case !lost(f):
		return "", errors.New("there is no cutover to go on with: begin one with " + runCommand)
	}
	if to := f.Heading(); to != "" {
		return to, nil
	}
	return "", fmt.Errorf("there is no cutover to go on with, only guards are left and they do not tell of one: begin with %s, or go back with %s", runCommand, rollbackAllCommand)
}

// ID of the cutover that is going on; "" when there is none. The guards know it
// when the journal is lost.
func ID(f *fleet.Fleet) string {
	if j := f.Journal; unfinished(j) || j != nil && j.Phase == journal.Aborted {
		return j.ID
	}
	if r := noted(f); r != nil {
		return r.ID
	}
	return ""
}

func unfinished(j *journal.Journal) bool {
	return j != nil && j.Phase != journal.RolledBack && j.Phase != journal.Aborted
}

// towards is the side to which a cutover in this phase moves nodes; "" when it
// moves none.
func towards(phase journal.Phase) fleet.Side {
	switch phase {
	case journal.Preparing, journal.Switching, journal.Switched:
		return fleet.New
	case journal.RollingBack, journal.Restoring:
		return fleet.Old
	}
	return ""
}

// lost: guards tell of a cutover that no journal tells of. A finished rollback
// leaves the new DaemonSet guarded, and a recycle guards it too: then the note on
// it heads nowhere.
func lost(f *fleet.Fleet) bool {
	if unfinished(f.Journal) {
		return false
	}
	if f.Old != nil && f.Old.Guard.Record != nil {
		return true
	}
	r := newRecord(f)
	return r != nil && (f.Journal == nil || r.Toward != "")
}

// noted is the note of the cutover that the guards belong to, nil when there is
// none.
func noted(f *fleet.Fleet) *fleet.GuardRecord {
	if f.Old != nil && f.Old.Guard.Record != nil {
		return f.Old.Guard.Record
	}
	if r := newRecord(f); r != nil && (r.Toward != "" || f.Old == nil) {
		return r
	}
	return nil
}

func newRecord(f *fleet.Fleet) *fleet.GuardRecord {
	if f.New == nil {
		return nil
	}
	return f.New.Guard.Record
}

// course is what the guards are to say of this session's cutover.
func (s *session) course() fleet.Note {
	n := fleet.Note{ID: s.id, Home: s.home}
	if s.j != nil {
		n.Toward = towards(s.j.Phase)
	}
	return n
}

// head writes to the guards which way the cutover goes, so that they know it when
// the journal is lost.
func (s *session) head(ctx context.Context, f *fleet.Fleet, note fleet.Note) error {
	for _, side := range []fleet.Side{fleet.New, fleet.Old} {
		set := f.Set(side)
		if set == nil {
			continue
		}
		if err := s.patchSet(ctx, set, func(live *fleet.Set) ([]byte, error) { return fleet.NotePatch(live, note) }); err != nil {
			return fmt.Errorf("writing down on daemonset %s where the cutover goes: %w", set.Name, err)
		}
	}
	return nil
}

// turn records a phase that changes the cutover's direction, in the journal and
// on the guards.
func (s *session) turn(ctx context.Context, f *fleet.Fleet, phase journal.Phase) error {
	if s.j.Phase != phase {
		if err := s.write(ctx, func(j *journal.Journal) { j.Phase = phase }); err != nil {
			return err
		}
	}
	return s.head(ctx, f, s.course())
}
