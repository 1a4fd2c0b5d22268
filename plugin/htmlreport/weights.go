package htmlreport

import (
	"cmp"
	"fmt"
	"time"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover/parallel"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/shift"
)

// weights is how requests went from one controller to the other at a load balancer.
type weights struct {
	Facts    []fact
	Lines    []line
	Rows     []weight
	Timeline *timeline
}

// weight is a row of the table that says the same as the timeline.
type weight struct{ Share, Began, Watched, Outcome, Tone, Said string }

// passage is one weight, in force from a moment on.
type passage struct {
	weight int
	begun  time.Time
	// watched is until when it was held against its gates; nil: nobody did. ended is until
	// when it was in force; zero: it is.
	watched *time.Time
	ended   time.Time
	outcome string
	tone    string
	said    string
}

// passages of a record, in order: those of a cutover, or else the steps by hand.
func passages(r *shift.Record, now time.Time) []passage {
	var out []passage
	if r.Course == nil {
		for _, step := range r.History {
			p := passage{weight: step.Split.Weight, begun: step.At, outcome: "by hand", tone: faint, said: "by " + step.By}
			switch {
			case step.Phase == shift.Undone:
				p.outcome = "as it was"
			case step.Phase == shift.Finished:
				p.outcome = "finished"
			case step.Split.Header != nil:
				p.said += ", and whatever has the header " + step.Split.Header.String()
			}
			out = append(out, p)
		}
	} else {
		for _, c := range r.Course.Passages {
			p := passage{weight: c.Weight, begun: c.Begun, said: c.Said, outcome: "not passed yet", tone: notice}
			end := now
			switch {
			case c.Passed != nil:
				p.outcome, p.tone, end = "passed", good, *c.Passed
			case c.Said != "":
				p.outcome, p.tone = "not passed", bad
			}
			if after := changedAfter(r, c); !after.IsZero() && after.Before(end) {
				end = after
			}
			p.watched = &end
			out = append(out, p)
		}
	}
	for i := range out {
		if i+1 < len(out) {
			out[i].ended = out[i+1].begun
		}
		if r.Course != nil {
			if after := changedAfter(r, r.Course.Passages[i]); !after.IsZero() && (out[i].ended.IsZero() || after.Before(out[i].ended)) {
				out[i].ended = after
			}
		}
	}
	return out
}

// changedAfter is when the weight of a passage was changed to another one; zero: it was
// not.
func changedAfter(r *shift.Record, p shift.Passage) time.Time {
	set := false
	for _, step := range r.History {
		same := step.Split.Weight == p.Weight && step.Phase != shift.Undone
		switch {
		case step.At.Before(p.Begun):
		case same:
			set = true
		case set:
			return step.At
		}
	}
	return time.Time{}
}

func newWeights(r *shift.Record, now time.Time) *weights {
	if r == nil {
		return nil
	}
	v := &weights{}
	phase := string(r.Phase)
	if r.Active() && (r.Course != nil || r.Retiring != nil) {
		phase = parallel.PhaseText(r)
	}
	sides := cmp.Or(r.Sides.Old, "the old side") + " -> " + cmp.Or(r.Sides.New, "the new side")
	v.Lines = []line{{"Load balancer", r.LoadBalancer + ": " + sides}, {"Phase", fmt.Sprintf("%s, begun %s, last step by %s", phase, moment(r.Started), r.Holder)}}
	if c := r.Course; c != nil && c.Stopped != "" {
		v.Lines = append(v.Lines, line{"Stopped", c.Stopped})
	}
	share := 0
	if r.Active() {
		share = r.Weight()
	}
	v.Facts = []fact{{Value: fmt.Sprintf("%d%%", share), Name: "of the requests go to the new side", Detail: phase, Tone: faint, Link: "#weights"}}
	all := passages(r, now)
	for _, p := range all {
		row := weight{Share: fmt.Sprintf("%d%%", p.weight), Began: moment(p.begun), Outcome: p.outcome, Tone: p.tone, Said: p.said}
		if p.watched != nil {
			row.Watched = spell(p.watched.Sub(p.begun))
		}
		v.Rows = append(v.Rows, row)
	}
	v.Timeline = weightsOverTime(all, r.UnderWay(), now)
	return v
}

// Classes of the drawing.
const (
	watchedClass = "soaking"
	inForceClass = "held"
)

// weightsOverTime draws every weight: how long it was watched, and how long it was in
// force. The one that is in force now ends where the drawing does.
func weightsOverTime(all []passage, underWay bool, now time.Time) *timeline {
	if len(all) == 0 {
		return nil
	}
	s := span{from: all[0].begun, x: timelineLabels, width: timelineWidth - timelineLabels - timelineNotes}
	for _, p := range all {
		for _, t := range []time.Time{p.begun, p.ended, until(p)} {
			if t.After(s.to) {
				s.to = t
			}
		}
	}
	if !s.to.After(s.from) {
		return nil
	}
	t := &timeline{ID: "shares", Caption: "Share of the new side, step by step", Ticks: s.ticks(7), Running: underWay, Now: s.at(now), Title: fmt.Sprintf("From %s to %s; the table of weights says the same", moment(s.from), moment(s.to))}
	y, seen := 8.0, map[string]bool{}
	for _, p := range all {
		b := bar{Name: fmt.Sprintf("%d%%", p.weight), Y: px(y), Middle: px(y + timelineRow/2), Note: p.outcome, NoteTone: p.tone}
		end := p.ended
		if end.IsZero() {
			end = s.to
		}
		for _, part := range []struct {
			class, what string
			from, to    time.Time
		}{{watchedClass, "watched", p.begun, until(p)}, {inForceClass, "in force", until(p), end}} {
			if !part.to.After(part.from) {
				continue
			}
			seen[part.class] = true
			x := s.at(part.from)
			b.Segments = append(b.Segments, segment{X: x, Y: b.Y + 5, Width: max(s.at(part.to)-x, 3), Class: part.class, Title: fmt.Sprintf("%s: %s for %s, from %s", b.Name, part.what, spell(part.to.Sub(part.from)), clock(part.from))})
		}
		if p.watched != nil {
			b.Note += " after " + spell(until(p).Sub(p.begun))
		}
		b.NoteX = s.at(end) + 8
		t.Rows = append(t.Rows, b)
		y += timelineRow
	}
	t.Axis, t.Height = px(y+4), px(y+26)
	for _, l := range []key{{watchedClass, "watched", "held against its gates"}, {inForceClass, "in force", "until the next step"}} {
		if seen[l.Class] {
			t.Legend = append(t.Legend, l)
		}
	}
	return t
}

// until is when nobody watched a weight any more.
func until(p passage) time.Time {
	if p.watched == nil {
		return p.begun
	}
	return *p.watched
}

// weightMoves are drawn behind what a probe saw meanwhile: from when more requests went to
// the new side until that had passed its gates.
func weightMoves(r *shift.Record, s span, now time.Time) []segment {
	if r == nil {
		return nil
	}
	var out []segment
	for _, p := range passages(r, now) {
		if p.begun.After(s.to) || until(p).Before(s.from) {
			continue
		}
		x := s.at(p.begun)
		out = append(out, segment{X: x, Width: max(s.at(until(p))-x, 2), Class: "move", Title: fmt.Sprintf("%d%% to the new side", p.weight)})
	}
	return out
}
