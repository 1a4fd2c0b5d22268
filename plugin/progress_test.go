package plugin

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover"
)

// With several nodes at a time the line of a terminal shows all that are worked on,
// and not only the one that spoke last.
func TestProgressOfSeveralNodes(t *testing.T) {
	var screen bytes.Buffer
	p := &progress{out: &screen, errOut: &screen, terminal: true, parts: map[string][]string{}, now: map[string]string{}}
	for _, e := range []cutover.Event{
		{Kind: cutover.Step, Node: "edge-1", Text: "draining"},
		{Kind: cutover.Wait, Node: "edge-2", Text: "the load balancer"},
		{Kind: cutover.Passed, Node: "edge-1", Text: "drained", Took: 2 * time.Second},
		{Kind: cutover.Step, Node: "edge-1", Text: "switching"},
		{Kind: cutover.Warn, Node: "edge-2", Text: "slow"},
		{Kind: cutover.NodeDone, Node: "edge-1", Took: 3 * time.Second},
		{Kind: cutover.NodeDone, Node: "edge-2", Took: 4 * time.Second},
	} {
		p.Observe(e)
	}
	// What stays, and what the line showed after each event.
	var kept, shown []string
	for _, line := range strings.Split(screen.String(), "\n") {
		drawn := strings.Split(line, "\r\x1b[K")
		kept = append(kept, drawn[len(drawn)-1])
		for _, text := range drawn[:len(drawn)-1] {
			if text != "" {
				shown = append(shown, text)
			}
		}
	}
	if diff := cmp.Diff([]string{
		"edge-1  draining",
		"edge-1  draining | edge-2  waiting: the load balancer",
		"edge-1  drained 2s | edge-2  waiting: the load balancer",
		"edge-1  drained 2s  switching | edge-2  waiting: the load balancer",
		"edge-1  drained 2s  switching | edge-2  waiting: the load balancer",
		"edge-2  waiting: the load balancer",
	}, shown); diff != "" {
		t.Errorf("the line (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"Warning: edge-2  slow", "edge-1  drained 2s  ok  3s", "edge-2  ok  4s", ""}, kept); diff != "" {
		t.Errorf("what stays (-want +got):\n%s", diff)
	}
}

// Where there is no room for all that a node did, what it does now counts.
func TestProgressInLittleRoom(t *testing.T) {
	p := &progress{parts: map[string][]string{"edge-1": {"drained 2s", "switched 6.4s"}}, now: map[string]string{"edge-1": "soaking for 10m0s"}}
	for room, want := range map[int]string{
		0:  "edge-1  drained 2s  switched 6.4s  soaking for 10m0s",
		50: "edge-1  switched 6.4s  soaking for 10m0s",
		30: "edge-1  soaking for 10m0s",
		12: "edge-1  soak",
	} {
		if got := p.share("edge-1", room); got != want {
			t.Errorf("in %d columns %q, want %q", room, got, want)
		}
	}
}

// How far a soak has got is drawn on a terminal, and is not a line a second anywhere else.
func TestProgressOfASoak(t *testing.T) {
	soak := []cutover.Event{
		{Kind: cutover.Step, Node: "edge-1", Text: "soaking for 1m0s"},
		{Kind: cutover.Soaking, Node: "edge-1", Took: 200 * time.Millisecond, Limit: time.Minute},
		{Kind: cutover.Soaking, Node: "edge-1", Took: 12200 * time.Millisecond, Limit: time.Minute},
		{Kind: cutover.Soaking, Node: "edge-1", Took: time.Minute, Limit: time.Minute},
		{Kind: cutover.Passed, Node: "edge-1", Text: "soaked", Took: time.Minute},
	}
	for _, test := range []struct {
		terminal bool
		want     []string
	}{
		{false, []string{"edge-1  soaking for 1m0s", "edge-1  soaked 1m0s", ""}},
		{true, []string{
			"", "edge-1  soaking for 1m0s",
			"edge-1  soaking ▏░░░░░░░░░ 0s of 1m0s",
			"edge-1  soaking ██░░░░░░░░ 12s of 1m0s",
			"edge-1  soaking ██████████ 1m0s of 1m0s",
			"edge-1  soaked 1m0s",
		}},
	} {
		var screen bytes.Buffer
		p := &progress{out: &screen, errOut: &screen, terminal: test.terminal, parts: map[string][]string{}, now: map[string]string{}}
		for _, e := range soak {
			p.Observe(e)
		}
		separator := "\n"
		if test.terminal {
			separator = "\r\x1b[K"
		}
		if diff := cmp.Diff(test.want, strings.Split(screen.String(), separator)); diff != "" {
			t.Errorf("terminal %v (-want +got):\n%s", test.terminal, diff)
		}
	}
}
