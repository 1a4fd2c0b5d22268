package traefikv1

import (
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/foreign"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
)

// outcome is the report of one Ingress: every annotation has exactly one entry.
func (s *source) outcome() ir.Outcome {
	out := ir.Outcome{Ingress: s.ref(), File: s.File, Selected: s.selected, Why: s.why, DecodesPaths: true}
	for _, key := range s.ann.keys() {
		out.Annotations = append(out.Annotations, s.annotationOutcome(key))
	}
	out.Diagnostics = s.findings
	diag.Sort(out.Diagnostics)
	return out
}

func (s *source) annotationOutcome(key string) ir.Annotation {
	a := ir.Annotation{Key: key}
	known, isKnown := LookupAnnotation(key)
	switch {
	case !s.selected:
		a.Note = "the Ingress is not served by Traefik 1.7"
		return a
	case !isKnown && foreign.OfController(key):
		s.sayKey(diag.IAnnIgnored, key, "not read by Traefik 1.7")
		a.Note = "not read by Traefik 1.7"
	case !isKnown:
		s.sayKey(diag.IAnnForeign, key, "")
		a.Note = foreign.Note(key)
	case s.ann.malformed[key] != "":
		s.sayKey(diag.IAnnIgnored, key, s.ann.malformed[key])
		a.Note = s.ann.malformed[key]
	case s.ann.byName[known.Name] != key:
		a.Note = "overruled by " + s.ann.byName[known.Name]
		s.sayKey(diag.IAnnIgnored, key, a.Note+", which Traefik 1.7 reads first")
	case known.Family == familyService:
		a.Note = "read from Services, not from Ingresses"
		s.sayKey(diag.IAnnIgnored, key, a.Note)
	case s.ignored[key]:
		a.Note = "another Ingress of the same host and path decides"
	case s.dropped, !s.ann.read[key] && !s.loaded:
		a.Note = "Traefik 1.7 has no route for the Ingress"
	case !s.ann.read[key] && s.ann.values[key] == "":
		a.Note = "empty, so it has no effect"
		s.sayKey(diag.IAnnIgnored, key, a.Note)
	case !s.ann.read[key]:
		a.Note = "has no effect here"
		s.sayKey(diag.IAnnIgnored, key, "has no effect beside the other annotations and paths of the Ingress")
	default:
		a.Note = known.Note
	}
	s.addCodes(&a)
	return a
}

// addCodes gives an annotation the codes and the worst severity of its diagnostics.
func (s *source) addCodes(a *ir.Annotation) {
	field := annotationField(a.Key)
	seen := map[diag.Code]bool{}
	for _, d := range s.findings {
		if d.Field != field || d.Object.Kind != "Ingress" {
			continue
		}
		a.Outcome = max(a.Outcome, d.Severity)
		if !seen[d.Code] {
			seen[d.Code] = true
			a.Codes = append(a.Codes, d.Code)
		}
	}
	if s.ignored[a.Key] && !seen[diag.WMerge] {
		a.Outcome = max(a.Outcome, diag.Lossy)
		a.Codes = append(a.Codes, diag.WMerge)
	}
}

func (s *source) sayKey(code diag.Code, key, text string) {
	s.add(diag.New(code, s.object(), annotationField(key), text).WithValue(s.ann.values[key]))
}
