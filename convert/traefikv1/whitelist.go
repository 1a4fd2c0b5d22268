package traefikv1

import (
	"net"
	"strconv"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
)

// readAllowList reads the addresses that are admitted.
func readAllowList(s *source, c *settings) {
	ranges := s.ann.list("whitelist-source-range")
	if len(ranges) == 0 {
		return
	}
	list := ir.IPAllowList{SourceRange: c.unescapeAll(s, "whitelist-source-range", ranges)}
	for _, entry := range list.SourceRange {
		if !validRange(entry) {
			c.problems = append(c.problems, s.of("whitelist-source-range", dropped("", strconv.Quote(entry)+" is neither an address nor a range")))
			return
		}
	}
	if s.ann.boolean("whitelist-x-forwarded-for", false) {
		c.problems = append(c.problems, s.of("whitelist-x-forwarded-for", blocked(diag.EWhitelistXFF, "", "that any address of X-Forwarded-For admits a request cannot be expressed")))
		return
	}
	c.allowList = list
}

func validRange(entry string) bool {
	if net.ParseIP(entry) != nil {
		return true
	}
	_, _, err := net.ParseCIDR(entry)
	return err == nil
}
