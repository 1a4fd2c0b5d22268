package trial

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/ingress-migrate/kubectl-ingress-migrate/test/oracle/judge"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/oracle/world"
)

func sortedKeys[K cmp.Ordered, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }

// Explain says what is wrong, for people.
func (o *Outcome) Explain() string {
	var b strings.Builder
	for _, fault := range o.Faults {
		fmt.Fprintf(&b, "%s\n", o.Place.Text(fault))
	}
	for i := range o.Asked {
		a := &o.Asked[i]
		unexcused := a.Unexcused()
		if len(unexcused) == 0 {
			continue
		}
		fmt.Fprintf(&b, "Traefik %d: %s\n  before: %s\n  after:  %s\n", a.Target, o.Place.Text(a.Request.String()), o.Place.Text(short(a.Before)), o.Place.Text(short(a.After)))
		for _, d := range unexcused {
			fmt.Fprintf(&b, "  %s\n", o.Place.Text(d.String()))
		}
	}
	return b.String()
}

// String tells a request, its answers and what is different.
func (a *Asked) String() string {
	text := fmt.Sprintf("Traefik %d: %s\n  before: %s\n  after:  %s", a.Target, a.Request, short(a.Before), short(a.After))
	for _, d := range a.Differences {
		text += fmt.Sprintf("\n  %s  %s", d.Difference, d.Excuse)
	}
	return text
}

// short says an answer in a line.
func short(a judge.Answer) string {
	text := strings.TrimSpace(fmt.Sprint(a.Status, " ", a.Failure))
	if location := a.Header.Get("Location"); location != "" {
		text += " to " + location
	}
	if a.Seen == nil {
		return text + " by Traefik"
	}
	return fmt.Sprintf("%s by %s, which saw %s %s%s", text, a.Seen.Pod, a.Seen.Method, a.Seen.Host, a.Seen.URI)
}

// Story is the outcome's set as a file for testdata.
func (o *Outcome) Story() ([]byte, error) {
	return world.Story{Comment: o.Explain(), Profile: o.Case.Profile.Name, Set: o.Case.Set}.Write()
}
