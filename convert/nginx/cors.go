package nginx

import (
	"regexp"
	"strings"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
)

// The controller's defaults.
const (
	corsMethods = "GET, PUT, POST, DELETE, PATCH, OPTIONS"
	corsHeaders = "DNT,Keep-Alive,User-Agent,X-Requested-With,If-Modified-Since,Cache-Control,Content-Type,Range,Authorization"
	corsMaxAge  = 1728000
)

// corsOrigin is what the controller accepts as an origin; the star stands for
// one label.
var corsOrigin = regexp.MustCompile(`^(?i)(https?|chrome-extension)://(\*\.)?[a-z0-9_-]+([.:]?[a-z0-9_-]+)*(:[0-9]+)?$`)

func (t *translator) readCORS(s *source, x *settings) {
	if !s.ann.boolean("enable-cors", false) {
		return
	}
	s.sayOf(diag.WNginxCORS, "enable-cors", "")
	c := &ir.CORS{
		AllowMethods:     splitList(s.ann.str("cors-allow-methods", corsMethods)),
		AllowHeaders:     splitList(s.ann.str("cors-allow-headers", corsHeaders)),
		ExposeHeaders:    s.ann.list("cors-expose-headers"),
		AllowCredentials: s.ann.boolean("cors-allow-credentials", true),
		MaxAge:           int64(s.ann.number("cors-max-age", corsMaxAge)),
	}
	var refused []string
	for _, origin := range splitList(s.ann.str("cors-allow-origin", "*")) {
		switch {
		case origin == "*":
			c.AllowOrigins, c.AllowOriginRegexps = []string{"*"}, nil
		case !corsOrigin.MatchString(origin):
			refused = append(refused, origin)
			continue
		case strings.Contains(origin, "*"):
			before, after, _ := strings.Cut(strings.ToLower(origin), "*")
			c.AllowOriginRegexps = append(c.AllowOriginRegexps, "^"+regexp.QuoteMeta(before)+"[^.]+"+regexp.QuoteMeta(after)+"$")
		default:
			c.AllowOrigins = append(c.AllowOrigins, strings.ToLower(origin))
		}
		if len(c.AllowOrigins) == 1 && c.AllowOrigins[0] == "*" {
			break
		}
	}
	if len(refused) > 0 {
		s.sayOf(diag.IAnnIgnored, "cors-allow-origin", "the controller leaves out "+strings.Join(refused, ", ")+": not an origin with a scheme")
	}
	if len(c.AllowOrigins) == 0 && len(c.AllowOriginRegexps) == 0 {
		return // every entry was refused, so no origin may call
	}
	x.cors = c
}
