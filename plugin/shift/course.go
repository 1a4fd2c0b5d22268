package shift

import (
	"encoding/json"
	"strings"
	"time"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover/traffic"
)

// Course is what is recorded of a cutover that shifts weights by itself, one after the
// other, beside the steps that it makes.
type Course struct {
	// Settings are the cutover's, kept so that a resumed one makes the same choices.
	Settings json.RawMessage `json:"settings"`
	// Good is the last weight that passed its gates, in percent.
	Good int `json:"good"`
	// Traffic is what the old proxies' metrics said before the first step.
	Traffic *traffic.Counts `json:"traffic,omitempty"`
	// Stopped is why nobody goes on; "" while somebody does, or has died.
	Stopped string `json:"stopped,omitempty"`
	// Aborted: it was given up; the weight is 0.
	Aborted bool `json:"aborted,omitempty"`
	// Complete is when the last weight had passed.
	Complete *time.Time `json:"complete,omitempty"`
	// Passages are the weights that were set, in order.
	Passages []Passage `json:"passages,omitempty"`
}

// Passage is what came of one weight.
type Passage struct {
	Weight int       `json:"weight"`
	Begun  time.Time `json:"begun"`
	// Passed is when its gates had been passed; nil: not, or not yet.
	Passed *time.Time `json:"passed,omitempty"`
	// Said is what was seen, or what did not pass.
	Said string `json:"said,omitempty"`
}

// mostSaid bounds what is kept of a judgement, bytes.
const mostSaid = 500

// Begin adds a passage.
func (c *Course) Begin(weight int, at time.Time) {
	c.Stopped = ""
	c.Passages = append(c.Passages, Passage{Weight: weight, Begun: at.UTC()})
	c.Passages = c.Passages[max(0, len(c.Passages)-mostHistory):]
}

// Say records what came of the passage that was begun last.
func (c *Course) Say(said string) {
	if len(c.Passages) > 0 {
		c.Passages[len(c.Passages)-1].Said = strings.ToValidUTF8(said[:min(len(said), mostSaid)], "")
	}
}

// Pass records that a weight has passed its gates.
func (c *Course) Pass(weight int, said string, at time.Time) {
	c.Good = weight
	c.Say(said)
	if n := len(c.Passages); n > 0 && c.Passages[n-1].Weight == weight {
		at = at.UTC()
		c.Passages[n-1].Passed = &at
	}
}

// Weight is how many percent of the requests may go to the new side: of a step that died
// half way the larger one.
func (r *Record) Weight() int {
	if r.Intended != nil {
		return max(r.Split.Weight, r.Intended.Split.Weight)
	}
	return r.Split.Weight
}

// UnderWay tells whether a cutover has begun and is neither complete, given up nor undone.
func (r *Record) UnderWay() bool {
	if !r.Active() || r.Course == nil {
		return false
	}
	// What was recorded with a step is true when that is finished.
	return r.Intended != nil || r.Course.Complete == nil && !r.Course.Aborted
}
