package nginx

import (
	"strings"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
)

// readBlocks reads what the controller refuses for all hosts.
func (t *translator) readBlocks() {
	for _, entry := range t.config.list("block-cidrs", "") {
		if address, ok := canonicalRange(entry); ok {
			t.blockedRanges = append(t.blockedRanges, address)
		}
	}
	for _, block := range []struct{ key, header string }{{"block-user-agents", "User-Agent"}, {"block-referers", "Referer"}} {
		for _, entry := range t.config.list(block.key, "") {
			match := ir.HeaderMatch{Name: block.header, Value: entry}
			if expression, ok := strings.CutPrefix(entry, "~*"); ok {
				match.Value, match.Regexp = "(?i)"+expression, true
			} else if expression, ok := strings.CutPrefix(entry, "~"); ok {
				match.Value, match.Regexp = expression, true
			}
			t.blocked = append(t.blocked, match)
		}
	}
}
