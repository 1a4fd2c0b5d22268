package convert

import (
	"cmp"
	"slices"
	"strings"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
)

// Verdict sums up what became of one Ingress.
type Verdict string

// The verdicts.
const (
	// Converted: routes were emitted, everything is carried over exactly or equivalently.
	Converted Verdict = "Converted"
	// ConvertedWithLoss: routes were emitted, at least one diagnostic is lossy or worse.
	ConvertedWithLoss Verdict = "ConvertedWithLoss"
	// Blocked: at least one route was withheld because it would expose more than the source controller does.
	Blocked Verdict = "Blocked"
	// NotServed: the source controller serves nothing of it, so nothing is emitted.
	NotServed Verdict = "NotServed"
	// Skipped: not an Ingress of the source controller.
	Skipped Verdict = "Skipped"
)

// judge makes the report on every Ingress, in input order.
func judge(t ir.Translation, findings []diag.Diagnostic) []IngressReport {
	reports := make([]IngressReport, 0, len(t.Ingresses))
	served := make(map[ir.Ref]bool, len(t.Ingresses))
	for i := range t.Routes {
		served[t.Routes[i].Owner] = true
		for _, origin := range t.Routes[i].Origins {
			served[origin.Ingress] = true
		}
	}
	found := make(map[ir.Ref][]diag.Diagnostic)
	for _, d := range findings {
		ref := ir.Ref{Namespace: d.Object.Namespace, Name: d.Object.Name}
		found[ref] = append(found[ref], d)
	}
	for i := range t.Ingresses {
		outcome := &t.Ingresses[i]
		ds := slices.Concat(outcome.Diagnostics, found[outcome.Ingress])
		diag.Sort(ds)
		ds = slices.Compact(ds)
		verdict, why := verdict(outcome, ds, served[outcome.Ingress])
		reports = append(reports, IngressReport{
			Ingress: outcome.Ingress, File: outcome.File, Verdict: verdict, Why: why,
			Annotations: outcome.Annotations, Diagnostics: ds,
		})
	}
	return reports
}

// inOrder sorts reports by namespace, name and file.
func inOrder(reports []IngressReport) []IngressReport {
	slices.SortStableFunc(reports, func(a, b IngressReport) int {
		return cmp.Or(
			strings.Compare(a.Ingress.Namespace, b.Ingress.Namespace),
			strings.Compare(a.Ingress.Name, b.Ingress.Name),
			strings.Compare(a.File, b.File),
		)
	})
	return reports
}

// verdict sums up one Ingress.
//
//	selected  blocking finding  has a route  worst finding   verdict
//	no        -                 -            -               Skipped
//	yes       yes               -            -               Blocked
//	yes       no                no           -               NotServed
//	yes       no                yes          lossy or worse  ConvertedWithLoss
//	yes       no                yes          milder          Converted
func verdict(outcome *ir.Outcome, ds []diag.Diagnostic, served bool) (Verdict, string) {
	if !outcome.Selected {
		return Skipped, outcome.Why
	}
	var worst *diag.Diagnostic
	for i := range ds {
		d := &ds[i]
		if worst == nil || !worst.Blocking && d.Blocking || worst.Blocking == d.Blocking && d.Severity > worst.Severity {
			worst = d
		}
	}
	why := outcome.Why
	if worst != nil && why == "" && (worst.Blocking || worst.Severity >= diag.Lossy) {
		why = string(worst.Code) + ": " + worst.Text
	}
	switch {
	case worst != nil && worst.Blocking:
		return Blocked, why
	case !served:
		return NotServed, cmp.Or(why, "the source controller has no route for it")
	case worst != nil && worst.Severity >= diag.Lossy:
		return ConvertedWithLoss, why
	}
	return Converted, why
}
