package static

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
)

// APIVersion of reports.
const APIVersion = "ingress-migrate.io/v1alpha1"

// Report is the machine-readable account of one conversion: every key with its
// fate. Values are not in it: they may be secrets.
type Report struct {
	metav1.TypeMeta `json:",inline"`
	File            string            `json:"file,omitempty"`
	Source          Version           `json:"source"`
	Target          Version           `json:"target"`
	Summary         ReportSummary     `json:"summary"`
	EntryPoints     []EntryPoint      `json:"entryPoints"`
	Objects         []ReportObject    `json:"objects"`
	Settings        []ReportSetting   `json:"settings"`
	Diagnostics     []diag.Diagnostic `json:"diagnostics"`
}

// ReportSummary counts.
type ReportSummary struct {
	Settings    int `json:"settings"`
	Converted   int `json:"converted"`
	Objects     int `json:"objects"`
	Diagnostics int `json:"diagnostics"`
}

// ReportObject names an object that belongs to the output.
type ReportObject struct {
	Kind      string `json:"kind"`
	Namespace string `json:"namespace"`
	Name      string `json:"name"`
}

// ReportSetting is a key of the input.
type ReportSetting struct {
	Setting
	// Argument is true for arguments, which have no line.
	Argument bool `json:"argument,omitempty"`
}

// IsKey tells keys from the tables around them.
func (s *Setting) IsKey() bool { return s.kind != "table" && s.Key != "" }

// NewReport makes the report on result.
func NewReport(result Result, in Input, opts Options) *Report {
	report := &Report{
		TypeMeta: metav1.TypeMeta{APIVersion: APIVersion, Kind: "StaticConversionReport"},
		File:     in.File, Source: opts.Source, Target: opts.Target,
		// Lists that are empty are written as [] and not as null.
		EntryPoints: append([]EntryPoint{}, result.EntryPoints...),
		Objects:     []ReportObject{},
		Settings:    []ReportSetting{},
		Diagnostics: append([]diag.Diagnostic{}, result.Diagnostics...),
	}
	for _, object := range result.Objects {
		if named, ok := object.(metav1.Object); ok {
			report.Objects = append(report.Objects, ReportObject{
				Kind: object.GetObjectKind().GroupVersionKind().Kind, Namespace: named.GetNamespace(), Name: named.GetName(),
			})
		}
	}
	for _, s := range result.Settings {
		if !s.IsKey() {
			continue
		}
		report.Settings = append(report.Settings, ReportSetting{Setting: *s, Argument: s.Line == 0})
		if len(s.Target) > 0 {
			report.Summary.Converted++
		}
	}
	report.Summary.Settings = len(report.Settings)
	report.Summary.Objects = len(report.Objects)
	report.Summary.Diagnostics = len(report.Diagnostics)
	return report
}
