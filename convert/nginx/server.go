package nginx

import (
	"iter"
	"slices"
	"strings"

	networkingv1 "k8s.io/api/networking/v1"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
)

// server is the virtual host that nginx has for one host.
type server struct {
	// host is a name, a wildcard *.name, or empty for the default server.
	host string
	// first is the oldest Ingress with the host.
	first     *source
	locations []*location
	// twins are of a path and type that a location has, see addLocation.
	twins []*location
	// aliases are further names and, with a leading ~, expressions.
	aliases []string
	// regex: every location is an expression, see rank.
	regex bool
	// tls: an Ingress of the host has a tls section for it.
	tls bool
	// secret of certOwner is the certificate; empty: the default one.
	secret    string
	certOwner *source
	// clientCert of the oldest Ingress that asks for one.
	clientCert *clientCert
	ciphers    []string
	cipherFrom *source
	// passTo is the location whose Service gets TLS connections.
	passTo *location
	// fence are hosts whose requests must not meet its routes.
	fence []ir.Host
	sets  []hostSet // see hostSets
	// index finds locations; nil while there are few.
	index map[pathKey]int
	// tlsProblem is made by checkTLSOptions, and reported once.
	tlsProblem            *finding
	tlsChecked, tlsLosses bool
}

// pathKey identifies a location of a server.
type pathKey struct {
	path  string
	exact bool
}

// find returns the index of the location of a path, or -1.
func (v *server) find(path string, exact bool) int {
	const few = 16
	if len(v.locations) <= few {
		return slices.IndexFunc(v.locations, func(l *location) bool { return l.path == path && l.exact == exact })
	}
	if v.index == nil {
		v.index = make(map[pathKey]int, 4*few)
	}
	for i := len(v.index); i < len(v.locations); i++ {
		key := pathKey{v.locations[i].path, v.locations[i].exact}
		if _, twin := v.index[key]; !twin {
			v.index[key] = i
		}
	}
	if i, ok := v.index[pathKey{path, exact}]; ok {
		return i
	}
	return -1
}

// wildcard tells whether the host is a wildcard.
func (v *server) wildcard() bool { return strings.HasPrefix(v.host, "*.") }

// location is one path of a server.
type location struct {
	server *server
	at     place
	path   string
	exact  bool
	// implicit: the location / that every server has for the default backend.
	implicit bool
	// bare are the settings of the default server's implicit location, which
	// has those of no Ingress.
	bare *settings
	// isBelow: it is for what is below a path, see below.
	isBelow bool
	// overrides: an implicit location for spec.defaultBackend.
	overrides bool
	backend   *networkingv1.IngressServiceBackend
	canary    *canary
	// rank orders the locations of a server: the greatest is tried first.
	rank int
	// lost is why it has no route.
	lost []finding
}

func (l *location) settings() *settings {
	if l.bare != nil {
		return l.bare
	}
	return l.at.src.settings
}

// catchAll tells whether it is for spec.defaultBackend of an Ingress without
// rules, where the controller applies neither rewrites nor redirects.
func (l *location) catchAll() bool { return l.overrides && l.server.host == "" }

// rewritten tells whether the path is replaced on its way to the backend.
func (l *location) rewritten() bool {
	return !l.catchAll() && l.settings().rewrite.active(l.path)
}

// upstream names what nginx balances over: a port of a Service.
func (l *location) upstream() string { return upstreamName(l.at.src.Namespace, l.backend) }

func upstreamName(namespace string, b *networkingv1.IngressServiceBackend) string {
	return namespace + "/" + b.Name + ":" + portText(b)
}

// ingressPath is a path of an Ingress in the form in which the controller
// compares it.
type ingressPath struct {
	host, path string
	exact      bool
	backend    *networkingv1.IngressServiceBackend
}

func (p ingressPath) upstream(s *source) string { return upstreamName(s.Namespace, p.backend) }

// paths yields the paths of an Ingress that have a Service. Path types nil and
// ImplementationSpecific are Prefix.
func (s *source) paths() iter.Seq2[place, ingressPath] {
	return func(yield func(place, ingressPath) bool) {
		for r := range s.Spec.Rules {
			rule := &s.Spec.Rules[r]
			if rule.HTTP == nil {
				continue
			}
			for p := range rule.HTTP.Paths {
				path := &rule.HTTP.Paths[p]
				if path.Backend.Service == nil {
					continue
				}
				ip := ingressPath{host: strings.ToLower(rule.Host), path: path.Path, backend: path.Backend.Service}
				if ip.path == "" {
					ip.path = "/"
				}
				ip.exact = path.PathType != nil && *path.PathType == networkingv1.PathTypeExact
				if !yield(place{s, r, p}, ip) {
					return
				}
			}
		}
	}
}

// buildServers replays the building of servers: for each host one, with the
// locations of all Ingresses, the oldest first.
func (t *translator) buildServers() {
	for _, s := range t.ordered {
		if s.served() && s.settings.canary == nil {
			t.addServers(s)
		}
	}
	for _, s := range t.ordered {
		if s.served() && s.settings.canary == nil {
			t.addLocations(s)
			t.setServer(s)
		} else if s.served() && t.alsoOrdinary(s) {
			t.addCanaryLocations(s)
		}
	}
	t.dropKnownAliases()
}

// addServers makes the servers of an Ingress that no older one made, each with
// its implicit location.
func (t *translator) addServers(s *source) {
	fallback := s.Spec.DefaultBackend
	if fallback != nil && fallback.Service == nil {
		s.say(diag.EResourceBackend, "spec.defaultBackend", "a default backend that is no Service is not read by ingress-nginx")
		fallback = nil
	}
	if fallback != nil && len(s.Spec.Rules) == 0 {
		t.addCatchAll(s)
	}
	asked := fallback != nil && len(s.Spec.Rules) > 0
	for r := range s.Spec.Rules {
		host := strings.ToLower(s.Spec.Rules[r].Host)
		if t.servers[host] != nil || host == "" && t.facts.DisableCatchAll {
			continue
		}
		v := t.addServer(host, s)
		root := &location{server: v, at: place{s, r, -1}, path: "/", implicit: true}
		if fallback != nil && host != "" {
			root.at, root.overrides, root.backend = place{src: s, rule: -1}, true, fallback.Service
			asked = false
		}
		if host == "" {
			root.bare = &settings{}
		}
		v.locations = append(v.locations, root)
	}
	if asked {
		s.say(diag.WNginxDuplicate, "spec.defaultBackend", "no host has it: each has its server from an older Ingress, or is none")
	}
}

func (t *translator) addServer(host string, s *source) *server {
	v := &server{host: host, first: s}
	t.servers[host] = v
	t.hosts = append(t.hosts, v)
	return v
}

// addCatchAll serves spec.defaultBackend of an Ingress without rules: the oldest
// one is location / of the default server.
func (t *translator) addCatchAll(s *source) {
	at := place{src: s, rule: -1}
	if t.facts.DisableCatchAll {
		s.add(finding{code: diag.ENginxNotServed, field: at.field(), text: "the controller runs with --disable-catch-all"}.diagnostic(s))
		return
	}
	v := t.servers[""]
	if v == nil {
		v = t.addServer("", s)
	}
	for i, l := range v.locations {
		if l.catchAll() {
			s.add(finding{code: diag.WNginxDuplicate, field: at.field(), text: "the default backend of " + l.at.src.ref().String() + " is served"}.diagnostic(s))
			return
		}
		if l.implicit {
			v.locations = append(v.locations[:i], v.locations[i+1:]...)
			break
		}
	}
	v.locations = append(v.locations, &location{server: v, at: at, path: "/", implicit: true, overrides: true, backend: s.Spec.DefaultBackend.Service})
}

func (t *translator) addLocations(s *source) {
	for r := range s.Spec.Rules {
		rule := &s.Spec.Rules[r]
		at := place{s, r, -1}
		switch {
		case rule.HTTP == nil:
			s.add(finding{code: diag.ENginxNotServed, field: at.field(), text: "a rule without paths has no location"}.diagnostic(s))
		case rule.Host == "" && t.facts.DisableCatchAll:
			s.add(finding{code: diag.ENginxNotServed, field: at.field(), text: "the controller runs with --disable-catch-all"}.diagnostic(s))
		default:
			for p := range rule.HTTP.Paths {
				if rule.HTTP.Paths[p].Backend.Service == nil {
					s.add(finding{code: diag.EResourceBackend, field: place{s, r, p}.field(), text: "a backend that is no Service is not read by ingress-nginx"}.diagnostic(s))
				}
			}
		}
	}
	for at, path := range s.paths() {
		v := t.servers[path.host]
		if v == nil || path.host == "" && t.facts.DisableCatchAll || t.ofCanary(at, path) {
			continue
		}
		v.addLocation(at, path)
	}
}

// addLocation compares a path as the controller does: with the first location of the
// same path alone. One of another type before it hides a twin, and a regex host then
// has both (others nginx refuses with their whole configuration).
func (v *server) addLocation(at place, path ingressPath) {
	added := &location{server: v, at: at, path: path.path, exact: path.exact, backend: path.backend}
	i := v.find(path.path, path.exact)
	switch {
	case i < 0:
		v.locations = append(v.locations, added)
	case v.locations[i].implicit && !v.locations[i].catchAll():
		v.locations[i] = added
	default:
		if other := v.find(path.path, !path.exact); other >= 0 && other < i {
			v.twins = append(v.twins, added)
			return
		}
		added.reportTwin()
	}
}

// reportTwin reports a path that another location of its server has.
func (l *location) reportTwin() {
	first, s := l.server.locations[l.server.find(l.path, l.exact)].at.src, l.at.src
	text := "Ingress " + first.ref().String() + " has the same host, path and path type and is served"
	if !ageKnown(s, first) && s != first {
		text += "; which one is older is not known"
	}
	s.add(finding{code: diag.WNginxDuplicate, field: l.at.field(), value: l.path, text: text}.diagnostic(s))
}

// setServer applies what the oldest Ingress of a host decides for all of it.
func (t *translator) setServer(s *source) {
	for r := range s.Spec.Rules {
		v := t.servers[strings.ToLower(s.Spec.Rules[r].Host)]
		if v == nil {
			continue
		}
		if len(s.settings.aliases) > 0 && v.host != "" {
			switch {
			case len(v.aliases) == 0:
				v.aliases = s.settings.aliases
			case &v.aliases[0] != &s.settings.aliases[0]:
				s.sayOf(diag.WNginxDuplicate, "server-alias", "an older Ingress of host "+v.host+" has aliases, these are ignored")
			}
		}
		if c := s.settings.clientCert; c != nil {
			if v.clientCert == nil {
				v.clientCert = c
			} else if v.clientCert != c {
				s.sayOf(diag.WNginxDuplicate, "auth-tls-secret", "an older Ingress of host "+v.host+" decides on client certificates")
			}
		}
		if len(s.settings.ciphers) > 0 && v.ciphers == nil {
			v.ciphers, v.cipherFrom = s.settings.ciphers, s
		}
		t.setCertificate(v, s)
	}
}

// dropKnownAliases: a name that has a server of its own is no alias.
func (t *translator) dropKnownAliases() {
	for _, v := range t.hosts {
		var kept []string
		for _, alias := range v.aliases {
			if t.servers[strings.ToLower(alias)] == nil && alias != v.host {
				kept = append(kept, alias)
			}
		}
		v.aliases = kept
	}
}
