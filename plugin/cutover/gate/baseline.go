package gate

import (
	"context"
	"fmt"
)

// Baseline is what the old proxy answered before anything was changed.
type Baseline struct {
	Requests []Request `json:"requests"`
	Answers  []Answer  `json:"answers"`
}

// Take asks one node for the baseline. Requests whose answer is not steady (two
// rounds differ) say nothing about the proxy and are left out.
func (c *Client) Take(ctx context.Context, address string, requests []Request) Baseline {
	first := c.AskAll(ctx, address, requests)
	second := c.AskAll(ctx, address, requests)
	var b Baseline
	for i, r := range requests {
		if first[i].Differs(second[i]) == "" {
			b.Requests = append(b.Requests, r)
			b.Answers = append(b.Answers, second[i])
		}
	}
	return b
}

// Mismatch is one request that a node answers differently.
type Mismatch struct {
	Request Request
	How     string
}

func (m Mismatch) String() string { return fmt.Sprintf("%s: %s", m.Request, m.How) }

// Compare asks a node everything and returns what differs.
func (c *Client) Compare(ctx context.Context, address string, b Baseline) []Mismatch {
	answers := c.AskAll(ctx, address, b.Requests)
	var out []Mismatch
	for i, r := range b.Requests {
		if how := b.Answers[i].Differs(answers[i]); how != "" {
			out = append(out, Mismatch{Request: r, How: how})
		}
	}
	return out
}

// Confirm asks a node of the old proxy again what another node answered
// differently. What the old proxy now answers differently as well is the
// backends' doing; it is taken out of the mismatches and out of the baseline.
func (c *Client) Confirm(ctx context.Context, oldAddress string, b *Baseline, mismatches []Mismatch) []Mismatch {
	changed := map[Request]bool{}
	for _, m := range mismatches {
		for i, r := range b.Requests {
			if r == m.Request && b.Answers[i].Differs(c.Ask(ctx, oldAddress, r)) != "" {
				changed[r] = true
			}
		}
	}
	if len(changed) == 0 {
		return mismatches
	}
	var left []Mismatch
	for _, m := range mismatches {
		if !changed[m.Request] {
			left = append(left, m)
		}
	}
	var kept Baseline
	for i, r := range b.Requests {
		if !changed[r] {
			kept.Requests = append(kept.Requests, r)
			kept.Answers = append(kept.Answers, b.Answers[i])
		}
	}
	*b = kept
	return left
}
