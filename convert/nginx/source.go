package nginx

import (
	"strconv"

	networkingv1 "k8s.io/api/networking/v1"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
)

// source is one Ingress on its way through the translation.
type source struct {
	ir.Ingress
	ann    *annotations
	prefix string
	// selected is false when another controller serves it; why says so.
	selected bool
	why      string
	// dropped: the controller does not serve any of it.
	dropped bool
	// settings are what its annotations ask for; set for selected ones.
	settings *settings
	// routed counts the routes it got.
	routed   int
	findings diag.Once
	// unchecked are Services that are not part of the input: said once of each.
	unchecked diag.Mentioned
}

func newSource(in ir.Ingress, prefix string) *source {
	if in.Ingress == nil {
		in.Ingress = &networkingv1.Ingress{}
	}
	return &source{Ingress: in, prefix: prefix, ann: newAnnotations(in.Annotations, prefix)}
}

func (s *source) ref() ir.Ref { return ir.Ref{Namespace: s.Namespace, Name: s.Name} }

func (s *source) object() diag.Object {
	return diag.Object{Kind: "Ingress", Namespace: s.Namespace, Name: s.Name, File: s.File}
}

// served tells whether the controller looks at its rules.
func (s *source) served() bool { return s.selected && !s.dropped }

// add records a diagnostic once.
func (s *source) add(d diag.Diagnostic) { s.findings.Add(d) }

// say records a diagnostic about a field of the Ingress.
func (s *source) say(code diag.Code, field, text string) {
	s.add(diag.New(code, s.object(), field, text))
}

// sayOf records a diagnostic about an annotation.
func (s *source) sayOf(code diag.Code, name, text string) {
	s.add(s.of(name, finding{code: code, text: text}).diagnostic(s))
}

// sayMild records a diagnostic about an annotation whose effect here hardly any
// client sees, although its code is usually worse.
func (s *source) sayMild(code diag.Code, name, text string) {
	d := s.of(name, finding{code: code, text: text}).diagnostic(s)
	d.Severity = diag.Equivalent
	s.add(d)
}

func (s *source) key(name string) string { return s.prefix + "/" + name }

func annotationField(key string) string { return "metadata.annotations[" + key + "]" }

// finding is a reason why something has no route: held back until it is known
// which route of which Ingress it takes away.
type finding struct {
	code  diag.Code
	field string // empty: the path itself
	value string
	text  string
	// block: the controller serves it, but the target cannot do so as safely.
	block bool
}

func (f finding) diagnostic(s *source) diag.Diagnostic {
	d := diag.New(f.code, s.object(), f.field, f.text).WithValue(f.value)
	if f.block {
		d = d.Block()
	}
	return d
}

// of makes the annotation the field of a finding.
func (s *source) of(name string, f finding) finding {
	f.field = annotationField(s.key(name))
	if s.ann != nil {
		f.value = s.ann.byName[name]
	}
	return f
}

// place is one path of one Ingress.
type place struct {
	src        *source
	rule, path int // indexes; rule < 0: the default backend; path < 0: the rule
}

func (p place) field() string {
	switch {
	case p.rule < 0:
		return "spec.defaultBackend"
	case p.path < 0:
		return "spec.rules[" + strconv.Itoa(p.rule) + "]"
	}
	return ir.PathField(p.rule, p.path)
}

func (p place) origin() ir.Origin { return ir.Origin{Ingress: p.src.ref(), Field: p.field()} }
