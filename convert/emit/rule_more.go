package emit

import (
	"fmt"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
)

// notHosts excludes hosts. One that cannot be written is an error for the whole
// rule: leaving it out would widen the match.
func notHosts(b []byte, hosts []ir.Host, v Version) ([]byte, error) {
	for _, h := range hosts {
		name, arg, err := hostMatcher(h, v)
		if err != nil {
			return b, fmt.Errorf("excluding a host: %w", err)
		}
		b = call(append(and(b), '!'), name, arg)
	}
	return b, nil
}

// clientIPs has one argument per matcher, see rule.
func clientIPs(b []byte, addresses []string) []byte {
	if len(addresses) == 0 {
		return b
	}
	b = and(b)
	if len(addresses) > 1 {
		b = append(b, '(')
	}
	for i, address := range addresses {
		if i > 0 {
			b = append(b, " || "...)
		}
		b = call(b, "ClientIP", address)
	}
	if len(addresses) > 1 {
		b = append(b, ')')
	}
	return b
}
