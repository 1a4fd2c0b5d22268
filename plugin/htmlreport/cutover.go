package htmlreport

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover/journal"
)

// cutoverView is who serves which node, and how it came to that.
type cutoverView struct {
	Facts    []fact
	Lines    []line
	Nodes    []node
	Problems []cutover.Problem
	Next     string
	Timeline *timeline
	// HasStatus: the cluster was asked; otherwise there is a record alone.
	HasStatus bool
}

// line is a name and what there is to say about it.
type line struct{ Name, Text string }

type node struct {
	Name, Serves, Pod, Ready, Tone, State string
	// To, Took and Dark are what the record says.
	To, Began, Took, Dark, Why string
}

// timeline is a drawing with one row for each node of the record, or for each weight.
type timeline struct {
	ID             string
	Height, Axis   px
	Ticks          []tick
	Rows           []bar
	Legend         []key
	Now            px
	Running        bool
	Caption, Title string
}

// key says what a class of the drawing stands for.
type key struct{ Class, Name, Text string }

type bar struct {
	Name           string
	Y, Middle      px
	Segments       []segment
	Note, NoteTone string
	NoteX          px
}

// segment is one phase of a node.
type segment struct {
	X, Y, Width  px
	Class, Title string
}

const (
	timelineWidth  = 1000.0
	timelineLabels = 170.0
	timelineNotes  = 150.0
	timelineRow    = 26.0
)

func newCutover(status *cutover.Status, j *journal.Journal, now time.Time) *cutoverView {
	if j == nil && (status == nil || status.Old == nil && status.New == nil) {
		return nil
	}
	v := &cutoverView{}
	if status != nil {
		v.status(status)
	}
	if j != nil {
		v.record(j, status == nil, now)
	}
	return v
}

func (v *cutoverView) status(s *cutover.Status) {
	v.HasStatus, v.Problems, v.Next = true, s.Problems, s.Next
	for _, set := range []*cutover.SetStatus{s.Old, s.New} {
		if set != nil {
			side := "Old proxy"
			if set == s.New {
				side = "New proxy"
			}
			v.Lines = append(v.Lines, line{side, set.Title + ", DaemonSet " + set.Name + ", image " + set.Image})
		}
	}
	for _, l := range []line{{"IngressRoutes", s.Routes}, {"Webhook", s.Webhook}} {
		if l.Text != "" {
			v.Lines = append(v.Lines, l)
		}
	}
	serving := fact{Value: fmt.Sprintf("%d of %d", s.Serving, len(s.Nodes)), Name: "nodes serve", Detail: fmt.Sprintf("the floor is %d", s.Floor), Tone: good, Link: "#cutover"}
	if len(s.Nodes) == 0 {
		serving = fact{Value: "0", Name: "nodes for these proxies", Tone: faint, Link: "#cutover"}
	} else if s.Serving < s.Floor {
		serving.Tone = bad
	} else if s.Serving < len(s.Nodes) {
		serving.Tone = notice
	}
	v.Facts = append(v.Facts, serving)
	for i := range s.Nodes {
		n := &s.Nodes[i]
		row := node{Name: n.Name, Serves: n.Serves, Pod: n.Pod, Ready: "no", Tone: bad, State: n.State}
		if n.Ready {
			row.Ready, row.Tone = "yes", good
		}
		v.Nodes = append(v.Nodes, row)
	}
	if m := s.Migration; m.ID == "" {
		v.Lines = append(v.Lines, line{"Phase", m.Phase})
	}
}

func (v *cutoverView) record(j *journal.Journal, alone bool, now time.Time) {
	done := 0
	for i := range j.Nodes {
		n := &j.Nodes[i]
		if n.Phase == journal.Done {
			done++
		}
		v.note(n, now)
	}
	text := fmt.Sprintf("%s, begun %s by %s", j.Phase, moment(j.Started), j.Holder)
	v.Lines = append(v.Lines, line{"Cutover " + j.ID, text})
	if j.Stopped != "" && alone { // else it is among the problems
		v.Lines = append(v.Lines, line{"Stopped", j.Stopped})
	}
	if alone {
		v.Facts = append(v.Facts, fact{Value: fmt.Sprintf("%d of %d", done, len(j.Nodes)), Name: "nodes moved", Detail: "cutover " + j.ID + ", " + string(j.Phase), Tone: faint, Link: "#cutover"})
	}
	v.Timeline = newTimeline(j, now)
}

// note puts what is recorded of a node beside what it is now.
func (v *cutoverView) note(n *journal.Node, now time.Time) {
	var row *node
	for i := range v.Nodes {
		if v.Nodes[i].Name == n.Name {
			row = &v.Nodes[i]
		}
	}
	if row == nil {
		v.Nodes = append(v.Nodes, node{Name: n.Name, State: string(n.Phase), Ready: "-"})
		row = &v.Nodes[len(v.Nodes)-1]
	}
	row.To, row.Why = n.To, n.Why
	if n.Begun != nil {
		row.Began, row.Took = moment(*n.Begun), spell(end(n, now).Sub(*n.Begun))
	}
	if n.Dark > 0 {
		row.Dark = spell(time.Duration(n.Dark * float64(time.Second)))
	}
}

// end of a node's move, or now.
func end(n *journal.Node, now time.Time) time.Time {
	switch {
	case n.Ended != nil:
		return *n.Ended
	case n.Phase.InFlight():
		return now
	}
	return n.Since
}

// newTimeline draws every node that was begun.
func newTimeline(j *journal.Journal, now time.Time) *timeline {
	s := span{x: timelineLabels, width: timelineWidth - timelineLabels - timelineNotes}
	running := false
	for i := range j.Nodes {
		n := &j.Nodes[i]
		if n.Begun == nil {
			continue
		}
		if s.from.IsZero() || n.Begun.Before(s.from) {
			s.from = *n.Begun
		}
		if e := end(n, now); e.After(s.to) {
			s.to = e
		}
		running = running || n.Phase.InFlight()
	}
	if s.from.IsZero() || !s.to.After(s.from) {
		return nil
	}
	t := &timeline{ID: "timeline", Caption: "Newest move of each node", Ticks: s.ticks(7), Running: running, Now: s.at(now), Title: fmt.Sprintf("From %s to %s; the table of nodes says the same", moment(s.from), moment(s.to))}
	seen := map[journal.NodePhase]bool{}
	y := 8.0
	for i := range j.Nodes {
		n := &j.Nodes[i]
		b := bar{Name: n.Name, Y: px(y), Middle: px(y + timelineRow/2)}
		b.draw(n, s, now, seen)
		t.Rows = append(t.Rows, b)
		y += timelineRow
	}
	t.Axis, t.Height = px(y+4), px(y+26)
	for _, l := range phases {
		if seen[l.phase] {
			t.Legend = append(t.Legend, key{string(l.phase), string(l.phase), l.means})
		}
	}
	return t
}

// phases that are drawn, in the order of a move.
var phases = []struct {
	phase journal.NodePhase
	means string
}{
	{journal.Draining, "leaving the load balancer's rotation"},
	{journal.SwitchingTo, "one pod ends, the other starts"},
	{journal.Gating, "its routes are compared, it returns to rotation"},
	{journal.Soaking, "serving, and watched"},
	{moved, "moved: the record has no phases"},
}

// moved is a whole move whose phases were not recorded.
const moved = journal.NodePhase("moved")

// drawn is when a phase is drawn.
func drawn(class string) int {
	if class == string(journal.SwitchingTo) {
		return 1
	}
	return 0
}

func (b *bar) draw(n *journal.Node, s span, now time.Time, seen map[journal.NodePhase]bool) {
	b.Note, b.NoteTone = string(n.Phase), faint
	if n.Begun == nil {
		b.NoteX = px(s.x + 4)
		return
	}
	last := end(n, now)
	steps := n.Steps
	if len(steps) == 0 {
		steps = []journal.Step{{Phase: moved, At: *n.Begun}}
	}
	for i, step := range steps {
		until := last
		if i+1 < len(steps) {
			until = steps[i+1].At
		}
		if step.Phase != moved && !step.Phase.InFlight() {
			continue
		}
		seen[step.Phase] = true
		text := fmt.Sprintf("%s: %s for %s, from %s", n.Name, step.Phase, spell(until.Sub(step.At)), clock(step.At))
		x := s.at(step.At)
		b.Segments = append(b.Segments, segment{X: x, Y: b.Y + 5, Width: max(s.at(until)-x, 3), Class: string(step.Phase), Title: text})
	}
	// A switch takes seconds: it is drawn over what goes on for minutes.
	slices.SortStableFunc(b.Segments, func(x, y segment) int {
		return cmp.Compare(drawn(x.Class), drawn(y.Class))
	})
	took := spell(last.Sub(*n.Begun))
	switch n.Phase {
	case journal.Done:
		b.Note, b.NoteTone = took, good
	case journal.Failed, journal.Lost:
		b.Note, b.NoteTone = string(n.Phase)+" after "+took, bad
	default:
		b.Note = string(n.Phase) + " " + took
	}
	if n.To == "old" {
		b.Note += " (back)"
	}
	b.NoteX = s.at(last) + 8
}
