package convert

import (
	"testing"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
)

func TestVerdict(t *testing.T) {
	finding := func(s diag.Severity, blocking bool) diag.Diagnostic {
		return diag.Diagnostic{Code: "C", Severity: s, Text: s.String(), Blocking: blocking}
	}
	served := ir.Outcome{Selected: true}
	for name, tc := range map[string]struct {
		outcome  ir.Outcome
		findings []diag.Diagnostic
		routed   bool
		want     Verdict
		why      string
	}{
		"of another class":        {ir.Outcome{Why: "class nginx"}, nil, false, Skipped, "class nginx"},
		"exact":                   {served, nil, true, Converted, ""},
		"information":             {served, []diag.Diagnostic{finding(diag.Equivalent, false)}, true, Converted, ""},
		"lossy":                   {served, []diag.Diagnostic{finding(diag.Equivalent, false), finding(diag.Lossy, false)}, true, ConvertedWithLoss, "C: lossy"},
		"worst comes first":       {served, []diag.Diagnostic{finding(diag.Lossy, false), finding(diag.Unsupported, false)}, true, ConvertedWithLoss, "C: unsupported"},
		"blocking outweighs":      {served, []diag.Diagnostic{finding(diag.Invalid, false), finding(diag.Lossy, true)}, true, Blocked, "C: lossy"},
		"no route":                {served, []diag.Diagnostic{finding(diag.Invalid, false)}, false, NotServed, "C: invalid"},
		"no route, nothing found": {served, nil, false, NotServed, "the source controller has no route for it"},
	} {
		got, why := verdict(&tc.outcome, tc.findings, tc.routed)
		if got != tc.want || why != tc.why {
			t.Errorf("%s: got %s %q, want %s %q", name, got, why, tc.want, tc.why)
		}
	}
}
