package traefikingress

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
)

// service is one Service and what its annotations say, read once.
type service struct {
	*corev1.Service
	read   bool
	config serviceConfig
	// refused is why no path leads to it; empty: they may.
	refused string
	// registered: the provider does make a router of a path to it, which takes the
	// place of others and then does not work, or does not in the output.
	registered bool
	// withheld: the refusal is ours and not Traefik's.
	withheld diag.Code
	filters  []ir.Filter
	// transport is a ServersTransport of the own namespace or name@provider.
	transport string
	findings  []diag.Diagnostic
}

// readService reads the annotations of a Service, which IngressRoutes do not.
func (t *translator) readService(s *service) {
	if s.read {
		return
	}
	s.read = true
	tree, mistakes := decode(s.Annotations, "service", t.source)
	for _, m := range mistakes {
		code := diag.ETraefikService
		if m.newer != nil {
			code = diag.WTraefikVersion
		}
		s.say(code, m.key, m.text+", so Traefik has no route to the Service")
		s.refused = "Traefik cannot read the annotations of Service " + s.Name
	}
	s.reportForeign()
	if s.refused != "" {
		return
	}
	s.config = readService(tree, t.source)
	s.registered = true
	s.reportWithoutEffect(tree)
	t.serviceReferences(s, tree)
	s.checkScheme(tree)
}

func (s *service) say(code diag.Code, key, text string) {
	object := diag.Object{Kind: onService, Namespace: s.Namespace, Name: s.Name}
	s.findings = append(s.findings, diag.New(code, object, annotationField(key), text).WithValue(s.Annotations[key]))
}

// reportForeign reports annotations with the provider's prefix that it does not
// read from Services.
func (s *service) reportForeign() {
	for _, key := range slices.Sorted(maps.Keys(s.Annotations)) {
		switch on, ours := family(key); {
		case ours && on == onIngress:
			s.say(diag.IAnnIgnored, key, "read from Ingresses, not from Services")
		case ours && on == "":
			s.say(diag.IAnnIgnored, key, "not read by Traefik 2 and 3")
		}
	}
}

// reportWithoutEffect reports what is read and changes nothing.
func (s *service) reportWithoutEffect(tree *node) {
	sticky := tree.child("sticky")
	for _, section := range []struct {
		node *node
		name string
	}{{sticky, "service.sticky"}, {sticky.child("cookie"), "service.sticky.cookie"}} {
		if section.node != nil && section.node.off() {
			reportOff(section.node, section.name, func(key, text string) { s.say(diag.WTraefikTLSValue, key, text) }, func(string, string) {})
		}
	}
	if n := sticky.section().child("cookie").section().child("samesite"); n.text() != "" && s.config.sticky.SameSite == "" {
		s.say(diag.IAnnIgnored, n.key, "not a word that Traefik knows there")
	}
	if n := tree.child("nodeportlb"); s.config.nodePortLB && s.Spec.Type != corev1.ServiceTypeNodePort {
		s.say(diag.IAnnIgnored, n.key, "the Service is not of type NodePort")
	}
}

// serviceReferences resolves the middlewares and the ServersTransport.
func (t *translator) serviceReferences(s *service, tree *node) {
	if n := tree.child("middlewares"); len(s.config.middlewares) > 0 {
		if !t.facts.mayCrossProviders(s.Namespace) && !t.source.before(release{3, 7, 11}) {
			s.refuse(diag.WTraefikDrop, n.key, "references are not allowed in namespace "+s.Namespace+" (crossProviderNamespaces)")
		}
		for _, text := range s.config.middlewares {
			if ref, ok := t.serviceReference(s, kindMiddleware, n.key, text); ok {
				s.filters = append(s.filters, ir.ExistingMiddleware{Namespace: ref.namespace, Name: ref.name})
			}
		}
	}
	if n := tree.child("serverstransport"); s.config.transport != "" {
		if !t.facts.mayCrossProviders(s.Namespace) {
			s.refuse(diag.WTraefikDrop, n.key, "references are not allowed in namespace "+s.Namespace+" (crossProviderNamespaces)")
		}
		if ref, ok := t.serviceReference(s, kindTransport, n.key, s.config.transport); ok {
			s.transport = ref.name
			if ref.namespace != "" {
				// The field has no namespace beside it.
				s.transport = ref.id()
			}
		}
	}
}

func (t *translator) serviceReference(s *service, kind, key, text string) (reference, bool) {
	ref, remarks, dead := t.resolve(kind, s.Namespace, text)
	if dead != "" {
		s.refuse(diag.WTraefikDead, key, dead)
		return ref, false
	}
	for _, r := range remarks {
		s.say(r.code, key, r.text)
	}
	return ref, true
}

func (s *service) refuse(code diag.Code, key, why string) {
	s.say(code, key, why+", so no route to the Service works")
	s.refused = "Traefik has no route to Service " + s.Name
	s.registered = code == diag.WTraefikDead && s.registered
}

// checkScheme takes the schemes that the CRD provider takes; Traefik's transport
// ignores their case.
func (s *service) checkScheme(tree *node) {
	lower := strings.ToLower(s.config.scheme)
	switch lower {
	case "", "http", "https", "h2c":
		s.config.scheme = lower
		return
	}
	s.say(diag.ETraefikScheme, tree.child("serversscheme").key, "scheme "+strconv.Quote(s.config.scheme)+" is not accepted in an IngressRoute")
	s.refused, s.withheld = "the scheme of Service "+s.Name+" is none of http, https and h2c", diag.ETraefikScheme
}
