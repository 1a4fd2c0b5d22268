package compare

import (
	"fmt"
	"iter"
	"net/url"
	"path"
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
	from      convert.Dialect
	set       *world.Set
	checklist []diag.Diagnostic
	reports   map[string]convert.IngressReport
	// met are the demands of findings that the judges meet.
	met []diag.Code
}

// NewScene takes the reports on the Ingresses of set out of result. checklist is
// what was said about the installation as a whole; met are codes of findings that
// ask for a setting which the judges have.
func NewScene(from convert.Dialect, set *world.Set, result convert.Result, checklist []diag.Diagnostic, met []diag.Code) *Scene {
	s := &Scene{from: from, set: set, checklist: checklist, reports: map[string]convert.IngressReport{}, met: met}
	for _, report := range result.Ingresses {
		s.reports[report.Ingress.String()] = report
	}
	return s
}

// Judged is a difference and the code that announced it.
type Judged struct {
	Difference
	// Excuse is empty when nothing did.
	Excuse diag.Code
}

// Judge lists the differences of two answers and looks for the finding that speaks
// of each, among those on Ingresses which can have to do with the request.
func (s *Scene) Judge(r judge.Request, before, after judge.Answer) []Judged {
	differences := Differences(before, after)
	if s.from == convert.FromNginx {
		differences = slices.DeleteFunc(differences, func(d Difference) bool { return nginxWords(before, after, d) })
	}
	if len(differences) == 0 {
		return nil
	}
	c := &circumstances{scene: s, request: r, before: before, after: after, findings: s.findings(r)}
	var out []Judged
	for _, d := range differences {
		out = append(out, Judged{Difference: d, Excuse: c.excuse(d)})
	}
	return out
}

// findings are those that can have to do with r: on an Ingress with a rule for
// its host and a path, and when the finding names one path, on that path.
func (s *Scene) findings(r judge.Request) []diag.Diagnostic {
	out := slices.Clone(s.checklist)
	// The judges run with the settings that the checklist asks for.
	out = slices.DeleteFunc(out, func(d diag.Diagnostic) bool { return d.Code == diag.WEmptyServices })
	for _, ingress := range s.set.Ingresses {
		for _, d := range s.reports[world.ID(ingress)].Diagnostics {
			if s.concerns(ingress, d, r) && !slices.Contains(s.met, d.Code) {
				out = append(out, d)
			}
		}
	}
	return out
}

func (s *Scene) concerns(ingress *networkingv1.Ingress, d diag.Diagnostic, r judge.Request) bool {
	if s.from == convert.FromNginx {
		return nginxConcerns(ingress, d, r, s.stray(r.Host)) || (d.Code == diag.ENginxCanary || d.Code == diag.EXNS) && s.sharesService(ingress, r)
	}
	return Concerns(ingress, d.Field, r)
}

// stray tells whether no Ingress has a host.
func (s *Scene) stray(host string) bool {
	return !slices.ContainsFunc(s.set.Ingresses, func(ingress *networkingv1.Ingress) bool {
		return slices.ContainsFunc(ingress.Spec.Rules, func(rule networkingv1.IngressRule) bool { return nginxHost(ingress, rule.Host, host) })
	})
}

// sharesService tells whether a path that takes r leads to a Service of a canary, or
// to one that it stands beside: ingress-nginx has one upstream for each port of a
// Service, with one canary, whatever hosts lead there.
func (s *Scene) sharesService(canary *networkingv1.Ingress, r judge.Request) bool {
	named := map[string]bool{}
	for mine, at := range paths(canary) {
		named[canary.Namespace+"/"+mine.Backend.Service.Name] = true
		for _, other := range s.set.Ingresses {
			for p, rule := range paths(other) {
				if rule.Host == at.Host && p.Path == mine.Path {
					named[other.Namespace+"/"+p.Backend.Service.Name] = true
				}
			}
		}
	}
	for _, other := range s.set.Ingresses {
		for p, rule := range paths(other) {
			if named[other.Namespace+"/"+p.Backend.Service.Name] && nginxHost(other, rule.Host, r.Host) && nginxPath(p.Path, r.Target) {
				return true
			}
		}
	}
	return false
}

// ruled tells whether a plain path of the host takes r, in the eyes of ingress-nginx,
// of Ingresses that it serves.
func (s *Scene) ruled(r judge.Request) bool {
	target, _, _ := strings.Cut(r.Target, "?")
	target, err := url.PathUnescape(target) // nginx compares it decoded
	if err != nil {
		return false
	}
	if clean := path.Clean(target); strings.HasSuffix(target, "/") && clean != "/" { // and without dots
		target = clean + "/"
	} else {
		target = clean
	}
	taken, nearest := false, -1 // nginx asks the server of the nearest name alone
	for _, ingress := range s.set.Ingresses {
		if slices.ContainsFunc(s.reports[world.ID(ingress)].Diagnostics, func(d diag.Diagnostic) bool { return d.Code == diag.ENginxNotServed }) {
			continue
		}
		for p, rule := range paths(ingress) {
			nearness := len(rule.Host)
			if !strings.HasPrefix(rule.Host, "*") {
				nearness *= 2
			}
			if nearness < nearest || !hostMatches(rule.Host, r.Host) {
				continue
			}
			if nearness > nearest {
				taken, nearest = false, nearness
			}
			exact := p.PathType != nil && *p.PathType == networkingv1.PathTypeExact
			below := !exact && strings.HasPrefix(target, strings.TrimSuffix(p.Path, "/")+"/")
			taken = taken || !meta.MatchString(p.Path) && (p.Path == target || below)
		}
	}
	return taken
}

// podless tells whether a Service has no pods.
func (s *Scene) podless() bool {
	for _, endpoints := range s.set.Endpoints {
		if len(endpoints.Subsets) == 0 {
			return true
		}
	}
	return false
}

// paths yields the paths of an Ingress that lead to a Service.
func paths(ingress *networkingv1.Ingress) iter.Seq2[*networkingv1.HTTPIngressPath, *networkingv1.IngressRule] {
	return func(yield func(*networkingv1.HTTPIngressPath, *networkingv1.IngressRule) bool) {
		for i := range ingress.Spec.Rules {
			rule := &ingress.Spec.Rules[i]
			for j := 0; rule.HTTP != nil && j < len(rule.HTTP.Paths); j++ {
				if p := &rule.HTTP.Paths[j]; p.Backend.Service != nil && !yield(p, rule) {
					return
				}
			}
		}
	}
}

// open reports whether a route to service that is not withheld takes r.
func (s *Scene) open(service string, r judge.Request) bool {
	for _, ingress := range s.set.Ingresses {
		withheld := func(field string) bool {
			return slices.ContainsFunc(s.reports[world.ID(ingress)].Diagnostics, func(d diag.Diagnostic) bool {
				at := rulePath.FindString(d.Field)
				// A finding on an annotation can be about one of several paths.
				return d.Blocking && strings.HasPrefix(field, at) && (at != "" || onePath(ingress))
			})
		}
		leads := func(b *networkingv1.IngressBackend) bool {
			return b != nil && b.Service != nil && isAt(service)(ingress.Namespace+"/"+b.Service.Name)
		}
		if leads(ingress.Spec.DefaultBackend) && !withheld("") {
			return true
		}
		for i, rule := range ingress.Spec.Rules {
			if rule.HTTP == nil || !hostMatches(rule.Host, r.Host) {
				continue
			}
			for j := range rule.HTTP.Paths {
				p := &rule.HTTP.Paths[j]
				takes := takesAnyPath(ingress) || pathMatches(p.Path, r.Target) || s.from == convert.FromNginx && nginxPath(p.Path, r.Target)
				if leads(&p.Backend) && takes && !withheld(fmt.Sprintf("spec.rules[%d].http.paths[%d]", i, j)) {
					return true
				}
			}
		}
	}
	return false
}

// wider reports whether a route of a host that includes others leads r to service.
func (s *Scene) wider(service string, r judge.Request) bool {
	for _, ingress := range s.set.Ingresses {
		if b := ingress.Spec.DefaultBackend; b != nil && b.Service != nil && isAt(service)(ingress.Namespace+"/"+b.Service.Name) {
			return true
		}
		for p, rule := range paths(ingress) {
			includes := (rule.Host == "" || strings.HasPrefix(rule.Host, "*")) && hostMatches(rule.Host, r.Host)
			if includes && (takesAnyPath(ingress) || pathMatches(p.Path, r.Target)) && isAt(service)(ingress.Namespace+"/"+p.Backend.Service.Name) {
				return true
			}
		}
	}
	return false
}

// dropped reports whether an Ingress with r's very host refers to another namespace, in
// a field that ends so, and the target drops its routes.
func (s *Scene) dropped(r judge.Request, field string) bool {
	return slices.ContainsFunc(s.set.Ingresses, func(ingress *networkingv1.Ingress) bool {
		return slices.ContainsFunc(ingress.Spec.Rules, func(rule networkingv1.IngressRule) bool {
			return rule.Host != "" && !strings.HasPrefix(rule.Host, "*") && hostMatches(rule.Host, r.Host)
		}) && slices.ContainsFunc(s.reports[world.ID(ingress)].Diagnostics, func(d diag.Diagnostic) bool {
			return d.Code == diag.WTraefikCrossNS && strings.HasSuffix(d.Field, field)
		})
	})
}

func onePath(ingress *networkingv1.Ingress) bool {
	paths := 0
	for _, rule := range ingress.Spec.Rules {
		if rule.HTTP != nil {
			paths += len(rule.HTTP.Paths)
		}
	}
	return paths <= 1
}

// groups are the Services of each host and path, with repetitions.
func (s *Scene) groups() map[string][]string {
	groups := map[string][]string{}
	for _, ingress := range s.set.Ingresses {
		for p, rule := range paths(ingress) {
			at := rule.Host + p.Path
			groups[at] = append(groups[at], ingress.Namespace+"/"+p.Backend.Service.Name)
		}
	}
	return groups
}
