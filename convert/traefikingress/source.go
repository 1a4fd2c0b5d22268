package traefikingress

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
	selected bool
	why      string
	// refused: the provider skips the Ingress as a whole, certificates included.
	refused bool
	// tree are the router.* annotations, nil when there are none.
	tree   *node
	config routerConfig
	// capitals: a key has capital letters, so keys may differ in case alone.
	capitals bool
	// mistakes are the annotations that the provider cannot read.
	mistakes map[string]bool
	// shape is what all routes of the Ingress have in common.
	shape shape
	// routed: at least one route leads somewhere.
	routed bool
	// notes are short remarks about single annotations, for the report.
	notes    map[string]string
	findings diag.Once
	// unchecked are Services that are not part of the input: said once of each.
	unchecked diag.Mentioned
}

// shape is what all routes of an Ingress have in common.
type shape struct {
	entryPoints []string
	filters     []ir.Filter
	tls         *ir.TLS
	// dead is why none of its routers works; empty: they do.
	dead string
}

func newSource(in ir.Ingress) *source {
	if in.Ingress == nil {
		in.Ingress = &networkingv1.Ingress{}
	}
	return &source{Ingress: in}
}

func (s *source) ref() ir.Ref { return ir.Ref{Namespace: s.Namespace, Name: s.Name} }

func (s *source) object() diag.Object {
	return diag.Object{Kind: onIngress, Namespace: s.Namespace, Name: s.Name, File: s.File}
}

// compareAge orders Ingresses by creation, then by name. One without a creation
// timestamp has not been stored yet and counts as newest.
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

func compareName(a, b *source) int {
	return cmp.Or(cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name))
}

// add records a diagnostic once.
func (s *source) add(d diag.Diagnostic) { s.findings.Add(d) }

// say records a diagnostic about a field of the Ingress.
func (s *source) say(code diag.Code, field, text string) {
	s.add(diag.New(code, s.object(), field, text))
}

// sayKey records a diagnostic about an annotation of the Ingress.
func (s *source) sayKey(code diag.Code, key, text string) {
	s.add(diag.New(code, s.object(), annotationField(key), text).WithValue(s.Annotations[key]))
}

// note remembers what became of an annotation, for the report.
func (s *source) note(key, text string) {
	if s.notes == nil {
		s.notes = map[string]string{}
	}
	s.notes[key] = text
}

func annotationField(key string) string { return "metadata.annotations[" + key + "]" }

// isAnnotationField tells whether field is annotationField(key).
func isAnnotationField(field, key string) bool {
	rest, ok := strings.CutPrefix(field, "metadata.annotations[")
	return ok && len(rest) == len(key)+1 && rest[:len(key)] == key
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
		return ""
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

// lose records why a place has no route.
func (p place) lose(code diag.Code, field, text string) {
	p.src.say(code, field, text+": no route for "+p.url())
}

// withhold records why a place that the source serves gets no route.
func (p place) withhold(code diag.Code, field, text string) {
	p.src.add(diag.New(code, p.src.object(), field, text+": no route for "+p.url()).Block())
}
