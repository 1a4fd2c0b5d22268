package convert

import (
	"cmp"
	"slices"
	"strings"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/emit"
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
	var last ir.Ref // routes of one Ingress follow each other
	serve := func(ref ir.Ref) {
		if ref != last {
			served[ref], last = true, ref
		}
	}
	for i := range t.Routes {
		serve(t.Routes[i].Owner)
		for _, origin := range t.Routes[i].Origins {
			serve(origin.Ingress)
		}
	}
	found := make(map[ir.Ref][]diag.Diagnostic)
	for _, d := range findings {
		ref := ir.Ref{Namespace: d.Object.Namespace, Name: d.Object.Name}
		found[ref] = append(found[ref], d)
	}
	for i := range t.Ingresses {
		outcome := &t.Ingresses[i]
		ds := append(slices.Clip(outcome.Diagnostics), found[outcome.Ingress]...)
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
	byName := func(a, b IngressReport) int {
		if c := emit.CompareRefs(a.Ingress, b.Ingress); c != 0 {
			return c
		}
		return strings.Compare(a.File, b.File)
	}
	if !slices.IsSortedFunc(reports, byName) {
		slices.SortStableFunc(reports, byName)
	}
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
