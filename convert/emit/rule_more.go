package emit

import (
	"fmt"
	"strings"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
)

// notHosts excludes hosts. One that cannot be written is an error for the whole
// rule: leaving it out would widen the match.
func notHosts(b *strings.Builder, hosts []ir.Host, v Version) error {
	for _, h := range hosts {
		name, arg, err := hostMatcher(h, v)
		if err != nil {
			return fmt.Errorf("excluding a host: %w", err)
		}
		and(b)
		b.WriteByte('!')
		call(b, name, arg)
	}
	return nil
}

// clientIPs has one argument per matcher, see rule.
func clientIPs(b *strings.Builder, addresses []string) {
	if len(addresses) == 0 {
		return
	}
	and(b)
	if len(addresses) > 1 {
		b.WriteByte('(')
	}
	for i, address := range addresses {
		if i > 0 {
			b.WriteString(" || ")
		}
		call(b, "ClientIP", address)
	}
	if len(addresses) > 1 {
		b.WriteByte(')')
	}
}
