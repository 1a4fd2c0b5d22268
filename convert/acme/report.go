package acme

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
)

// APIVersion of reports.
const APIVersion = "ingress-migrate.io/v1alpha1"

// Report is the machine-readable account of one conversion. It holds no key.
type Report struct {
	metav1.TypeMeta `json:",inline"`
	File            string            `json:"file"`
	Resolver        string            `json:"resolver,omitempty"`
	Summary         ReportSummary     `json:"summary"`
	Certificates    []Certificate     `json:"certificates"`
	Diagnostics     []diag.Diagnostic `json:"diagnostics"`
}

// ReportSummary counts.
type ReportSummary struct {
	Certificates int  `json:"certificates"`
	Converted    int  `json:"converted"`
	LeftOut      int  `json:"leftOut"`
	AccountKept  bool `json:"accountKept"`
	Diagnostics  int  `json:"diagnostics"`
}

// NewReport makes the report on result.
func NewReport(result Result, opts Options) *Report {
	usable := len(result.Usable())
	return &Report{
		TypeMeta: metav1.TypeMeta{APIVersion: APIVersion, Kind: "ACMEConversionReport"},
		File:     opts.File, Resolver: opts.Resolver,
		Summary: ReportSummary{
			Certificates: len(result.Certificates), Converted: usable, LeftOut: len(result.Certificates) - usable,
			AccountKept: result.AccountKept, Diagnostics: len(result.Diagnostics),
		},
		// Lists that are empty are written as [] and not as null.
		Certificates: append([]Certificate{}, result.Certificates...),
		Diagnostics:  append([]diag.Diagnostic{}, result.Diagnostics...),
	}
}
