package static

import (
	"net"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
)

// entryPoints carries those that are not kept back.
func (r *conversion) entryPoints() {
	r.tlsOptions()
	for _, name := range r.members("entrypoints") {
		if r.blocked[name] {
			r.rest(diag.EStaticEntryPoint, "entrypoints."+name, "left out with the entry point")
			continue
		}
		r.entryPoint(name)
	}
	if !r.trustAll {
		return
	}
	r.find(diag.WFwdHeaders, nil, "entry points trust X-Forwarded-* headers of everybody, as Traefik 1.7 does unless told otherwise (forwardedHeaders.insecure: true)")
}

func (r *conversion) entryPoint(name string) {
	root, to := "entrypoints."+name, []string{"entryPoints", r.targets[name]}
	at := func(words ...string) []string { return append(to[:len(to):len(to)], words...) }
	r.carry(root+".address", at("address")...)
	r.timeouts(at)
	r.forwarded(root, at)
	if r.has(root + ".proxyprotocol") {
		r.tree.set(Tree{}, at("proxyProtocol")...)
		r.carryAll(root+".proxyprotocol", at("proxyProtocol"), [2]string{"insecure", "insecure"}, [2]string{"trustedips", "trustedIPs"})
	}
	if r.has(root + ".tls") {
		r.secure(name, at)
	}
	r.redirect(name, at)
	r.protect(name, at)
	if r.opts.Target == V3 && r.isDefault(name) {
		r.tree.set(true, at("asDefault")...)
	}
}

// isDefault tells whether routes without entry points are served here.
func (r *conversion) isDefault(name string) bool {
	defaults := r.list("defaultentrypoints")
	if len(defaults) == 0 {
		defaults = []string{"http"}
	}
	for _, d := range defaults {
		if d == name {
			return true
		}
	}
	return false
}

// timeouts are one for all in Traefik 1.7 and belong to entry points since Traefik 2.
func (r *conversion) timeouts(at func(...string) []string) {
	for _, key := range []string{"readTimeout", "writeTimeout", "idleTimeout"} {
		r.carry("respondingtimeouts."+lower(key), at("transport", "respondingTimeouts", key)...)
	}
	if r.settings["respondingtimeouts.readtimeout"] == nil {
		r.add("0s", at("transport", "respondingTimeouts", "readTimeout")...)
	}
	for _, key := range []string{"requestAcceptGraceTimeout", "graceTimeOut"} {
		r.carry("lifecycle."+lower(key), at("transport", "lifeCycle", key)...)
	}
}

// forwarded says whose X-Forwarded-* headers are believed: everybody's in
// Traefik 1.7 without a section, nobody's with an empty one.
func (r *conversion) forwarded(root string, at func(...string) []string) {
	section := root + ".forwardedheaders"
	r.carryAll(section, at("forwardedHeaders"), [2]string{"insecure", "insecure"}, [2]string{"trustedips", "trustedIPs"})
	text := r.settings[root] != nil && r.settings[root].Line == 0 && !r.settings[root].taken
	switch {
	case !r.has(section), text && r.settings[section+".insecure"] == nil && len(r.list(section+".trustedips")) == 0:
		r.add(true, at("forwardedHeaders", "insecure")...)
		r.trustAll = true
	case r.flag(section+".insecure", false):
		r.trustAll = true
	}
}

// redirect sends every request of an entry point to another one.
func (r *conversion) redirect(name string, at func(...string) []string) {
	section := "entrypoints." + name + ".redirect"
	target := r.text(section + ".entrypoint")
	if target == "" {
		return // protect.go makes a middleware of the other form
	}
	to := r.targets[target]
	if r.blocked[target] {
		// A port does for an entry point that is left out.
		_, port, _ := net.SplitHostPort(r.text("entrypoints." + target + ".address"))
		to = ":" + port
	}
	scheme := "http"
	if r.has("entrypoints." + target + ".tls") {
		scheme = "https"
	}
	r.tree.set(to, at("http", "redirections", "entryPoint", "to")...)
	r.tree.set(scheme, at("http", "redirections", "entryPoint", "scheme")...)
	r.tree.set(r.flag(section+".permanent", false), at("http", "redirections", "entryPoint", "permanent")...)
	r.done(section+".entrypoint", dotted(at("http", "redirections", "entryPoint", "to")))
	r.done(section+".permanent", dotted(at("http", "redirections", "entryPoint", "permanent")))
	r.ignore(section, "redirect.entryPoint goes before it in Traefik 1.7")
}

// checklist says what was decided for the target, and what is left to decide.
func (r *conversion) checklist() {
	if len(r.tree) == 0 {
		return
	}
	if r.settings["respondingtimeouts.readtimeout"] == nil {
		r.find(diag.IStaticCheck, nil, "transport.respondingTimeouts.readTimeout: 0s on every entry point, since 60 s, the default of Traefik 2 and 3, would cut slow uploads")
	}
	r.find(diag.IStaticCheck, nil, "redirections are temporary (permanent: false) unless Traefik 1.7 has them permanent; the default of Traefik 2 and 3 is permanent")
	r.find(diag.IStaticCheck, nil, "http.sanitizePath stays on: Traefik 2 and 3 clean paths such as //a and /x/../a before they look for a route, Traefik 1.7 does not (W-PATH-SANITIZE)")
	if r.opts.Target == V3 {
		r.find(diag.WContentType, nil, "Traefik 3 adds no Content-Type to answers without one, Traefik 1.7 guesses it")
	}
	if !r.has("kubernetes") {
		return
	}
	r.find(diag.IStaticCheck, nil, "do not switch kubernetesIngress on beside kubernetesCRD: it ignores the annotations of Traefik 1.7 and would serve Ingresses without users and allow lists")
}

// address tells whether an entry point can listen.
func validAddress(address string) bool {
	_, _, err := net.SplitHostPort(address)
	return err == nil
}
