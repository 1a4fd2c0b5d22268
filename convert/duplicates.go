package convert

import (
	"cmp"
	"slices"
	"strings"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/emit"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
)

// inNameOrder sorts Ingresses by namespace and name, which is what the output is
// sorted by, so that nothing has to be sorted again on the way. It drops those that
// a later one of the same namespace and name replaces, as kubectl apply of the
// input would have it, and reports them.
func inNameOrder(in Input) (Input, []IngressReport) {
	refs := make([]numberedRef, 0, len(in.Ingresses))
	for i, ing := range in.Ingresses {
		if ing.Ingress != nil {
			refs = append(refs, numberedRef{ir.Ref{Namespace: ing.Namespace, Name: ing.Name}, i})
		}
	}
	slices.SortFunc(refs, func(a, b numberedRef) int {
		if c := emit.CompareRefs(a.Ref, b.Ref); c != 0 {
			return c
		}
		return cmp.Compare(a.number, b.number)
	})
	var replaced []IngressReport
	sorted := make([]ir.Ingress, 0, len(refs))
	for i, ref := range refs {
		ing := in.Ingresses[ref.number]
		last := i
		for last+1 < len(refs) && refs[last+1].Ref == ref.Ref {
			last++
		}
		if last > i {
			replaced = append(replaced, duplicate(ref.Ref, ing, in.Ingresses[refs[last].number].File))
			continue
		}
		sorted = append(sorted, ing)
	}
	in.Ingresses = sorted
	return in, replaced
}

// numberedRef is an Ingress and its place in the input.
type numberedRef struct {
	ir.Ref
	number int
}

func duplicate(ref ir.Ref, ing ir.Ingress, winner string) IngressReport {
	object := diag.Object{Kind: "Ingress", Namespace: ref.Namespace, Name: ref.Name, File: ing.File}
	text := "a later Ingress of the same namespace and name replaces it"
	if winner != "" {
		text += " (" + winner + ")"
	}
	report := IngressReport{
		Ingress: ref, File: ing.File, Verdict: Skipped, Why: text,
		Diagnostics: []diag.Diagnostic{diag.New(diag.EDuplicateIngress, object, "metadata.name", text)},
	}
	for key := range ing.Annotations {
		report.Annotations = append(report.Annotations, ir.Annotation{
			Key: key, Outcome: diag.Invalid, Note: "not read: replaced by a later Ingress", Codes: []diag.Code{diag.EDuplicateIngress},
		})
	}
	slices.SortFunc(report.Annotations, func(a, b ir.Annotation) int { return strings.Compare(a.Key, b.Key) })
	return report
}
