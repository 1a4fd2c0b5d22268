package emitnginx

import (
	"encoding/json"
	"maps"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
)

// answer is what a location does with a request.
type answer struct {
	// annotations by name, without the prefix.
	annotations map[string]string
	// headers are set on responses, which takes a ConfigMap.
	headers map[string]string
	// namespace is that of the Services.
	namespace string
	backend   ir.Service
	// canary gets weight of total requests; nil: none.
	canary        *ir.Service
	weight, total int
	// toTLS: requests in plain text are redirected to the same URL with https.
	toTLS bool
	// denied: nobody gets in, because the route could not be carried over.
	denied bool
}

// key tells answers apart that differ in more than toTLS.
func (a *answer) key() string {
	text, err := json.Marshal([]any{a.annotations, a.headers, a.namespace, a.backend, a.canary, a.weight, a.total, a.denied})
	if err != nil {
		return err.Error() // strings, numbers and maps of strings always marshal
	}
	return string(text)
}

// with returns a copy with one more annotation.
func (a *answer) with(name, value string) *answer {
	out := *a
	out.annotations = maps.Clone(a.annotations)
	if out.annotations == nil {
		out.annotations = map[string]string{}
	}
	out.annotations[name] = value
	return &out
}

// redirects tells whether the location answers with a redirect of its own.
func (a *answer) redirects() bool {
	return a.annotations["permanent-redirect"] != "" || a.annotations["temporal-redirect"] != "" ||
		absolute.MatchString(a.annotations["rewrite-target"])
}

// piece is a part of a route's paths with one answer.
type piece struct {
	pattern pattern
	answer  *answer
}

// guard answers 403 to everybody.
func guard(backend ir.Service) *answer {
	return &answer{
		annotations: map[string]string{"denylist-source-range": "0.0.0.0/0,::/0", "ssl-redirect": "false"},
		backend:     backend, denied: true,
	}
}

// always are the annotations of every location that serves: without them nginx
// would redirect hosts with a certificate, refuse bodies over a megabyte and end
// connections that are silent for a minute, none of which Traefik does.
func always() map[string]string {
	return map[string]string{
		"ssl-redirect":          "false",
		"proxy-body-size":       "0",
		"proxy-connect-timeout": "30",
		"proxy-read-timeout":    day,
		"proxy-send-timeout":    day,
	}
}

// day in seconds stands for no limit; nginx has none to switch it off.
const day = "86400"
