package static

import (
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
)

// The entry point of Traefik's own pages (configuration/configuration.go).
const (
	defaultInternal        = "traefik"
	defaultInternalAddress = ":8080"
)

// nameEntryPoints finds out which entry points there are and what they are called
// in the output: http and https become web and websecure, as in Traefik 2's own
// examples and chart; others keep their name.
func (r *conversion) nameEntryPoints() {
	if len(r.members("entrypoints")) == 0 {
		// configuration/configuration.go: without any, Traefik 1.7 serves :80.
		r.invent("http", ":80")
	}
	if r.usesInternal() && !r.names["entrypoints"][defaultInternal] {
		r.invent(defaultInternal, defaultInternalAddress)
	}
	for _, name := range r.members("entrypoints") {
		r.targets[name] = targetOf(name, r.members("entrypoints"))
	}
	for _, name := range r.members("entrypoints") {
		r.guard(name)
	}
}

// TargetName is what an entry point is called in the target.
func TargetName(name string) string {
	switch name {
	case "http":
		return "web"
	case "https":
		return "websecure"
	}
	return name
}

func (r *conversion) invent(name, address string) {
	r.member("entrypoints", name)
	root := "entrypoints." + name
	r.settings[root] = &Setting{Path: root, Line: 1, kind: "table", value: true, taken: true}
	r.settings[root+".address"] = &Setting{Path: root + ".address", Line: 1, kind: "text", value: address, taken: true}
	r.find(diag.IStaticAdded, nil, "entryPoints."+TargetName(name)+" "+address+", which Traefik 1.7 opens by itself")
}

// usesInternal tells whether something of Traefik's own listens on the entry
// point traefik, which is then opened on :8080.
func (r *conversion) usesInternal() bool {
	for _, section := range []string{"api", "metrics.prometheus", "ping"} {
		if name := r.text(section + ".entrypoint"); r.has(section) && (name == "" || name == defaultInternal) {
			return true
		}
	}
	return false
}

// internal tells whether something of Traefik's own can be offered on an entry
// point. Traefik 2 opens a plain one on :8080 when a section names traefik and
// there is none, which must not happen in place of a protected one.
func (r *conversion) internal(section, name string) bool {
	switch s := r.first(section); {
	case r.targets[name] == "":
		r.find(diag.EStaticValue, s, "there is no entry point "+name)
	case r.blocked[name]:
		r.block(diag.EStaticEntryPoint, s, "its entry point "+name+" is left out")
	default:
		return true
	}
	r.rest(diag.EStaticEntryPoint, section, "left out with the entry point "+name)
	return false
}

// internals carries the API, the dashboard and ping.
func (r *conversion) internals() {
	r.api()
	if s := r.first("ping"); s != nil {
		name := r.text("ping.entrypoint")
		if name == "" {
			name = defaultInternal
		}
		if r.internal("ping", name) {
			r.tree.set(r.targets[name], "ping", "entryPoint")
			r.done(s.Path, "ping")
			r.done("ping.entrypoint", "ping.entryPoint")
			if name != defaultInternal {
				r.find(diag.WInternalPaths, s, "Traefik 2 and 3 answer every method, and also paths such as /pingfoo, on entry point "+r.targets[name])
			}
			if r.guarded(name) {
				r.find(diag.EStaticExempt, s, "entry point "+r.targets[name]+" has middlewares")
			}
		}
	}
}

func (r *conversion) api() {
	s := r.first("api")
	if s == nil {
		return
	}
	for _, s := range r.below("api.statistics") {
		r.find(diag.IStaticDropped, s, "Traefik 2 and 3 count no recent errors")
	}
	if s := r.settings["api.debug"]; s != nil {
		r.find(diag.IStaticIgnored, s, "Traefik 1.7 takes debug of the whole configuration")
	}
	name := r.text("api.entrypoint")
	if name == "" {
		name = defaultInternal
	}
	if !r.internal("api", name) {
		return
	}
	r.tree.set(r.flag("api.dashboard", true), "api", "dashboard")
	r.done("api.dashboard", "api.dashboard")
	r.done(s.Path, "api")
	if r.flag("debug", false) {
		r.tree.set(true, "api", "debug")
		r.done("debug", "api.debug")
	}
	if name != defaultInternal {
		r.find(diag.EStaticAPI, s, "on entry point "+r.targets[name])
		r.done("api.entrypoint")
		return
	}
	r.tree.set(true, "api", "insecure")
	r.done("api.entrypoint", "api.insecure")
	if !r.guarded(name) {
		r.find(diag.IStaticCheck, s, "api.insecure: true, since everybody who reaches entry point traefik sees the API and the dashboard today")
	}
}
