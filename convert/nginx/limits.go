package nginx

import (
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
)

// limits are counted per client.
type limits struct {
	filters []ir.Filter
	// exempt are addresses without limits.
	exempt []string
}

func (t *translator) readLimits(s *source, x *settings) {
	// Not a number was a reason to ignore the whole Ingress, see vanished.
	connections, _ := s.ann.integer("limit-connections", 0)
	perSecond, _ := s.ann.integer("limit-rps", 0)
	perMinute, _ := s.ann.integer("limit-rpm", 0)
	multiplier, _ := s.ann.integer("limit-burst-multiplier", 5)
	if multiplier < 1 {
		s.ann.ignore("limit-burst-multiplier", "less than 1, so the default 5 holds")
		multiplier = 5
	}
	client := ir.SourceCriterion{ClientIP: true}
	if connections > 0 {
		x.limits.filters = append(x.limits.filters, ir.InFlightReq{Amount: int64(connections), Source: client})
		s.sayOf(diag.WNginxLimit, "limit-connections", "")
	}
	for _, limit := range []struct {
		name, period string
		value        int
	}{{"limit-rps", "1s", perSecond}, {"limit-rpm", "1m", perMinute}} {
		if limit.value > 0 {
			x.limits.filters = append(x.limits.filters, ir.RateLimit{
				Average: int64(limit.value), Burst: int64(limit.value) * int64(multiplier), Period: limit.period, Source: client,
			})
			s.sayOf(diag.WNginxLimit, limit.name, "")
		}
	}
	exemptName := "limit-whitelist"
	if s.ann.has("limit-allowlist") {
		exemptName = "limit-allowlist"
	}
	for _, entry := range s.ann.list(exemptName) {
		address, ok := canonicalRange(entry)
		if !ok {
			s.ann.ignore(exemptName, "not a list of addresses, so nobody is exempt")
			x.limits.exempt = nil
			return
		}
		x.limits.exempt = append(x.limits.exempt, address)
	}
	if len(x.limits.filters) == 0 {
		x.limits.exempt = nil
		s.ann.ignore(exemptName, "without limits nobody needs to be exempt")
		s.ann.ignore("limit-burst-multiplier", "without limits it has no effect")
	}
}
