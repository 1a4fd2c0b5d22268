package convert

import (
	"cmp"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/emit"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/emitnginx"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
)

// APIVersion of reports.
const APIVersion = "ingress-migrate.io/v1alpha1"

// ConversionReport is the machine-readable account of one conversion, what
// `convert --report` writes: every Ingress of the input with its verdict, every
// annotation with its fate, every diagnostic. All lists are sorted.
type ConversionReport struct {
	metav1.TypeMeta `json:",inline"`
	// From is the dialect of the input, or auto where each Ingress has its own;
	// Target the controller the output is for.
	From   Dialect      `json:"from"`
	Target ReportTarget `json:"target"`

	Summary   ReportSummary   `json:"summary"`
	Ingresses []ReportIngress `json:"ingresses"`
	// Diagnostics are about input that did not become an Ingress: files and
	// documents that cannot be read, objects of other kinds.
	Diagnostics []diag.Diagnostic `json:"diagnostics"`
}

// ReportTarget says what the output was written for.
type ReportTarget struct {
	Version    string `json:"version"` // v2, v3 or ingress-nginx
	APIVersion string `json:"apiVersion"`
}

// ReportSummary counts.
type ReportSummary struct {
	Ingresses         int         `json:"ingresses"`
	Objects           int         `json:"objects"`
	Converted         int         `json:"converted"`
	ConvertedWithLoss int         `json:"convertedWithLoss"`
	Blocked           int         `json:"blocked"`
	NotServed         int         `json:"notServed"`
	Skipped           int         `json:"skipped"`
	Annotations       int         `json:"annotations"`
	Diagnostics       int         `json:"diagnostics"`
	Codes             []CodeCount `json:"codes"`
	// Dialects says how many Ingresses are in each dialect.
	Dialects []DialectCount `json:"dialects"`
}

// DialectCount says how many Ingresses are in a dialect, and of how many of them
// that is a guess.
type DialectCount struct {
	Dialect   Dialect `json:"dialect"`
	Ingresses int     `json:"ingresses"`
	Guessed   int     `json:"guessed,omitempty"`
}

// CountDialects counts, in the order of Dialects; those of no Ingress are left out.
func CountDialects(reports []IngressReport) []DialectCount {
	counts := []DialectCount{}
	for _, dialect := range Dialects() {
		count := DialectCount{Dialect: dialect}
		for i := range reports {
			if reports[i].Dialect != dialect {
				continue
			}
			count.Ingresses++
			if slices.ContainsFunc(reports[i].Diagnostics, func(d diag.Diagnostic) bool { return d.Code == diag.WDialectGuess }) {
				count.Guessed++
			}
		}
		if count.Ingresses > 0 {
			counts = append(counts, count)
		}
	}
	return counts
}

// CodeCount says how often a code occurs.
type CodeCount struct {
	Code     diag.Code     `json:"code"`
	Severity diag.Severity `json:"severity"`
	Count    int           `json:"count"`
}

// ReportIngress is what became of one Ingress.
type ReportIngress struct {
	Namespace string `json:"namespace"`
	Name      string `json:"name"`
	File      string `json:"file,omitempty"`
	// Dialect is empty when no controller in play serves the Ingress.
	Dialect Dialect `json:"dialect,omitempty"`
	Verdict Verdict `json:"verdict"`
	Why     string  `json:"why,omitempty"`
	// Objects are those emitted for it, in the order of the output.
	Objects []ReportObject `json:"objects"`
	// Companions are those of other systems.
	Companions  []ReportObject    `json:"companions,omitempty"`
	Annotations []ir.Annotation   `json:"annotations"`
	Diagnostics []diag.Diagnostic `json:"diagnostics"`
}

// ReportObject names an object of the Ingress' namespace.
type ReportObject struct {
	Kind string `json:"kind"`
	Name string `json:"name"`
}

// NewReport makes the report on result. reading are the findings of reading the
// input, before there was an Ingress to attach them to.
func NewReport(result Result, opts Options, reading []diag.Diagnostic) *ConversionReport {
	report := &ConversionReport{
		TypeMeta: metav1.TypeMeta{APIVersion: APIVersion, Kind: "ConversionReport"},
		From:     cmp.Or(opts.From, FromTraefikV1),
		Target:   ReportTarget{Version: "v2", APIVersion: opts.Target.APIVersion()},
		// Lists that are empty are written as [] and not as null.
		Ingresses:   make([]ReportIngress, 0, len(result.Ingresses)),
		Diagnostics: append([]diag.Diagnostic{}, reading...),
	}
	switch {
	case opts.IngressNginx != nil:
		report.Target = ReportTarget{Version: ToIngressNginx, APIVersion: emitnginx.APIVersion}
	case opts.Target.Version == emit.V3:
		report.Target.Version = "v3"
	}
	diag.Sort(report.Diagnostics)
	objects, companions := byOwner(result.Objects), byOwner(result.Companions)
	counts := report.count(report.Diagnostics, nil)
	for i := range result.Ingresses {
		in := &result.Ingresses[i]
		entry := ReportIngress{
			Namespace: in.Ingress.Namespace, Name: in.Ingress.Name, File: in.File, Dialect: in.Dialect, Verdict: in.Verdict, Why: in.Why,
			Objects:     []ReportObject{},
			Annotations: append([]ir.Annotation{}, in.Annotations...),
			Diagnostics: append([]diag.Diagnostic{}, in.Diagnostics...),
		}
		if in.Verdict != Skipped {
			entry.Objects = append(entry.Objects, objects[in.Ingress]...)
			entry.Companions = companions[in.Ingress]
		}
		report.Ingresses = append(report.Ingresses, entry)
		report.Summary.add(in.Verdict)
		report.Summary.Annotations += len(in.Annotations)
		counts = report.count(in.Diagnostics, counts)
	}
	report.Summary.Objects = len(result.Objects)
	report.Summary.Codes = counts
	report.Summary.Dialects = CountDialects(result.Ingresses)
	slices.SortFunc(report.Summary.Codes, func(a, b CodeCount) int { return strings.Compare(string(a.Code), string(b.Code)) })
	return report
}

func byOwner(outputs []Output) map[ir.Ref][]ReportObject {
	objects := make(map[ir.Ref][]ReportObject, len(outputs))
	for _, o := range outputs {
		objects[o.Owner] = append(objects[o.Owner], ReportObject{
			Kind: o.Object.GetObjectKind().GroupVersionKind().Kind, Name: o.Object.GetName(),
		})
	}
	return objects
}

// count adds ds to counts, which is in no particular order.
func (r *ConversionReport) count(ds []diag.Diagnostic, counts []CodeCount) []CodeCount {
	if counts == nil {
		counts = []CodeCount{}
	}
	r.Summary.Diagnostics += len(ds)
	for _, d := range ds {
		i := slices.IndexFunc(counts, func(c CodeCount) bool { return c.Code == d.Code })
		if i < 0 {
			i = len(counts)
			counts = append(counts, CodeCount{Code: d.Code, Severity: d.Severity})
		}
		counts[i].Count++
	}
	return counts
}

func (s *ReportSummary) add(v Verdict) {
	s.Ingresses++
	switch v {
	case Converted:
		s.Converted++
	case ConvertedWithLoss:
		s.ConvertedWithLoss++
	case Blocked:
		s.Blocked++
	case NotServed:
		s.NotServed++
	case Skipped:
		s.Skipped++
	}
}

// DeepCopyObject makes the report a runtime.Object, for kubectl's printers.
func (r *ConversionReport) DeepCopyObject() runtime.Object {
	if r == nil {
		return nil
	}
	out := *r
	out.Summary.Codes = slices.Clone(r.Summary.Codes)
	out.Summary.Dialects = slices.Clone(r.Summary.Dialects)
	out.Diagnostics = slices.Clone(r.Diagnostics)
	out.Ingresses = slices.Clone(r.Ingresses)
	for i := range out.Ingresses {
		entry := &out.Ingresses[i]
		entry.Objects = slices.Clone(entry.Objects)
		entry.Companions = slices.Clone(entry.Companions)
		entry.Diagnostics = slices.Clone(entry.Diagnostics)
		entry.Annotations = slices.Clone(entry.Annotations)
		for j := range entry.Annotations {
			entry.Annotations[j].Codes = slices.Clone(entry.Annotations[j].Codes)
		}
	}
	return &out
}

var _ runtime.Object = (*ConversionReport)(nil)
