package traefikingress

import (
	"strconv"
	"strings"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
)

// readSource reads the annotations of an Ingress and settles what all its routes
// have in common.
func (t *translator) readSource(s *source) {
	for key := range s.Annotations {
		s.capitals = s.capitals || strings.ToLower(key) != key
	}
	tree, mistakes := decode(s.Annotations, "router", t.source)
	for _, m := range mistakes {
		code := diag.ETraefikAnnotation
		if m.newer != nil {
			code = diag.WTraefikVersion
		}
		s.sayKey(code, m.key, m.text+", so Traefik serves nothing of the Ingress")
		if s.mistakes == nil {
			s.mistakes = map[string]bool{}
		}
		s.mistakes[m.key] = true
	}
	if s.refused = len(mistakes) > 0; s.refused {
		return
	}
	s.tree, s.config = tree, readRouter(tree, t.source)
	if t.mayNotRefer(s) {
		s.refused = true
		return
	}
	t.reportOff(s)
	t.entryPoints(s)
	t.middlewares(s)
	t.routerTLS(s)
	t.priority(s)
	t.observability(s)
}

// mayNotRefer tells whether crossProviderNamespaces makes Traefik skip the Ingress.
func (t *translator) mayNotRefer(s *source) bool {
	if t.facts.mayCrossProviders(s.Namespace) {
		return false
	}
	refused := false
	for _, n := range []*node{s.tree.child("middlewares"), s.tree.child("tls").section().child("options")} {
		if n.text() != "" {
			s.sayKey(diag.WTraefikDrop, n.key, "references are not allowed in namespace "+s.Namespace+" (crossProviderNamespaces), so Traefik serves nothing of the Ingress")
			refused = true
		}
	}
	return refused
}

// reportOff reports sections that are off although something suggests otherwise.
func (t *translator) reportOff(s *source) {
	for _, n := range []*node{s.tree.child("tls"), s.tree.child("observability")} {
		if n != nil && n.section() == nil {
			reportOff(n, "router."+n.name, func(key, text string) { s.sayKey(diag.WTraefikTLSValue, key, text) }, s.note)
		}
	}
}

// reportOff reports a section that its value switches off: every value but false
// may be a mistake, and so is anything below it.
func reportOff(n *node, section string, say, note func(key, text string)) {
	if plain, err := strconv.ParseBool(n.value); err != nil || plain || len(n.children) > 0 {
		say(n.key, "the value "+strconv.Quote(n.value)+" switches "+section+" off, with everything below it")
	}
	n.eachBelow(func(child *node) { note(child.key, section+" is off") })
}

func (n *node) eachBelow(visit func(*node)) {
	for _, child := range n.children {
		visit(child)
		child.eachBelow(visit)
	}
}

// entryPoints settles the entry points: those of the annotation, as far as they
// exist, or the default ones.
func (t *translator) entryPoints(s *source) {
	if len(s.config.entryPoints) == 0 {
		s.shape.entryPoints = t.defaults
		return
	}
	key := s.tree.child("entrypoints").key
	for _, entryPoint := range s.config.entryPoints {
		target := entryPoint
		if len(t.facts.EntryPoints) > 0 {
			known, ok := t.facts.entryPoint(entryPoint)
			if !ok {
				s.sayKey(diag.WTraefikEntryPoint, key, "there is no entry point "+strconv.Quote(entryPoint))
				continue
			}
			target = known.target()
		} else if entryPoint == "" {
			s.sayKey(diag.WTraefikEntryPoint, key, "an empty element is no entry point")
			continue
		}
		s.shape.entryPoints = appendNew(s.shape.entryPoints, target)
	}
	if len(s.shape.entryPoints) == 0 {
		s.die(diag.WTraefikEntryPoint, key, "no entry point is left")
	}
}

func appendNew(list []string, element string) []string {
	for _, have := range list {
		if have == element {
			return list
		}
	}
	return append(list, element)
}

// middlewares settles the middlewares of the routers. They stay the user's own.
func (t *translator) middlewares(s *source) {
	n := s.tree.child("middlewares")
	for _, text := range s.config.middlewares {
		ref, remarks, dead := t.resolve(kindMiddleware, s.Namespace, text)
		if dead != "" {
			s.die(diag.WTraefikDead, n.key, dead)
			continue
		}
		for _, r := range remarks {
			s.sayKey(r.code, n.key, r.text)
		}
		s.shape.filters = append(s.shape.filters, ir.ExistingMiddleware{Namespace: ref.namespace, Name: ref.name})
	}
}

// priority refuses what Traefik keeps for itself. That of a default backend is not
// read, see defaultBackend.
func (t *translator) priority(s *source) {
	if len(s.Spec.Rules) == 0 && s.Spec.DefaultBackend != nil {
		return
	}
	if n := s.tree.child("priority"); n != nil && s.config.priority == 0 {
		s.sayKey(diag.IAnnIgnored, n.key, "0 stands for the length of the rule, which it is without the annotation")
	}
	if s.config.priority > maxPriority {
		s.die(diag.WTraefikDrop, s.tree.child("priority").key, "the priority is greater than Traefik takes from users")
	}
}

// observability drops a verbosity that is no word of Traefik's.
func (t *translator) observability(s *source) {
	o := s.config.observability
	if o == nil || o.TraceVerbosity == "" || o.TraceVerbosity == "minimal" || o.TraceVerbosity == "detailed" {
		return
	}
	o.TraceVerbosity = ""
	s.sayKey(diag.IAnnIgnored, s.tree.child("observability").child("traceverbosity").key, "neither minimal nor detailed")
}

// die records that none of the Ingress' routers works.
func (s *source) die(code diag.Code, key, why string) {
	s.sayKey(code, key, why+", so no route of the Ingress works")
	s.shape.dead = why
}
