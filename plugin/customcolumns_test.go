package plugin

import (
	"strings"
	"testing"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/preflight"
)

func TestCustomColumns(t *testing.T) {
	report := &preflight.Report{Findings: []preflight.Finding{
		{Code: "GRACE", Result: preflight.Stop, Finding: "too short"},
		{Code: "PORTS", Result: preflight.OK},
	}}
	printer, err := newColumnsPrinter("CODE:.code,IS:{.result},WHY:finding", "findings")
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	if err := printer.PrintObj(report, &out); err != nil {
		t.Fatal(err)
	}
	want := "CODE    IS     WHY\nGRACE   stop   too short\nPORTS   ok     <none>\n"
	if out.String() != want {
		t.Errorf("got\n%swant\n%s", out.String(), want)
	}
}

func TestBadColumnsAreRefused(t *testing.T) {
	for spec, want := range map[string]string{
		"":             "custom-columns needs columns",
		"CODE":         `"CODE" is no HEADER:PATH`,
		"CODE:":        `"CODE:" is no HEADER:PATH`,
		"CODE:.a,:.b":  `":.b" is no HEADER:PATH`,
		"CODE:.items[": "the path of CODE",
	} {
		if _, err := newColumnsPrinter(spec, "findings"); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", spec, err, want)
		}
	}
}
