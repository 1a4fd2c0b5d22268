package emitnginx

import "github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"

// settle makes one answer of two. Requests in plain text are redirected where
// Traefik answers them otherwise than those over TLS, or not at all.
//
//	plain                        TLS          location
//	none                         an answer    that of TLS, plain redirected
//	redirected to https          an answer    that of TLS, plain redirected
//	an answer                    the same     that
//	an answer                    another      that of TLS, plain redirected
//	an answer                    a redirect   that of plain: nginx would redirect both,
//	                                          perhaps to where the client comes from
//	an answer                    none         that of plain
func (l *location) settle() {
	if l.plain != nil && l.tls != nil && l.tls.answer.redirects() {
		a := l.plain.answer
		l.asPlain = !a.redirects() && !a.toTLS && !a.denied
	}
	of := l.main()
	answer := *of.answer
	if l.tls != nil && !answer.denied && !l.asPlain {
		answer.toTLS = l.plain == nil || l.plain.answer.toTLS || l.plain.answer.key() != l.tls.answer.key()
	}
	if l.plain != nil && l.plain.answer.denied {
		answer = *l.plain.answer // withheld for one scheme, withheld for both
	}
	l.owner, l.route, l.answer, l.pattern = of.task.owner, of.task.route, &answer, of.pattern
}

// main is the side whose answer counts.
func (l *location) main() *side {
	if l.tls != nil && !l.asPlain {
		return l.tls
	}
	return l.plain
}

// compare reports what is answered otherwise on one scheme because nginx has one
// location for both.
func (s *server) compare(i int) {
	l := s.locations[i]
	place := s.name() + l.pattern.text
	plain, how := "plain requests for "+place, "are redirected to https"
	if l.answer.redirects() {
		how = "are redirected as those over TLS" // which nginx does first
	}
	switch {
	case l.answer.denied:
		for _, side := range [...]*side{l.plain, l.tls} {
			if side != nil && !side.answer.denied {
				side.task.owner.report(diag.WToNginxScheme, field(side.task.route), "requests for "+place+" are answered 403 on both ports, because the route for one of them is withheld").Blocking = true
			}
		}
	case l.plain != nil && l.tls != nil:
		for _, side := range [...]*side{l.plain, l.tls} {
			if o := side.task.owner; o != l.owner {
				o.report(diag.IToNginxScheme, field(side.task.route), "the location for "+place+" is in the Ingress that is made of "+l.owner.ref.String())
			}
		}
		switch {
		case l.asPlain:
			l.report(diag.WToNginxScheme, "requests over TLS for "+place+" are redirected now, and answered as those in plain text")
		case l.plain.answer.toTLS && l.answer.redirects():
			l.report(diag.IToNginxScheme, plain+" "+how+", not to https first")
		case !l.plain.answer.toTLS && l.plain.answer.key() != l.tls.answer.key():
			l.report(diag.WToNginxScheme, plain+" have another answer than those over TLS: they "+how)
		}
	case l.plain == nil:
		other := s.taker(i, func(o *location) bool { return o.plain != nil && !o.plain.answer.toTLS })
		redirected := s.taker(i, func(o *location) bool { return o.plain != nil && covers(o.pattern, l.pattern) }) != nil
		switch {
		case other != nil:
			l.report(diag.WToNginxScheme, plain+", which "+other.plain.task.owner.ref.String()+" answers now, "+how)
		case !redirected:
			l.report(diag.IToNginxScheme, plain+", which Traefik does not answer, "+how)
		case l.answer.redirects():
			l.report(diag.IToNginxScheme, plain+" "+how+", not to https first")
		}
	default:
		secure := "requests over TLS for " + place
		if other := s.taker(i, func(o *location) bool { return o.tls != nil }); other != nil {
			l.report(diag.WToNginxScheme, secure+", which "+other.tls.task.owner.ref.String()+" answers now, are answered as those in plain text")
		} else {
			l.report(diag.IToNginxScheme, secure+", which Traefik does not answer, are answered as those in plain text")
		}
	}
}

// compareOrder reports what is answered by another route on one scheme because the
// order is that of the other one.
func (s *server) compareOrder(i int) {
	l := s.locations[i]
	for _, j := range s.pairs[i] {
		later := s.locations[j]
		if j < i {
			continue
		}
		if l.tls != nil && later.tls != nil && before(l.tls, later.tls) > 0 {
			l.report(diag.WToNginxScheme, "requests over TLS for "+s.name()+l.pattern.text+", which "+later.tls.task.owner.ref.String()+" answers now, are answered by this route as those in plain text")
		}
		if l.plain == nil || later.plain == nil || before(l.plain, later.plain) < 0 || l.answer.toTLS && later.answer.toTLS {
			continue
		}
		l.report(diag.WToNginxScheme, "plain requests for "+s.name()+l.pattern.text+", which "+later.plain.task.owner.ref.String()+" answers now, are answered by this route as those over TLS")
	}
}

func (l *location) report(code diag.Code, text string) { l.owner.report(code, field(l.route), text) }

func (s *server) name() string {
	if s.host == "" {
		return "any host "
	}
	return s.host
}

// taker is a location of a kind that may take requests of another one.
func (s *server) taker(i int, kind func(*location) bool) *location {
	for _, j := range s.pairs[i] {
		if kind(s.locations[j]) {
			return s.locations[j]
		}
	}
	return nil
}
