package page

import (
	"encoding/json"
	"time"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/lb"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/shift"
)

// Weights is the record of what was tried the evening before the story: a cutover by
// weights that failed at a quarter of the requests, and was undone.
func Weights() *shift.Record {
	begun := now.Add(-8 * time.Hour)
	at := func(minutes int) time.Time { return begun.Add(time.Duration(minutes) * time.Minute) }
	passed := func(minutes int) *time.Time { t := at(minutes); return &t }
	const by = "ops@bastion/77aa01bc"
	r := &shift.Record{
		Version: 1, ID: "2a31e84d", LoadBalancer: "aws", Sides: lb.Sides{Old: "edge-v1", New: "edge-v2"}, Holder: by,
		Started: begun, Changed: at(40), Phase: shift.Undone, Original: lb.Parts{"rule": json.RawMessage("{}")}, Written: lb.Parts{"rule": json.RawMessage("{}")},
		Course: &shift.Course{
			Settings: json.RawMessage("{}"), Good: 5, Stopped: "25% did not pass: 3.2% of 4512 requests ended with 5xx; the new side gets 5% again",
			Passages: []shift.Passage{
				{Weight: 0, Begun: begun, Passed: passed(0), Said: "named at the load balancer"},
				{Weight: 1, Begun: at(1), Passed: passed(11), Said: "1203 requests: 5xx 0%, 404 0.1%, p95 41ms"},
				{Weight: 5, Begun: at(11), Passed: passed(12), Said: "2291 requests: 5xx 0%, 404 0.2%, p95 42ms"},
				{Weight: 25, Begun: at(12), Said: "3.2% of 4512 requests ended with 5xx, with the old proxy 0.01% did, and 1% more may"},
			},
		},
	}
	for _, step := range []struct{ weight, minutes int }{{0, 0}, {1, 1}, {5, 11}, {25, 12}, {5, 14}} {
		r.History = append(r.History, shift.Step{At: at(step.minutes), By: by, Phase: shift.Shifting, Split: lb.Split{Weight: step.weight}})
	}
	r.History = append(r.History, shift.Step{At: at(40), By: by, Phase: shift.Undone})
	return r
}

// hostileWeights have every string replaced.
func hostileWeights(evil string) *shift.Record {
	r := Weights()
	r.LoadBalancer, r.Sides, r.Holder, r.Phase = evil, lb.Sides{Old: evil, New: evil}, evil, shift.Phase(evil)
	r.Course.Stopped = evil
	for i := range r.Course.Passages {
		r.Course.Passages[i].Said = evil
	}
	return r
}
