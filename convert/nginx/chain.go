package nginx

import (
	"slices"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
)

// without leaves parts of a chain out.
type without struct{ auth, allow, limits bool }

// chain is the order of filters that gives nginx's phases their meaning:
//
//	header filters        headers of the answer, outermost
//	find config           size of the body
//	error_page            error pages, around everything that can fail
//	preaccess             limits
//	access                addresses, credentials
//	content               headers for the backend, retries, the rewritten path
func (t *translator) chain(l *location, https bool, leave without) []ir.Filter {
	x := l.settings()
	chain := t.headers(l, https)
	if x.body != nil {
		chain = append(chain, *x.body)
	}
	// The error page for 401 would lose WWW-Authenticate, without which browsers
	// do not ask for credentials.
	authErrors := x.errors != nil && slices.Contains(x.errors.Status, "401") && x.auth != nil
	if x.errors != nil && !authErrors {
		chain = append(chain, *x.errors)
	}
	if !leave.limits {
		chain = append(chain, x.limits.filters...)
	}
	if len(x.access.allow) > 0 && !leave.allow {
		chain = append(chain, x.access.filter())
	}
	if !leave.auth {
		chain = append(chain, t.authFilters(l)...)
	}
	if authErrors {
		chain = append(chain, *x.errors)
	}
	if c := l.server.clientCert; c != nil && c.pass && https {
		chain = append(chain, ir.PassTLSClientCert{PEM: true})
	}
	chain = append(chain, l.requestHeaders(leave.auth)...)
	if x.retry != nil {
		chain = append(chain, *x.retry)
	}
	if l.rewritten() {
		chain = append(chain, l.rewriteFilter())
	}
	return chain
}

// authFilters ask for credentials, but for no location that serves ACME challenges
// (no-auth-locations of the controller's nginx.tmpl).
func (t *translator) authFilters(l *location) []ir.Filter {
	x := l.settings()
	if hasPrefixOf(l.path, t.noAuth) {
		return nil
	}
	var out []ir.Filter
	if x.auth != nil {
		out = append(out, x.auth)
	}
	if x.extAuth != nil {
		out = append(out, *x.extAuth)
	}
	return out
}

// before is what stands in front of a redirect that nginx makes in its rewrite
// phase: headers of the answer and the size of the body, no protection.
func (t *translator) before(l *location, https bool) []ir.Filter {
	chain := t.headers(l, https)
	if body := l.settings().body; body != nil {
		chain = append(chain, *body)
	}
	return chain
}

// redirectOf is the redirect that answers every request of the location; nil: none.
func (l *location) redirectOf() ir.Filter {
	x := l.settings()
	switch {
	case l.catchAll():
		return nil
	case x.redirect != nil:
		return x.redirect.filter()
	case l.rewritten() && x.rewrite.absolute():
		return l.rewriteFilter()
	}
	return nil
}

// redirectsAll tells whether a location redirects every request, wherever it may lead.
func (l *location) redirectsAll() bool { return !l.willLose() && l.redirectOf() != nil }
