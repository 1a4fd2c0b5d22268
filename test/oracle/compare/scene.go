package compare

import (
	"slices"
	"strings"

	networkingv1 "k8s.io/api/networking/v1"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/oracle/judge"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/oracle/world"
)

// Scene is a set with the report on its conversion: what may excuse differences.
type Scene struct {
	set       *world.Set
	checklist []diag.Diagnostic
	reports   map[string]convert.IngressReport
}

// NewScene takes the reports on the Ingresses of set out of result. checklist is
// what was said about the installation as a whole.
func NewScene(set *world.Set, result convert.Result, checklist []diag.Diagnostic) *Scene {
	s := &Scene{set: set, checklist: checklist, reports: map[string]convert.IngressReport{}}
	for _, report := range result.Ingresses {
		s.reports[report.Ingress.String()] = report
	}
	return s
}

// Unexcused returns the differences that no finding on an Ingress which can have
// to do with the request speaks of.
func (s *Scene) Unexcused(differences []Difference, r judge.Request, before, after judge.Answer) []Difference {
	if len(differences) == 0 {
		return nil
	}
	c := &circumstances{scene: s, request: r, before: before, after: after, findings: s.findings(r)}
	var out []Difference
	for _, d := range differences {
		if !c.excused(d) {
			out = append(out, d)
		}
	}
	return out
}

// findings are those that can have to do with r.
func (s *Scene) findings(r judge.Request) []diag.Diagnostic {
	out := slices.Clone(s.checklist)
	for _, ingress := range s.set.Ingresses {
		if !concerns(ingress, r.Host) {
			continue
		}
		for _, d := range s.reports[world.ID(ingress)].Diagnostics {
			out = append(out, d)
		}
	}
	return out
}

// concerns reports whether an Ingress can have to do with requests for host.
func concerns(ingress *networkingv1.Ingress, host string) bool {
	host = strings.ToLower(host)
	if colon := strings.LastIndex(host, ":"); colon >= 0 {
		host = host[:colon]
	}
	host = strings.TrimSuffix(host, ".")
	if ingress.Spec.DefaultBackend != nil {
		return true
	}
	for _, rule := range ingress.Spec.Rules {
		own := strings.ToLower(rule.Host)
		_, domain, _ := strings.Cut(host, ".")
		if own == "" || own == host || own == "*."+domain || strings.ContainsAny(own, "{,;\\") {
			return true
		}
	}
	return false
}
