package nginx

import (
	"cmp"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
)

// Translate says what ingress-nginx with the given facts does with the Ingresses
// of in. The order of in.Ingresses does not change the routes.
func Translate(in ir.Input, facts Facts) ir.Translation {
	t := newTranslator(in, facts)
	selection := NewSelection(t.facts, in.IngressClasses)
	for _, s := range t.input {
		t.selectSource(s, selection)
	}
	t.ordered = byAge(t.input)
	t.findUpstreams()
	for _, s := range t.input {
		if s.served() {
			s.settings = t.settingsOf(s)
		}
	}
	t.buildServers()
	for _, v := range t.hosts {
		v.rankLocations()
		v.dropForeignCiphers()
		t.passThrough(v)
	}
	t.attachCanaries()
	t.buildFences()
	slices.SortFunc(t.hosts, func(a, b *server) int { return cmp.Compare(a.host, b.host) })
	var out ir.Translation
	out.Routes = make([]ir.Route, 0, t.expectedRoutes())
	for _, v := range t.hosts {
		for _, l := range v.locations {
			out.Routes = t.appendRoutes(out.Routes, l)
		}
		out.Routes = append(out.Routes, t.appRootRoutes(v)...)
		out.Routes = append(out.Routes, t.wwwRoutes(v)...)
		out.Passthroughs = append(out.Passthroughs, t.passthroughOf(v)...)
	}
	sortRoutes(out.Routes)
	out.Certificates = t.certificates(out.Routes)
	t.reportImplicit()
	t.reportUnusedCertificates()
	out.Ingresses = make([]ir.Outcome, 0, len(t.input))
	for _, s := range t.input {
		out.Ingresses = append(out.Ingresses, s.outcome())
	}
	return out
}

// name is a namespaced name.
type name struct{ namespace, name string }

// translator holds one translation.
type translator struct {
	in     ir.Input
	facts  Facts
	config config
	// plain are the settings of Ingresses without annotations.
	plain *settings
	// Lists of the ConfigMap that every location needs.
	noAuth, noTLSRedirect []string
	blocked               []ir.HeaderMatch
	blockedRanges         []string

	plainEntry, tlsEntry []string    // entry points, shared by all routes
	hstsOnly             []ir.Filter // see hstsFilter
	hstsMade             bool

	services map[name]*corev1.Service
	secrets  map[name]ir.Secret
	ready    map[name]bool // Services with ready pods
	owners   upstreamOwners
	// byUpstream are the locations that lead to a Service; nil until it is asked for.
	byUpstream map[string][]*location

	input   []*source // in input order
	ordered []*source // the oldest first
	servers map[string]*server
	hosts   []*server // of servers, in order of appearance; later by host
}

func newTranslator(in ir.Input, facts Facts) *translator {
	const challenges = "/.well-known/acme-challenge"
	t := &translator{
		in: in, facts: facts.withDefaults(), config: facts.ConfigMap,
		services: make(map[name]*corev1.Service, len(in.Services)),
		secrets:  make(map[name]ir.Secret, len(in.Secrets)),
		ready:    make(map[name]bool, len(in.Endpoints)),
		servers:  map[string]*server{},
	}
	t.noAuth = t.config.list("no-auth-locations", challenges)
	t.noTLSRedirect = t.config.list("no-tls-redirect-locations", challenges)
	t.readBlocks()
	t.plainEntry, t.tlsEntry = []string{t.facts.HTTPEntryPoint}, []string{t.facts.HTTPSEntryPoint}
	for _, service := range in.Services {
		if service != nil {
			t.services[name{service.Namespace, service.Name}] = service
		}
	}
	for _, endpoints := range in.Endpoints {
		for i := 0; endpoints != nil && i < len(endpoints.Subsets); i++ {
			if len(endpoints.Subsets[i].Addresses) > 0 {
				t.ready[name{endpoints.Namespace, endpoints.Name}] = true
			}
		}
	}
	for _, secret := range in.Secrets {
		t.secrets[name{secret.Namespace, secret.Name}] = secret
	}
	t.input = make([]*source, 0, len(in.Ingresses))
	for _, ingress := range in.Ingresses {
		t.input = append(t.input, newSource(ingress, t.facts.AnnotationPrefix))
	}
	return t
}

// selectSource decides whether the controller serves an Ingress.
func (t *translator) selectSource(s *source, selection Selection) {
	if s.why = selection.Refusal(s.Ingress.Ingress); s.why != "" {
		return
	}
	s.selected = true
	if f, gone := t.vanished(s); gone {
		s.dropped = true
		s.add(f.diagnostic(s))
	}
}

// expectedRoutes is the number of routes when nothing is special.
func (t *translator) expectedRoutes() int {
	n := 0
	for _, v := range t.hosts {
		n += 2 * len(v.locations)
	}
	return n
}

// sortRoutes orders routes by owner, then by priority, greatest first; routes of
// one priority keep their order. Routes are large, so their numbers are sorted.
func sortRoutes(routes []ir.Route) {
	order := make([]int32, len(routes))
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortFunc(order, func(i, j int32) int {
		a, b := &routes[i], &routes[j]
		if c := strings.Compare(a.Owner.Namespace, b.Owner.Namespace); c != 0 {
			return c
		}
		if c := strings.Compare(a.Owner.Name, b.Owner.Name); c != 0 {
			return c
		}
		return cmp.Or(cmp.Compare(b.Priority, a.Priority), cmp.Compare(i, j))
	})
	for start := range order { // each row of routes that take the place of one another
		if order[start] == int32(start) {
			continue
		}
		first := routes[start]
		for at := int32(start); ; {
			from := order[at]
			order[at] = at
			if from == int32(start) {
				routes[at] = first
				break
			}
			routes[at] = routes[from]
			at = from
		}
	}
}

// certificates are those of hosts that no route of their Ingress carries.
func (t *translator) certificates(routes []ir.Route) []ir.Certificate {
	type pair struct {
		owner  ir.Ref
		secret string
	}
	carried := map[pair]bool{}
	for i := range routes {
		if tls := routes[i].TLS; tls != nil && tls.SecretName != "" {
			carried[pair{routes[i].Owner, tls.SecretName}] = true
		}
	}
	var out []ir.Certificate
	for _, v := range t.hosts {
		if v.secret == "" || v.passTo != nil {
			continue
		}
		p := pair{v.certOwner.ref(), v.secret}
		if !carried[p] {
			carried[p] = true
			out = append(out, ir.Certificate{Owner: p.owner, EntryPoints: []string{t.facts.HTTPSEntryPoint}, SecretName: p.secret})
		}
	}
	return out
}
