package nginx

import (
	"strconv"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
)

// readErrors reads the statuses whose answers come from the default backend of
// the Ingress. The controller's own default backend is out of reach for routes of
// other namespaces.
func (t *translator) readErrors(s *source, x *settings) {
	off := s.ann.boolean("disable-proxy-intercept-errors", t.config.boolean("disable-proxy-intercept-errors", false))
	own := s.ann.list("custom-http-errors")
	codes := own
	if len(codes) == 0 {
		codes = t.config.list("custom-http-errors", "")
	}
	var status []string
	for _, code := range codes {
		if n, err := strconv.Atoi(code); err != nil || n < 300 || n > 599 {
			s.ann.ignore("custom-http-errors", "not a list of statuses, so there are no error pages")
			return
		}
		status = append(status, code)
	}
	at := finding{code: diag.WNginxErrors, field: "ConfigMap custom-http-errors"}
	if len(own) > 0 {
		at = s.of("custom-http-errors", at)
	}
	backend, hasBackend := s.ann.find("default-backend")
	switch {
	case hasBackend && (off || len(status) == 0):
		s.sayOf(diag.EAnnUnconverted, "default-backend", "a Service without pods is answered 503 (or 404) instead of by the default backend")
	}
	switch {
	case len(status) == 0:
		return
	case off:
		// error_page of nginx.tmpl stays; proxy_intercept_errors alone is off.
		at.text = "with disable-proxy-intercept-errors the default backend still answers what nginx itself refuses with these statuses: clients see the target's own answer"
		s.add(at.diagnostic(s))
		return
	case !hasBackend:
		at.text = "error pages of the controller's default backend are out of reach: clients see the application's own"
		s.add(at.diagnostic(s))
		return
	}
	service, text := t.firstPort(s, backend)
	if service == nil {
		at.code, at.text = diag.EAnnUnconverted, text
		s.add(at.diagnostic(s))
		return
	}
	x.errors = &ir.ErrorPages{Status: status, Query: "/{status}", Service: ir.Backend{Services: []ir.Service{*service}}}
	s.add(at.diagnostic(s))
}

// firstPort is the Service named by default-backend, whose first port counts.
func (t *translator) firstPort(s *source, serviceName string) (*ir.Service, string) {
	service, known := t.service(s.Namespace, serviceName)
	switch {
	case service == nil && known:
		return nil, "Service " + serviceName + " does not exist, so there are no error pages"
	case service == nil:
		return nil, "Service " + serviceName + " is not part of the input, and its first port is not known: there are no error pages"
	case len(service.Spec.Ports) == 0:
		return nil, "Service " + serviceName + " has no port, so there are no error pages"
	}
	return &ir.Service{Name: serviceName, PortNumber: service.Spec.Ports[0].Port, Scheme: "http"}, ""
}
