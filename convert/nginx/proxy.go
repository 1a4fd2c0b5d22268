package nginx

import (
	"regexp"
	"strconv"
	"strings"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
)

func (t *translator) readProxy(s *source, x *settings) {
	t.readBody(s, x)
	t.readTimeouts(s, x)
	t.readRetry(s, x)
}

// size is what nginx reads as a size.
var size = regexp.MustCompile(`^([0-9]+)([kKmMgG]?)$`)

// parseSize returns the bytes of "8m"; false when nginx would not read it.
func parseSize(value string) (int64, bool) {
	m := size.FindStringSubmatch(value)
	if m == nil {
		return 0, false
	}
	n, err := strconv.ParseInt(m[1], 10, 64)
	if err != nil {
		return 0, false
	}
	shift := map[string]uint{"": 0, "k": 10, "m": 20, "g": 30}[strings.ToLower(m[2])]
	if n > (1<<62)>>shift {
		return 0, false
	}
	return n << shift, true
}

// readBody: zero is no limit, which is what Traefik does without any middleware.
func (t *translator) readBody(s *source, x *settings) {
	value, own := s.ann.find("proxy-body-size")
	if !own {
		value = t.config.text("proxy-body-size", "1m")
	}
	bytes, ok := parseSize(value)
	if !ok {
		s.ann.ignore("proxy-body-size", "not a size, so the default holds")
		bytes, own = 1<<20, false
	}
	if bytes == 0 {
		return
	}
	if t.facts.LimitBodies {
		x.body = &ir.Buffering{MaxRequestBodyBytes: bytes}
		if own {
			s.sayOf(diag.WNginxBodySize, "proxy-body-size", "requests and answers are buffered whole, which breaks streaming")
		}
		return
	}
	if own {
		s.sayOf(diag.WNginxBodySize, "proxy-body-size", "")
	}
}

func (t *translator) readTimeouts(s *source, x *settings) {
	connect := t.config.integer("proxy-connect-timeout", 0)
	if value := s.ann.number("proxy-connect-timeout", connect); value > 0 {
		x.backend.dialTimeout = strconv.Itoa(value) + "s"
	}
	for _, name := range []string{"proxy-read-timeout", "proxy-send-timeout"} {
		if !s.ann.has(name) {
			continue
		}
		const usual = 60
		if s.ann.number(name, usual) >= usual {
			s.sayMild(diag.WNginxTimeout, name, "Traefik waits longer still")
			continue
		}
		s.sayOf(diag.WNginxTimeout, name, "")
	}
}

func (t *translator) readRetry(s *source, x *settings) {
	const usual = 3
	conditions := s.ann.str("proxy-next-upstream", t.config.text("proxy-next-upstream", "error timeout"))
	tries := s.ann.number("proxy-next-upstream-tries", t.config.integer("proxy-next-upstream-tries", usual))
	if conditions == "off" || tries == 1 {
		return
	}
	switch http2 := x.backend.protocol == "GRPC" || x.backend.protocol == "GRPCS"; {
	case !t.facts.Retry || tries < 1:
	case http2:
		s.sayOf(diag.WRetryHTTP2, "backend-protocol", "")
	default:
		x.retry = &ir.Retry{Attempts: tries}
	}
	for _, name := range []string{"proxy-next-upstream", "proxy-next-upstream-timeout", "proxy-next-upstream-tries"} {
		if s.ann.has(name) {
			s.sayOf(diag.WNginxRetry, name, "")
		}
	}
}
