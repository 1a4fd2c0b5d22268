package nginx

import (
	"maps"
	"slices"
	"strings"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/foreign"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
)

// classKey is read by every ingress controller.
const classKey = "kubernetes.io/ingress.class"

// outcome is what became of the Ingress and each of its annotations.
func (s *source) outcome() ir.Outcome {
	out := ir.Outcome{Ingress: s.ref(), File: s.File, Selected: s.selected, Why: s.why, DecodesPaths: true}
	for _, key := range slices.Sorted(maps.Keys(s.Annotations)) {
		out.Annotations = append(out.Annotations, s.annotationOutcome(key))
	}
	out.Diagnostics = s.findings.List
	diag.Sort(out.Diagnostics)
	return out
}

func (s *source) annotationOutcome(key string) ir.Annotation {
	a := ir.Annotation{Key: key}
	name, ours := strings.CutPrefix(key, s.prefix+"/")
	known, isKnown := LookupAnnotation(name)
	field := annotationField(key)
	switch {
	case !s.selected:
		a.Note = "the Ingress is not served by ingress-nginx"
		return a
	case key == classKey:
		a.Note = "which controller serves the Ingress"
	case !ours && foreign.OfController(key):
		a.Note = "not read by ingress-nginx"
		s.ignored(key, a.Note)
	case !ours:
		a.Note = foreign.Note(key)
		s.add(diag.New(diag.IAnnForeign, s.object(), field, ""))
	case !isKnown:
		a.Note = "not read by ingress-nginx"
		text := a.Note
		if near := nearest(name); near != "" {
			text += "; perhaps " + near + " was meant"
		}
		s.ignored(key, text)
	case known.Fate == Dead:
		a.Note = known.Note
		s.ignored(key, known.Note)
	case s.ann.inert[name] != "":
		a.Note = s.ann.inert[name]
		s.ignored(key, a.Note)
	case s.dropped:
		a.Note = "ingress-nginx does not serve the Ingress"
	case !s.ann.read[name] && known.Fate == Converted:
		a.Note = "has no effect beside the other annotations"
		s.ignored(key, a.Note)
	default:
		a.Note = known.Note
	}
	s.addCodes(&a, field)
	return a
}

func (s *source) ignored(key, text string) {
	s.add(diag.New(diag.IAnnIgnored, s.object(), annotationField(key), text).WithValue(s.Annotations[key]))
}

// addCodes gives an annotation the codes and the worst severity of its diagnostics.
func (s *source) addCodes(a *ir.Annotation, field string) {
	for i := range s.findings.List {
		d := &s.findings.List[i]
		if d.Field != field {
			continue
		}
		a.Outcome = max(a.Outcome, d.Severity)
		if !slices.Contains(a.Codes, d.Code) {
			a.Codes = append(a.Codes, d.Code)
		}
	}
}

// nearest returns the known name that differs from name by at most two letters.
func nearest(name string) string {
	best, distance := "", 3
	for i := range registry {
		if d := editDistance(name, registry[i].Name, distance); d < distance {
			best, distance = registry[i].Name, d
		}
	}
	return best
}

// editDistance is Levenshtein's distance, or limit when it is not below limit.
func editDistance(a, b string, limit int) int {
	if len(a)-len(b) >= limit || len(b)-len(a) >= limit {
		return limit
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		diagonal := row[0]
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := diagonal
			if a[i-1] != b[j-1] {
				cost = 1 + min(diagonal, row[j], row[j-1])
			}
			diagonal, row[j] = row[j], cost
		}
	}
	return min(row[len(b)], limit)
}
