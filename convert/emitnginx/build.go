package emitnginx

import (
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
)

// builder makes the answer of one path of a route on one server and scheme.
type builder struct {
	o     *owner
	route *ir.Route
	on    pattern
	// host is the server's name: empty or with a star when there are many.
	host string
	tls  bool

	answer   *answer
	redirect *linear
	// permanent is about redirect.
	permanent bool
	rewrite   rewrite
	blocked   bool
	allowed   bool // an allow list is there
	// through is the Middleware of the user's that is being looked at.
	through string
}

// pieces are the locations of one path of a route.
func (o *owner) pieces(route *ir.Route, on pattern, host string, tls bool) []piece {
	b := &builder{o: o, route: route, on: on, host: host, tls: tls, answer: &answer{annotations: always(), namespace: o.ref.Namespace}}
	b.match()
	b.services()
	for _, f := range route.Filters {
		b.filter(f)
	}
	b.certificates()
	if b.blocked {
		return []piece{{b.on, guard(b.answer.backend)}}
	}
	base := b.rewritten()
	if b.redirect == nil || b.blocked {
		if b.blocked {
			return []piece{{b.on, guard(b.answer.backend)}}
		}
		return base
	}
	pieces := b.redirected(base)
	if b.blocked {
		return []piece{{b.on, guard(b.answer.backend)}}
	}
	return pieces
}

// block withholds the route: what stands in its place admits nobody.
func (b *builder) block(code diag.Code, text string) {
	b.blocked = true
	d := b.say(code, text)
	d.Blocking = true
}

func (b *builder) say(code diag.Code, text string) *diag.Diagnostic {
	if b.through != "" && text != "" {
		text = "Middleware " + b.through + ": " + text
	}
	return b.o.report(code, field(b.route), text)
}

// field is the place of the Ingress that a route comes from.
func field(r *ir.Route) string {
	if len(r.Origins) == 0 {
		return ""
	}
	return r.Origins[0].Field
}

func (b *builder) set(name, value string) { b.answer.annotations[name] = value }

// match refuses conditions that nginx's locations do not have.
func (b *builder) match() {
	forwarded, ok := forwardedTLS(b.route)
	switch {
	case ok && forwarded.Not:
		b.forwardedProto()
	case len(b.route.Match.Headers) > 0:
		b.block(diag.EToNginxMatch, "a location does not ask for header "+b.route.Match.Headers[0].Name)
	case len(b.route.Match.ClientIPs) > 0, len(b.route.Match.NotHosts) > 0:
		b.block(diag.EToNginxMatch, "a location asks for neither addresses nor hosts that are excluded")
	}
}

// certificates refuses what clients have to show.
func (b *builder) certificates() {
	t := b.route.TLS
	switch {
	case t == nil:
	case t.OptionsName != "" || t.Options != nil:
		b.block(diag.EToNginxTLS, "the TLS options "+t.OptionsName+" may ask for client certificates")
	case t.CertResolver != "" && t.SecretName == "":
		b.say(diag.WToNginxCert, "the certificate comes from Traefik's resolver "+t.CertResolver+", and nginx has none")
	}
}

// filter adds what one filter does.
func (b *builder) filter(f ir.Filter) {
	switch f := f.(type) {
	case ir.IPAllowList:
		b.allowList(f)
	case ir.BasicAuth:
		b.users("basic", f.Secret, f.HeaderField, f.Realm, f.RemoveHeader)
	case ir.DigestAuth:
		b.users("digest", f.Secret, f.HeaderField, f.Realm, f.RemoveHeader)
	case ir.ForwardAuth:
		b.forwardAuth(f)
	case ir.RedirectScheme:
		b.redirectScheme(f)
	case ir.RedirectRegex:
		b.redirectRegex(f.Regex, f.Replacement, f.Permanent)
	case ir.StripPrefix:
		b.strip(f)
	case ir.AddPrefix:
		b.addPrefix(f)
	case ir.ReplacePath:
		b.replacePath(f)
	case ir.ReplacePathRegex:
		b.replacePathRegex(f)
	case ir.Headers:
		b.headers(f)
	case ir.ErrorPages:
		b.errorPages(f)
	case ir.Buffering:
		b.buffering(f)
	case ir.RateLimit:
		b.rateLimit(f)
	case ir.InFlightReq:
		b.inFlight(f)
	case ir.Retry:
		b.retry(f)
	case ir.CircuitBreaker:
		b.say(diag.WToNginxLimit, "nginx has no circuit breaker: a failing backend goes on being asked")
	case ir.PassTLSClientCert:
		b.block(diag.EToNginxTLS, "nginx would not set X-Forwarded-Tls-Client-Cert, so that clients could send it themselves")
	case ir.ExistingMiddleware:
		b.existing(f, b.o.ref.Namespace, nil)
	default:
		b.block(diag.EToNginxMiddleware, "a step on the request's way has no counterpart")
	}
}
