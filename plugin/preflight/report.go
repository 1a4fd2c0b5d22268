// Package preflight judges whether a cutover can begin: every hazard that the
// cluster's objects can tell of, as data. It changes nothing and prints nothing.
package preflight

import (
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

// Result of a check.
type Result string

// The results, worst first.
const (
	// Stop: a cutover would lose requests or could not go on.
	Stop Result = "stop"
	// Warn: a human should know.
	Warn Result = "warn"
	// Unknown: it could not be looked at.
	Unknown Result = "unknown"
	// OK: nothing to do.
	OK Result = "ok"
)

// APIVersion and Kind of a Report in JSON and YAML.
const (
	APIVersion = "ingress-migrate.io/v1alpha1"
	Kind       = "Preflight"
)

// Report is the answer to a preflight. It is an API object so that every output
// format of kubectl works on it.
type Report struct {
	metav1.TypeMeta `json:",inline"`
	// Findings are sorted by result, then by the order of the checks.
	Findings []Finding `json:"findings"`
	// Arithmetic is what the judgement of drains rests on, number by number.
	Arithmetic []Number `json:"arithmetic"`
	Summary    Summary  `json:"summary"`
}

// Summary counts findings.
type Summary struct {
	Stop    int `json:"stop"`
	Warn    int `json:"warn"`
	Unknown int `json:"unknown"`
	OK      int `json:"ok"`
}

// Finding is one result of one check.
type Finding struct {
	Code   string `json:"code"`
	What   string `json:"what"`
	Result Result `json:"result"`
	// Finding says what is the case, Remedy what to do about it.
	Finding string `json:"finding,omitempty"`
	Remedy  string `json:"remedy,omitempty"`
	// Manifest is what to change, ready to paste; what and where the Remedy says.
	Manifest string `json:"manifest,omitempty"`
	// Mended: the cutover's own first steps put it right.
	Mended bool `json:"mended,omitempty"`
}

// Blocking returns the stops that a cutover does not mend itself and that were
// not accepted by code.
func (r *Report) Blocking(accepted []string) []Finding {
	var out []Finding
	for _, f := range r.Findings {
		if f.Result == Stop && !f.Mended && !slices.ContainsFunc(accepted, func(code string) bool { return strings.EqualFold(code, f.Code) }) {
			out = append(out, f)
		}
	}
	return out
}

// DeepCopyObject implements runtime.Object.
func (r *Report) DeepCopyObject() runtime.Object {
	out := *r
	out.Findings, out.Arithmetic = slices.Clone(r.Findings), slices.Clone(r.Arithmetic)
	return &out
}

func stop(finding, remedy string) Finding {
	return Finding{Result: Stop, Finding: finding, Remedy: remedy}
}

func warn(finding, remedy string) Finding {
	return Finding{Result: Warn, Finding: finding, Remedy: remedy}
}

func unknown(finding, remedy string) Finding {
	return Finding{Result: Unknown, Finding: finding, Remedy: remedy}
}

// Run makes all checks.
func Run(f *Facts) *Report {
	r := &Report{TypeMeta: metav1.TypeMeta{APIVersion: APIVersion, Kind: Kind}, Arithmetic: f.arithmetic()}
	for _, c := range checks() {
		found := c.look(f)
		if len(found) == 0 {
			found = []Finding{{Result: OK}}
		}
		for _, finding := range found {
			finding.Code, finding.What = c.Code, c.What
			r.Findings = append(r.Findings, finding)
		}
	}
	rank := map[Result]int{Stop: 0, Warn: 1, Unknown: 2, OK: 3}
	slices.SortStableFunc(r.Findings, func(a, b Finding) int { return rank[a.Result] - rank[b.Result] })
	for _, finding := range r.Findings {
		switch finding.Result {
		case Stop:
			r.Summary.Stop++
		case Warn:
			r.Summary.Warn++
		case Unknown:
			r.Summary.Unknown++
		case OK:
			r.Summary.OK++
		}
	}
	return r
}
