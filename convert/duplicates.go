package convert

import (
	"slices"
	"strings"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
)

// withoutDuplicates drops Ingresses that a later one of the same namespace and
// name replaces, as kubectl apply of the input would have it, and reports them.
func withoutDuplicates(in Input) (Input, []IngressReport) {
	last := make(map[ir.Ref]int, len(in.Ingresses))
	complete := true
	for i, ing := range in.Ingresses {
		if ing.Ingress == nil {
			complete = false
			continue
		}
		last[ir.Ref{Namespace: ing.Namespace, Name: ing.Name}] = i
	}
	if complete && len(last) == len(in.Ingresses) {
		return in, nil
	}
	var replaced []IngressReport
	kept := make([]ir.Ingress, 0, len(last))
	for i, ing := range in.Ingresses {
		if ing.Ingress == nil {
			continue
		}
		ref := ir.Ref{Namespace: ing.Namespace, Name: ing.Name}
		if last[ref] == i {
			kept = append(kept, ing)
			continue
		}
		replaced = append(replaced, duplicate(ref, ing, in.Ingresses[last[ref]].File))
	}
	in.Ingresses = kept
	return in, replaced
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
