package static

import (
	"fmt"
	"strings"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
)

// resolver turns acme into a certificates resolver.
func (r *conversion) resolver() {
	s := r.first("acme")
	if s == nil {
		return
	}
	if r.text("acme.storage") == "" {
		r.all(diag.EStaticValue, "acme", s, "acme has no storage: Traefik 1.7 gets no certificates then")
		return
	}
	to := []string{"certificatesResolvers", r.opts.Resolver, "acme"}
	r.carryAll("acme", to, [2]string{"email", "email"}, [2]string{"storage", "storage"}, [2]string{"keytype", "keyType"}, [2]string{"preferredchain", "preferredChain"})
	r.find(diag.WStaticResolver, r.settings["acme.storage"], fmt.Sprintf("the resolver is called %s; convert acme --resolver %s carries the certificates over", r.opts.Resolver, r.opts.Resolver))
	if s := r.settings["acme.caserver"]; s != nil {
		r.tree.set(caServer(r.text(s.Path)), append(to, "caServer")...)
		r.done(s.Path, dotted(to)+".caServer")
	}
	r.challenge(to)
	for _, s := range r.below("acme.domains") {
		if s.kind != "table" {
			r.find(diag.EStaticDomains, s, "")
		}
	}
	r.whenOn("acme.onhostrule", diag.EStaticHostRule, "")
	r.whenOn("acme.ondemand", diag.EStaticOption, "Traefik 2 and 3 ask for no certificate during a handshake: routes name the resolver")
	for _, key := range []string{"acmelogging", "overridecertificates", "delaydontcheckdns"} {
		if s := r.settings["acme."+key]; s != nil {
			r.find(diag.IStaticDropped, s, "it has no counterpart, and changes no certificate")
		}
	}
	if s := r.settings["acme.entrypoint"]; s != nil {
		if !r.has("entrypoints." + r.text(s.Path) + ".tls") {
			r.find(diag.EStaticValue, s, "no entry point with TLS: Traefik 1.7 ends at its start")
			return
		}
		// entryPoints puts the resolver on it.
		r.done(s.Path, "entryPoints."+r.targets[r.text(s.Path)]+".http.tls.certResolver")
	}
}

// caServer is the address that Traefik 1.7 uses (getSafeACMECAServer).
func caServer(address string) string {
	const v1, staging = "https://acme-v01.api.letsencrypt.org", "https://acme-staging.api.letsencrypt.org"
	switch {
	case strings.HasPrefix(address, v1):
		return strings.Replace(address, "v01", "v02", 1)
	case strings.HasPrefix(address, staging):
		return strings.Replace(address, staging, "https://acme-staging-v02.api.letsencrypt.org", 1)
	}
	return address
}

// challenge carries the one challenge that Traefik 1.7 takes: DNS before TLS
// before HTTP (initACMEProvider).
func (r *conversion) challenge(to []string) {
	const dns, tls, http = "acme.dnschallenge", "acme.tlschallenge", "acme.httpchallenge"
	switch {
	case r.has(dns):
		r.ignore(tls, "Traefik 1.7 takes dnsChallenge")
		r.ignore(http, "Traefik 1.7 takes dnsChallenge")
		to = append(to[:len(to):len(to)], "dnsChallenge")
		r.carryAll(dns, to, [2]string{"provider", "provider"}, [2]string{"resolvers", "resolvers"})
		if r.opts.Target == V3 {
			// pkg/provider/acme/provider.go: the old names are deprecated in Traefik 3.
			to = append(to, "propagation")
			r.carryAll(dns, to, [2]string{"delaybeforecheck", "delayBeforeChecks"}, [2]string{"disablepropagationcheck", "disableChecks"})
		} else {
			r.carryAll(dns, to, [2]string{"delaybeforecheck", "delayBeforeCheck"}, [2]string{"disablepropagationcheck", "disablePropagationCheck"})
		}
	case r.has(tls):
		r.ignore(http, "Traefik 1.7 takes tlsChallenge")
		r.tree.set(Tree{}, append(to[:len(to):len(to)], "tlsChallenge")...)
		r.done(tls, dotted(to)+".tlsChallenge")
	case r.has(http):
		s, name := r.first(http), r.text(http+".entrypoint")
		if s := r.settings[http+".entrypoint"]; s != nil && (r.targets[name] == "" || r.blocked[name]) {
			r.find(diag.EStaticValue, s, "there is no entry point "+name+" in the output: no certificate can be asked for")
			return
		}
		r.tree.set(Tree{}, append(to[:len(to):len(to)], "httpChallenge")...)
		if name != "" {
			r.tree.set(r.targets[name], append(to[:len(to):len(to)], "httpChallenge", "entryPoint")...)
		}
		if r.guarded(name) {
			r.find(diag.EStaticExempt, s, "entry point "+r.targets[name]+" has middlewares")
		}
		r.done(s.Path, dotted(to)+".httpChallenge")
		r.done(http+".entrypoint", dotted(to)+".httpChallenge.entryPoint")
	}
}
