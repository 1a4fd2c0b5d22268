package trial

import (
	"fmt"
	"slices"
	"strings"
)

// Stats sum up outcomes.
type Stats struct {
	Sets, Alone, Refused, Failed int
	// Pairs are requests answered by both controllers.
	Pairs int
	// Served are those that a pod answered before.
	Served int
	// Statuses count the answers before.
	Statuses map[int]int
	// Excused count the differing pairs by the code that announced them.
	Excused map[string]int
	// Unexcused count the pairs with a difference that nothing announced.
	Unexcused int
}

// NewStats counts from zero.
func NewStats() *Stats { return &Stats{Statuses: map[int]int{}, Excused: map[string]int{}} }

// Add counts outcomes.
func (s *Stats) Add(outcomes []*Outcome) {
	for _, o := range outcomes {
		s.Sets++
		for _, count := range []struct {
			is bool
			n  *int
		}{{o.Case.Alone, &s.Alone}, {o.Refused, &s.Refused}, {o.Failed(), &s.Failed}} {
			if count.is {
				*count.n++
			}
		}
		for i := range o.Asked {
			a := &o.Asked[i]
			s.Pairs++
			s.Statuses[a.Before.Status]++
			if a.Before.Seen != nil {
				s.Served++
			}
			if len(a.Unexcused()) > 0 {
				s.Unexcused++
			}
			var codes []string
			for _, d := range a.Differences {
				codes = append(codes, string(d.Excuse))
			}
			slices.Sort(codes)
			for _, code := range slices.Compact(codes) {
				if code != "" {
					s.Excused[code]++
				}
			}
		}
	}
}

// String says it in a few lines.
func (s *Stats) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d sets (%d alone, %d refused by Traefik 1.7, %d failed), %d pairs (%d answered by a pod), %d with unannounced differences\nstatuses before:",
		s.Sets, s.Alone, s.Refused, s.Failed, s.Pairs, s.Served, s.Unexcused)
	for _, status := range sortedKeys(s.Statuses) {
		fmt.Fprintf(&b, " %d×%d", s.Statuses[status], status)
	}
	b.WriteString("\nannounced differences:")
	for _, code := range sortedKeys(s.Excused) {
		fmt.Fprintf(&b, " %s×%d", code, s.Excused[code])
	}
	return b.String()
}
