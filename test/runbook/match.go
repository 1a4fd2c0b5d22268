package runbook

import (
	"regexp"
	"strings"
)

// anything of expected text that is compared in another way than as it is written.
var special = regexp.MustCompile(`…|\s+|` + duration + `|` + randomEnd)

const (
	duration = `\b(?:\d+(?:\.\d+)?(?:ns|µs|ms|s|m|h|d))+\b`
	// What Kubernetes makes up of these letters and digits.
	randomEnd = `-[bcdfghjklmnpqrstvwxz2456789]{5}\b`
)

// pattern matches what an expected line stands for.
func pattern(line string) *regexp.Regexp {
	line = strings.TrimRight(line, " ")
	var b strings.Builder
	b.WriteString("^")
	end := 0
	for _, at := range special.FindAllStringIndex(line, -1) {
		b.WriteString(regexp.QuoteMeta(line[end:at[0]]))
		end = at[1]
		switch found := line[at[0]:at[1]]; {
		case found == "…":
			b.WriteString(".*")
		case strings.TrimSpace(found) == "":
			b.WriteString(`\s+`)
		case strings.HasPrefix(found, "-"):
			b.WriteString(randomEnd)
		default:
			b.WriteString(duration)
		}
	}
	b.WriteString(regexp.QuoteMeta(line[end:]) + `\s*$`)
	return regexp.MustCompile(b.String())
}

// matches compares what was printed with what was expected.
func matches(want, got []string) bool {
	if len(want) == 0 {
		return len(got) == 0
	}
	if want[0] == "…" {
		for i := range len(got) + 1 {
			if matches(want[1:], got[i:]) {
				return true
			}
		}
		return false
	}
	return len(got) > 0 && pattern(want[0]).MatchString(got[0]) && matches(want[1:], got[1:])
}

// lines of a text, the empty ones at its ends left out.
func lines(text string) []string {
	text = strings.Trim(text, "\n")
	if text == "" {
		return nil
	}
	return strings.Split(text, "\n")
}
