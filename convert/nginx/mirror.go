package nginx

import (
	"net/url"
	"strconv"
	"strings"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
)

func (t *translator) readMirror(s *source, x *settings) {
	target, ok := s.ann.find("mirror-target")
	if !ok {
		return
	}
	service, ok := mirrorService(target, s.Namespace)
	if !ok {
		s.sayOf(diag.EAnnUnconverted, "mirror-target", "Traefik mirrors only to Services of the same namespace; requests are not mirrored")
		return
	}
	withoutBody := s.ann.str("mirror-request-body", "on") == "off"
	x.mirror = &ir.Mirror{Service: service, WithoutBody: withoutBody}
	text := ""
	if !strings.Contains(target, "$request_uri") {
		text = "the mirror gets the path of the request, where nginx asks for a path of its own"
	}
	s.sayOf(diag.WNginxMirror, "mirror-target", text)
	if s.ann.has("mirror-host") {
		s.sayOf(diag.WNginxMirror, "mirror-host", "the mirror gets the Host header of the request")
	}
}

// mirrorService reads a URL of a Service: name, name.namespace, with or without
// .svc and the cluster's domain.
func mirrorService(target, namespace string) (ir.Service, bool) {
	parsed, err := url.Parse(strings.TrimSuffix(target, "$request_uri"))
	if err != nil || parsed.Scheme != "http" && parsed.Scheme != "https" || strings.Contains(parsed.Host, "$") {
		return ir.Service{}, false
	}
	if parsed.Path != "" && parsed.Path != "/" || parsed.RawQuery != "" {
		return ir.Service{}, false
	}
	labels := strings.Split(parsed.Hostname(), ".")
	if len(labels) < 3 || labels[1] != namespace || labels[2] != "svc" || labels[0] == "" {
		return ir.Service{}, false
	}
	port := map[string]int{"http": 80, "https": 443}[parsed.Scheme]
	if text := parsed.Port(); text != "" {
		if port, err = strconv.Atoi(text); err != nil || port < 1 || port > 65535 {
			return ir.Service{}, false
		}
	}
	return ir.Service{Name: labels[0], PortNumber: int32(port), Scheme: parsed.Scheme}, true
}
