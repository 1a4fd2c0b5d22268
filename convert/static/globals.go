package static

import (
	"strings"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
)

// globals carries what belongs to no section.
func (r *conversion) globals() {
	r.carry("checknewversion", "global", "checkNewVersion")
	r.carry("sendanonymoususage", "global", "sendAnonymousUsage")
	r.carry("providersthrottleduration", "providers", "providersThrottleDuration")
	for _, key := range []string{"allowminweightzero", "keeptrailingslash", "retry", "retry.attempts", "defaultentrypoints"} {
		r.forIngresses(key)
	}
	if s := r.settings["constraints"]; s != nil {
		r.find(diag.IStaticDropped, s, "the Kubernetes provider of Traefik 1.7 does not look at it")
	}
	for _, s := range r.below("healthcheck") {
		r.find(diag.IStaticDropped, s, "the Kubernetes provider of Traefik 1.7 has no health checks")
	}
	if s := r.first("cluster"); s != nil {
		r.all(diag.EStaticOption, "cluster", s, "there is no cluster mode any more: certificates belong into Secrets (convert acme --secrets, cert-manager)")
	}
}

// forIngresses notes what belongs to the routes and not to the static
// configuration: convert reads it from this file too.
func (r *conversion) forIngresses(path string) {
	if s := r.settings[path]; s != nil && s.kind != "table" {
		r.find(diag.IStaticIngress, s, "")
	}
}

// whenOn reports a switch that is on; off is its default.
func (r *conversion) whenOn(path string, code diag.Code, text string) {
	switch s := r.settings[path]; {
	case s == nil:
	case r.flag(path, false):
		r.find(code, s, text)
	default:
		r.find(diag.IStaticIgnored, s, "false is the default")
	}
}

// rest reports what is left of a section that has been reported already.
func (r *conversion) rest(code diag.Code, path, text string) {
	for _, s := range r.below(path) {
		if s.kind != "table" && !s.taken {
			r.all(code, path, s, text)
			return
		}
	}
}

// all reports a section once and names every key in it.
func (r *Config) all(code diag.Code, path string, at *Setting, text string) {
	var keys []string
	for _, s := range r.below(path) {
		if s.kind == "table" || s.taken {
			continue
		}
		if s != at {
			keys = append(keys, s.Key)
			s.Codes = append(s.Codes, code)
		}
		s.taken = true
	}
	if info, ok := diag.Lookup(code); ok && text == "" {
		text = info.Title
	}
	if len(keys) > 0 {
		text += " (" + strings.Join(keys, ", ") + ")"
	}
	r.find(code, at, text)
}
