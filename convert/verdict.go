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

// judge makes the report on every Ingress. They are sorted by name; served tells of
// which a route comes.
func judge(groups [][]ir.Outcome, served []bool, findings []diag.Diagnostic) []IngressReport {
	reports := make([]IngressReport, 0, len(served))
	found := make(map[ir.Ref][]diag.Diagnostic)
	for _, d := range findings {
		ref := ir.Ref{Namespace: d.Object.Namespace, Name: d.Object.Name}
		found[ref] = append(found[ref], d)
	}
	for _, outcomes := range groups {
		for i := range outcomes {
			outcome := &outcomes[i]
			ds := append(slices.Clip(outcome.Diagnostics), found[outcome.Ingress]...)
			diag.Sort(ds)
			ds = slices.Compact(ds)
			verdict, why := verdict(outcome, ds, served[len(reports)])
			reports = append(reports, IngressReport{
				Ingress: outcome.Ingress, File: outcome.File, Verdict: verdict, Why: why,
				Annotations: outcome.Annotations, Diagnostics: ds,
			})
		}
	}
	return reports
}

// servedBy tells which of the Ingresses, sorted by name, a route comes from.
func servedBy(routes []ir.Route, outcomes []ir.Outcome) []bool {
	served := make([]bool, len(outcomes))
	at := 0 // routes of one Ingress follow each other, and those of the next one
	serve := func(ref ir.Ref) {
		for next := at; next < len(outcomes) && next < at+2; next++ {
			if outcomes[next].Ingress == ref {
				at = next
				served[at] = true
				return
			}
		}
		if found, ok := slices.BinarySearchFunc(outcomes, ref, compareOutcome); ok {
			at = found
			served[at] = true
		}
	}
	for i := range routes {
		serve(routes[i].Owner)
		for _, origin := range routes[i].Origins {
			serve(origin.Ingress)
		}
	}
	return served
}

func compareOutcome(o ir.Outcome, ref ir.Ref) int { return emit.CompareRefs(o.Ingress, ref) }

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
