package plugin

import (
	"bytes"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/ui"
)

// planLead is how wide the names are that lines of a plan begin with.
const planLead = 11

// hanging writes lines of a plan so that what does not fit a terminal goes on below its
// text, between words.
func hanging(out io.Writer, write func(io.Writer)) {
	var lines bytes.Buffer
	write(&lines)
	_, _ = io.WriteString(out, hang(lines.String(), ui.Width(out))) // as fmt.Fprint: a screen that is gone is nobody's
}

// hang breaks lines that are longer than width columns; 0: none.
func hang(text string, width int) string {
	if width <= 2*planLead {
		return text
	}
	var b strings.Builder
	for line := range strings.Lines(text) {
		runes := []rune(strings.TrimSuffix(line, "\n"))
		if utf8.RuneCountInString(line) <= width || len(runes) <= planLead {
			b.WriteString(line)
			continue
		}
		lead := string(runes[:planLead])
		for _, part := range ui.Wrap(string(runes[planLead:]), width-planLead) {
			b.WriteString(lead + part + "\n")
			lead = strings.Repeat(" ", planLead)
		}
	}
	return b.String()
}
