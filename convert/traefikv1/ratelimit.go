package traefikv1

import (
	"time"

	"go.yaml.in/yaml/v2"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
)

// The keys of rate-limit that Traefik 1.7 reads: field names in lower case.
type (
	rateLimitYAML struct {
		RateSet       map[string]*rateYAML
		ExtractorFunc string
	}
	rateYAML struct {
		Period  yamlDuration
		Average int64
		Burst   int64
	}
	yamlDuration time.Duration
)

// UnmarshalText reads a Go duration or a number of seconds.
func (d *yamlDuration) UnmarshalText(text []byte) error {
	parsed, err := parseDuration(string(text))
	*d = yamlDuration(parsed)
	return err
}

// readRateLimit reads the limits; all of them hold together.
func readRateLimit(s *source, c *settings) {
	raw := s.ann.str("rate-limit", "")
	if raw == "" {
		return
	}
	var y rateLimitYAML
	if err := yaml.Unmarshal([]byte(raw), &y); err != nil {
		s.sayOf(diag.IAnnIgnored, "rate-limit", "not the YAML that Traefik 1.7 expects, so there is no limit")
		return
	}
	for _, key := range unknownKeys(raw, rateLimitYAML{}) {
		s.sayOf(diag.IAnnIgnored, "rate-limit", "key "+key+" is not known (keys are all lower case)")
	}
	extractor := c.unescape(s, "rate-limit", y.ExtractorFunc)
	if len(y.RateSet) == 0 {
		s.sayOf(diag.IAnnIgnored, "rate-limit", "no rateset, so there is no limit")
		return
	}
	criterion, ok := parseExtractor(extractor)
	if !ok {
		c.problems = append(c.problems, s.of("rate-limit", dropped("", "extractorfunc is none of client.ip, request.host, request.header.NAME")))
		return
	}
	byPeriod := map[time.Duration]int{}
	for _, label := range sortedKeys(y.RateSet) {
		c.unescape(s, "rate-limit", label)
		rate := y.RateSet[label]
		if rate == nil {
			c.problems = append(c.problems, s.of("rate-limit", brokenTOML("", "rate "+label, errEmptyEntry)))
			return
		}
		period := time.Duration(rate.Period)
		if period <= 0 || rate.Average <= 0 || rate.Burst <= 0 {
			c.problems = append(c.problems, s.of("rate-limit", dropped("", "period, average and burst must be greater than zero")))
			return
		}
		limit := ir.RateLimit{Average: rate.Average, Burst: rate.Burst, Period: period.String(), Source: criterion}
		if i, taken := byPeriod[period]; taken {
			s.sayOf(diag.WRateLimit, "rate-limit", "of two rates with one period Traefik 1.7 keeps any one; the output keeps the lower one")
			if limit.Average < c.rateLimits[i].Average {
				c.rateLimits[i] = limit
			}
			continue
		}
		byPeriod[period] = len(c.rateLimits)
		c.rateLimits = append(c.rateLimits, limit)
	}
	s.sayOf(diag.WRateLimit, "rate-limit", "the target delays requests for up to half a second before it answers 429, and several rates do not grant together")
}
