package traefikv1

import (
	"cmp"
	"strings"

	networkingv1 "k8s.io/api/networking/v1"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
)

// source is one Ingress on its way through the translation.
type source struct {
	ir.Ingress
	ann      annotations
	selected bool
	why      string
	// dropped: Traefik 1.7 serves nothing of its rules.
	dropped bool
	// certificates is how many entries of spec.tls are loaded all the same: they
	// come first, and what drops the Ingress later does not take them back.
	certificates int
	// loaded: at least one of its paths has become part of a frontend.
	loaded bool
	// settings are what its annotations ask of each of its frontends; nil until first needed.
	settings *settings
	// shares are its service-weights; nil when the annotation is absent.
	shares *shares
	// services is what the last of its paths leads to, see translator.oneService.
	services []ir.Service
	// tls is nil when it owns no route with TLS, see translator.tls.
	tls *ir.TLS
	// ignored are keys of annotations that other Ingresses overrule, see merge.go.
	ignored  map[string]bool
	findings diag.Once
	// unchecked are Services that are not part of the input: said once of each.
	unchecked diag.Mentioned
}

func newSource(in ir.Ingress, room *work) source {
	if in.Ingress == nil {
		in.Ingress = &networkingv1.Ingress{}
	}
	const usual = 4 // findings
	return source{Ingress: in, findings: diag.Once{List: room.findings.Room(usual)}, ann: annotationsIn(room.annotations.Room(len(in.Annotations)), in.Annotations)}
}

func (s *source) ref() ir.Ref { return ir.Ref{Namespace: s.Namespace, Name: s.Name} }

func (s *source) object() diag.Object {
	return diag.Object{Kind: "Ingress", Namespace: s.Namespace, Name: s.Name, File: s.File}
}

// compareName orders Ingresses by namespace and name.
func compareName(a, b *source) int {
	if c := strings.Compare(a.Namespace, b.Namespace); c != 0 {
		return c
	}
	return strings.Compare(a.Name, b.Name)
}

// compareAge orders Ingresses by creation, then by name. One without a creation
// timestamp has not been stored yet (or comes from a file) and counts as newest:
// a newcomer must not take a route from an Ingress that is there.
func compareAge(a, b *source) int {
	at, bt := a.CreationTimestamp, b.CreationTimestamp
	switch {
	case at.IsZero() && bt.IsZero():
		return compareName(a, b)
	case at.IsZero():
		return 1
	case bt.IsZero():
		return -1
	}
	return cmp.Or(at.Compare(bt.Time), compareName(a, b))
}

// add records a diagnostic once.
func (s *source) add(d diag.Diagnostic) { s.findings.Add(d) }

// say records a diagnostic about a field of the Ingress.
func (s *source) say(code diag.Code, field, text string) {
	s.add(diag.New(code, s.object(), field, text))
}

// sayOf records a diagnostic about the annotation that carries name.
func (s *source) sayOf(code diag.Code, name, text string) {
	key := s.ann.key(name)
	s.add(diag.New(code, s.object(), annotationField(key), text).WithValue(s.ann.value(key)))
}

const (
	fieldPrefix = "metadata.annotations["
	fieldSuffix = "]"
)

func annotationField(key string) string { return fieldPrefix + key + fieldSuffix }

// isAnnotationField tells whether field is annotationField(key).
func isAnnotationField(field, key string) bool {
	rest, ok := strings.CutPrefix(field, fieldPrefix)
	return ok && len(rest) == len(key)+len(fieldSuffix) && rest[:len(key)] == key
}

// finding is a reason why something has no route: held back until it is known
// which route of which Ingress it takes away.
type finding struct {
	code  diag.Code
	field string // empty: the path itself
	value string
	text  string
	// block: Traefik 1.7 serves it, but the target cannot do so as safely.
	block bool
}

// dropped is the finding that Traefik 1.7 itself has no route.
func dropped(field, text string) finding {
	return finding{code: diag.WDrop, field: field, text: text}
}

// blocked is the finding that a route is withheld.
func blocked(code diag.Code, field, text string) finding {
	return finding{code: code, field: field, text: text, block: true}
}

// of adds the annotation that carries name as the field of a finding.
func (s *source) of(name string, f finding) finding {
	key := s.ann.key(name)
	f.field, f.value = annotationField(key), s.ann.value(key)
	return f
}

// place is one path of one Ingress.
type place struct {
	src        *source
	rule, path int // indexes; rule < 0: the default backend
}

func (p place) field() string {
	if p.rule < 0 {
		return "spec.defaultBackend"
	}
	return ir.PathField(p.rule, p.path)
}

func (p place) backendField() string {
	if p.rule < 0 {
		return "spec.defaultBackend"
	}
	return ir.PathBackendField(p.rule, p.path)
}

func (p place) host() string {
	if p.rule < 0 {
		return ""
	}
	return p.src.Spec.Rules[p.rule].Host
}

func (p place) pathText() string {
	if p.rule < 0 {
		return "/"
	}
	return p.src.Spec.Rules[p.rule].HTTP.Paths[p.path].Path
}

// url is how a place is named in texts.
func (p place) url() string {
	host := p.host()
	if host == "" {
		host = "any host"
	}
	if path := p.pathText(); path != "" {
		return host + " " + path
	}
	return host
}

func (p place) origin() ir.Origin { return ir.Origin{Ingress: p.src.ref(), Field: p.field()} }
