package nginx

import (
	"maps"
	"slices"
	"strings"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
)

// readHeaders reads headers from ConfigMaps: custom-headers of the Ingress, and
// those of the controller for every Ingress.
func (t *translator) readHeaders(s *source, x *settings) {
	if value, ok := s.ann.find("custom-headers"); ok {
		t.customHeaders(s, x, value)
	}
	for _, setting := range []struct {
		key string
		set func(name, value string)
	}{{"proxy-set-headers", x.setRequest}, {"add-headers", x.setResponse}} {
		reference := t.config.text(setting.key, "")
		if reference == "" {
			continue
		}
		at := finding{code: diag.ENginxReference, field: "ConfigMap " + setting.key, value: reference}
		headers, ok := t.facts.HeaderMaps[reference]
		if !ok {
			at.text = "ConfigMap " + reference + " is not part of the input"
			x.withhold(at)
			continue
		}
		for _, key := range slices.Sorted(maps.Keys(headers)) {
			if !strings.Contains(headers[key], "$") { // or else reported by Settings
				setting.set(key, headers[key])
			}
		}
	}
	for _, key := range t.config.list("hide-headers", "") {
		x.setResponse(key, "")
	}
}

func (t *translator) customHeaders(s *source, x *settings, value string) {
	namespace, objectName, slash := strings.Cut(value, "/")
	if !slash {
		namespace, objectName = s.Namespace, value
	}
	headers, known := t.facts.HeaderMaps[namespace+"/"+objectName]
	if !known {
		x.withhold(s.of("custom-headers", finding{code: diag.ENginxReference, text: "ConfigMap " + namespace + "/" + objectName + " is not part of the input"}))
		return
	}
	allowed := t.config.list("global-allowed-response-headers", "")
	for _, key := range slices.Sorted(maps.Keys(headers)) {
		if !slices.ContainsFunc(allowed, func(name string) bool { return strings.EqualFold(name, key) }) {
			x.deny(s.of("custom-headers", finding{code: diag.ENginxNotServed, text: "header " + key + " is not in global-allowed-response-headers, so nginx answers 503"}))
			return
		}
		if strings.Contains(headers[key], "$") {
			s.sayOf(diag.EAnnUnconverted, "custom-headers", "header "+key+" contains a variable of nginx and is not sent")
			continue
		}
		x.setResponse(key, headers[key])
	}
}

// headers is the filter of a location's answers on one scheme; nil when there is
// nothing to do.
func (t *translator) headers(l *location, https bool) []ir.Filter {
	x := l.settings()
	if x.response == nil && x.cors == nil {
		if https {
			return t.hstsFilter()
		}
		return nil
	}
	h := ir.Headers{CustomResponse: x.response, CORS: x.cors}
	if https {
		t.hsts(&h)
	}
	return []ir.Filter{h}
}

// requestHeaders is the filter of what the backend alone gets, innermost: redirects
// and authentication have to do with the Host that the client sent. Where nginx asks
// for users it never hands their credentials on, not even those that it did not need.
func (l *location) requestHeaders(unasked bool) []ir.Filter {
	request := l.settings().request
	if unasked && l.settings().auth != nil {
		request = with(request, "Authorization", "")
	}
	if l.rewritten() {
		if prefix := l.at.src.forwardedPrefix(); prefix != "" {
			request = with(request, "X-Forwarded-Prefix", prefix)
		}
	}
	if request == nil {
		return nil
	}
	return []ir.Filter{ir.Headers{CustomRequest: request}}
}

// with is a copy of headers, which locations share, with one more.
func with(headers map[string]string, name, value string) map[string]string {
	out := make(map[string]string, len(headers)+1)
	maps.Copy(out, headers)
	out[name] = value
	return out
}

// hstsFilter is the filter of answers over TLS that have no other headers. It is
// shared, and has no room to append to.
func (t *translator) hstsFilter() []ir.Filter {
	if !t.hstsMade {
		t.hstsMade = true
		h := ir.Headers{}
		if t.hsts(&h); h.STSSeconds != 0 {
			t.hstsOnly = []ir.Filter{h}
		}
	}
	return t.hstsOnly
}

// hsts is on by default, for every answer over TLS, with any certificate.
func (t *translator) hsts(h *ir.Headers) {
	if !t.config.boolean("hsts", true) {
		return
	}
	h.STSSeconds = int64(t.config.integer("hsts-max-age", 31536000))
	h.STSIncludeSubdomains = t.config.boolean("hsts-include-subdomains", true)
	h.STSPreload = t.config.boolean("hsts-preload", false)
}
