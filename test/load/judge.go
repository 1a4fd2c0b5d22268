package load

import (
	"fmt"
	"slices"
	"strings"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/probe"
)

// judge compares an answer with those of the baseline. A 502, 503 or 504 that the
// baseline does not have is the proxy's, not the backend's: the request is lost.
func (r Request) judge(recorded []string, a probe.Answer) probe.Verdict {
	answer := r.answer(a.Status, a.Header, a.Body)
	if slices.Contains(recorded, answer) {
		return probe.Verdict{Outcome: probe.Fine}
	}
	if a.Status >= 502 && a.Status <= 504 {
		return probe.Verdict{Outcome: probe.Lost, Cause: probe.ServerError, Detail: fmt.Sprintf("status %d", a.Status)}
	}
	return probe.Verdict{Outcome: probe.Changed, Cause: "answer", Detail: firstDifference(recorded[0], answer)}
}

// firstDifference names the first line that differs.
func firstDifference(want, got string) string {
	wanted, gotten := strings.Split(want, "\n"), strings.Split(got, "\n")
	for i, line := range gotten {
		if i >= len(wanted) {
			return fmt.Sprintf("unexpected %q", line)
		}
		if line != wanted[i] {
			return fmt.Sprintf("want %q, got %q", wanted[i], line)
		}
	}
	return fmt.Sprintf("answer ends after %d lines, want %d", len(gotten), len(wanted))
}
