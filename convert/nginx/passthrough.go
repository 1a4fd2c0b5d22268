package nginx

import (
	"strings"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
)

// passThrough finds the Service that gets the TLS connections of a host: that of
// its location /, if the oldest Ingress of the host asks for it.
func (t *translator) passThrough(v *server) {
	if !v.first.settings.passTLS {
		return
	}
	if v.host == "" || v.wildcard() {
		v.first.sayOf(diag.EAnnUnconverted, "ssl-passthrough", "TLS of any host or a wildcard cannot be handed on")
		return
	}
	for _, l := range v.locations {
		if l.path == "/" && !l.exact && l.backend != nil {
			v.passTo = l
			return
		}
	}
	v.first.ann.ignore("ssl-passthrough", "without a Service for path / the controller ends TLS itself")
}

func (t *translator) passthroughOf(v *server) []ir.Passthrough {
	l := v.passTo
	if l == nil {
		return nil
	}
	service, _ := t.resolveService(l.at, l.backend)
	out := ir.Passthrough{
		Owner: l.at.src.ref(), Origins: []ir.Origin{l.at.origin()},
		EntryPoints: []string{t.facts.HTTPSEntryPoint}, Service: service,
	}
	for _, host := range v.names() {
		if strings.HasPrefix(host, "~") || strings.HasPrefix(host, "*") {
			v.first.sayOf(diag.EAnnUnconverted, "server-alias", "TLS of "+host+" cannot be handed on")
			continue
		}
		out.Hosts = append(out.Hosts, host)
	}
	l.at.src.routed++
	return []ir.Passthrough{out}
}

// reportImplicit says what is not in the output of location /, which every host
// has in nginx: the annotations of its oldest Ingress hold there, and unless they
// redirect its answer is the controller's default backend.
func (t *translator) reportImplicit() {
	for _, v := range t.hosts {
		for _, l := range v.locations {
			if l.backend == nil {
				t.reportImplicitOf(l)
			}
		}
	}
}

func (t *translator) reportImplicitOf(l *location) {
	s, x := l.at.src, l.settings()
	switch {
	case l.redirectsAll():
		s.sayAt(l, diag.WNginxRedirect, "paths without a rule are redirected as well, with the same differences")
		if x.cors != nil {
			s.sayAt(l, diag.WNginxCORS, "the same holds where paths without a rule are redirected")
		}
	case x.denied != nil:
		s.say(diag.WNginxImplicit, l.at.field(), "paths without a rule are answered 404 instead of 503")
	case x.auth != nil || x.extAuth != nil || len(x.access.allow)+len(x.access.deny)+len(x.limits.filters)+len(x.withheld) > 0:
		s.say(diag.WNginxImplicit, l.at.field(), "")
	case l.rewritten() && !x.rewrite.slashed():
		s.sayAt(l, diag.WNginxImplicit, "paths without a rule are answered 404 instead of 400")
	case t.redirectsToTLS(l):
		s.sayAt(l, diag.WNginxImplicit, "paths without a rule are answered 404 over plain HTTP as well, without a redirect to https before")
	case x.cors != nil || len(x.response) > 0:
		s.sayAt(l, diag.WNginxImplicit, "the answers to paths without a rule have none of the headers that the annotations ask for")
	}
}

// sayAt reports what concerns a location and clients hardly notice.
func (s *source) sayAt(l *location, code diag.Code, text string) {
	d := finding{code: code, field: l.at.field(), text: text}.diagnostic(s)
	d.Severity = diag.Equivalent
	s.add(d)
}
