package htmlreport_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/html"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/htmlreport"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/lb"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/shift"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/page"
)

// shares are the rows of the table of weights, and the titles of what is drawn.
func shares(t *testing.T, p *htmlreport.Page) (rows, drawn []string) {
	t.Helper()
	walk(parse(t, write(t, p)), func(n *html.Node) {
		if n.Data != "section" || attribute(n, "id") != "weights" {
			return
		}
		walk(n, func(n *html.Node) {
			switch {
			case n.Data == "tr" && n.Parent.Data == "tbody":
				rows = append(rows, text(n))
			case n.Data == "title" && n.Parent.Data == "rect":
				drawn = append(drawn, text(n))
			}
		})
	})
	return rows, drawn
}

// TestWeightsUnderWay: what is not proven yet is watched until now, and what was stopped is
// said. A record that is complete says so.
func TestWeightsUnderWay(t *testing.T) {
	r := page.Weights()
	r.Phase, r.Split = shift.Shifting, lb.Split{Weight: 25}
	r.History = r.History[:4]
	r.Course.Passages[3].Said, r.Course.Stopped = "", ""
	now := r.Started.Add(13*time.Minute + 30*time.Second)
	rows, drawn := shares(t, &htmlreport.Page{Now: now, Weights: r})
	if want := "25% 2026-03-13 18:43:40 UTC 1m30s not passed yet -"; rows[len(rows)-1] != want {
		t.Errorf("last row %q, want %q", rows[len(rows)-1], want)
	}
	want := []string{"0%: in force for 1m, from 18:31:40", "1%: watched for 10m, from 18:32:40", "5%: watched for 1m, from 18:42:40", "25%: watched for 1m30s, from 18:43:40"}
	if diff := cmp.Diff(want, drawn); diff != "" {
		t.Errorf("-want +got: %s", diff)
	}
	written := write(t, &htmlreport.Page{Now: now, Weights: r})
	if want := "25% new, not proven yet, begun 2026-03-13 18:31:40 UTC"; !strings.Contains(written, want) || !strings.Contains(written, ">now</text>") {
		t.Errorf("it lacks %q, or now", want)
	}
}

// TestWeightsByHand: steps that were commands are shown as such.
func TestWeightsByHand(t *testing.T) {
	r := page.Weights()
	r.Course, r.Phase = nil, shift.Finished
	r.History = []shift.Step{
		{At: r.Started, By: "ops", Phase: shift.Shifting, Split: lb.Split{Header: &lb.Header{Name: "X-New", Value: "1"}}},
		{At: r.Started.Add(time.Hour), By: "ops", Phase: shift.Shifting, Split: lb.Split{Weight: 100}},
		{At: r.Started.Add(2 * time.Hour), By: "ops", Phase: shift.Finished, Split: lb.Split{Weight: 100}},
	}
	r.Split = r.History[2].Split
	rows, drawn := shares(t, &htmlreport.Page{Now: r.Started.Add(24 * time.Hour), Weights: r})
	if diff := cmp.Diff([]string{
		"0% 2026-03-13 18:31:40 UTC - by hand by ops, and whatever has the header X-New=1",
		"100% 2026-03-13 19:31:40 UTC - by hand by ops",
		"100% 2026-03-13 20:31:40 UTC - finished by ops",
	}, rows); diff != "" {
		t.Errorf("-want +got: %s", diff)
	}
	if diff := cmp.Diff([]string{"0%: in force for 1h00m, from 18:31:40", "100%: in force for 1h00m, from 19:31:40"}, drawn); diff != "" {
		t.Errorf("-want +got: %s", diff)
	}
}

// TestWeightsBehindTraffic: without moves of nodes, what a probe saw is drawn over the
// weights.
func TestWeightsBehindTraffic(t *testing.T) {
	p := page.Story()
	p.Journal = nil
	for i := range p.Weights.Course.Passages {
		c := &p.Weights.Course.Passages[i]
		c.Begun = c.Begun.Add(7*time.Hour + 32*time.Minute)
		if c.Passed != nil {
			*c.Passed = c.Passed.Add(7*time.Hour + 32*time.Minute)
		}
	}
	written := write(t, p)
	for _, want := range []string{"<title>25% to the new side</title>", "a weight is set and watched"} {
		if !strings.Contains(written, want) {
			t.Errorf("it lacks %s", want)
		}
	}
	if strings.Contains(write(t, page.Story()), "to the new side</title>") {
		t.Error("weights of another day are drawn")
	}
}
