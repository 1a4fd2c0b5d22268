package traefikv1

import (
	"slices"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/foreign"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
)

// outcome is the report of one Ingress: every annotation has exactly one entry.
func (s *source) outcome(made *parts) ir.Outcome {
	out := ir.Outcome{Ingress: s.ref(), File: s.File, Selected: s.selected, Why: s.why, DecodesPaths: true}
	if len(s.ann) > 0 {
		out.Annotations = made.outcomes.Room(len(s.ann))
	}
	for i := range s.ann {
		out.Annotations = append(out.Annotations, s.annotationOutcome(&s.ann[i]))
	}
	if said := s.findings.List; len(said) > 0 {
		diag.Sort(said)
		out.Diagnostics = append(made.findings.Room(len(said)), said...)
	}
	return out
}

func (s *source) annotationOutcome(of *annotation) ir.Annotation {
	a := ir.Annotation{Key: of.key}
	switch {
	case !s.selected:
		a.Note = "the Ingress is not served by Traefik 1.7"
		return a
	case of.known == nil && foreign.OfController(of.key):
		s.sayKey(diag.IAnnIgnored, of, "not read by Traefik 1.7")
		a.Note = "not read by Traefik 1.7"
	case of.known == nil:
		s.sayKey(diag.IAnnForeign, of, "")
		a.Note = foreign.Note(of.key)
	case of.malformed != "":
		s.sayKey(diag.IAnnIgnored, of, of.malformed)
		a.Note = of.malformed
	case !of.wins:
		a.Note = "overruled by " + s.ann.winner(of.known.Name).key
		s.sayKey(diag.IAnnIgnored, of, a.Note+", which Traefik 1.7 reads first")
	case of.known.Family == familyService:
		a.Note = "read from Services, not from Ingresses"
		s.sayKey(diag.IAnnIgnored, of, a.Note)
	case s.ignored[of.key]:
		a.Note = "another Ingress of the same host and path decides"
	case s.dropped, !of.read && !s.loaded:
		a.Note = "Traefik 1.7 has no route for the Ingress"
	case !of.read && of.value == "":
		a.Note = "empty, so it has no effect"
		s.sayKey(diag.IAnnIgnored, of, a.Note)
	case !of.read:
		a.Note = "has no effect here"
		s.sayKey(diag.IAnnIgnored, of, "has no effect beside the other annotations and paths of the Ingress")
	default:
		a.Note = of.known.Note
	}
	s.addCodes(&a)
	return a
}

// addCodes gives an annotation the codes and the worst severity of its diagnostics.
func (s *source) addCodes(a *ir.Annotation) {
	for i := range s.findings.List {
		d := &s.findings.List[i]
		if d.Object.Kind != "Ingress" || !isAnnotationField(d.Field, a.Key) {
			continue
		}
		a.Outcome = max(a.Outcome, d.Severity)
		if !slices.Contains(a.Codes, d.Code) {
			a.Codes = append(a.Codes, d.Code)
		}
	}
	if s.ignored[a.Key] && !slices.Contains(a.Codes, diag.WMerge) {
		a.Outcome = max(a.Outcome, diag.Lossy)
		a.Codes = append(a.Codes, diag.WMerge)
	}
}

func (s *source) sayKey(code diag.Code, of *annotation, text string) {
	s.add(diag.New(code, s.object(), annotationField(of.key), text).WithValue(of.value))
}
