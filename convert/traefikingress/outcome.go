package traefikingress

import (
	"maps"
	"slices"
	"strings"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/foreign"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
)

// outcome is the report of one Ingress: every annotation has exactly one entry.
func (t *translator) outcome(s *source) ir.Outcome {
	out := ir.Outcome{Ingress: s.ref(), File: s.File, Selected: s.selected, Why: s.why}
	for _, key := range slices.Sorted(maps.Keys(s.Annotations)) {
		out.Annotations = append(out.Annotations, s.annotationOutcome(key))
	}
	out.Diagnostics = s.findings.List
	diag.Sort(out.Diagnostics)
	return out
}

func (s *source) annotationOutcome(key string) ir.Annotation {
	a := ir.Annotation{Key: key}
	on, ours := family(key)
	known, isKnown := LookupAnnotation(key)
	switch {
	case !s.selected:
		a.Note = "the Ingress is not served by Traefik"
		return a
	case key == classKey:
		a.Note = known.Note
	case ours && on == onService:
		a.Note = "read from Services, not from Ingresses"
		s.sayKey(diag.IAnnIgnored, key, a.Note)
	case ours && on == "", !ours && foreign.OfController(key):
		a.Note = "not read by Traefik 2 and 3"
		s.sayKey(diag.IAnnIgnored, key, a.Note)
	case !ours:
		a.Note = foreign.Note(key)
		s.sayKey(diag.IAnnForeign, key, "")
	case s.mistakes[key]:
		a.Note = "makes Traefik refuse the Ingress"
	case s.refused:
		a.Note = "Traefik serves nothing of the Ingress"
	case s.notes[key] != "":
		a.Note = s.notes[key]
	case !isKnown:
		a.Note = "has no effect" // below a list, where the provider does not look
		s.sayKey(diag.IAnnIgnored, key, a.Note)
	case !s.counts(key):
		a.Note = "another spelling of the same key counts"
		s.sayKey(diag.IAnnIgnored, key, a.Note)
	default:
		a.Note = known.Note
	}
	s.addCodes(&a)
	return a
}

// counts tells whether no other spelling of a key overrules it.
func (s *source) counts(key string) bool {
	if !s.capitals {
		return true
	}
	steps, ok := split(withIndex(strings.TrimPrefix(key, prefix)))
	if !ok || s.tree == nil {
		return true
	}
	n := s.tree
	for _, step := range steps[1:] {
		n = n.child(step)
	}
	return n == nil || n.key == key
}

// addCodes gives an annotation the codes and the worst severity of its diagnostics.
func (s *source) addCodes(a *ir.Annotation) {
	for i := range s.findings.List {
		d := &s.findings.List[i]
		if d.Object.Kind != onIngress || !isAnnotationField(d.Field, a.Key) {
			continue
		}
		a.Outcome = max(a.Outcome, d.Severity)
		if !slices.Contains(a.Codes, d.Code) {
			a.Codes = append(a.Codes, d.Code)
		}
	}
	slices.Sort(a.Codes)
}
