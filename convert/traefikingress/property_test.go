package traefikingress_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"pgregory.net/rapid"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/emit"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/traefikingress"
	clusters "github.com/ingress-migrate/kubectl-ingress-migrate/test/clusters/traefik"
)

// Nothing of the input disappears from both routes and report.
func TestNothingDisappears(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := clusters.Cluster(t)
		out := traefikingress.Translate(in, clusters.Facts(t))
		routed := map[ir.Origin]bool{}
		for _, route := range out.Routes {
			for _, origin := range route.Origins {
				routed[origin] = true
			}
			if route.Priority == 0 {
				t.Fatalf("route without priority: %+v", route)
			}
		}
		for i, ing := range in.Ingresses {
			outcome := out.Ingresses[i]
			var reported []string
			for _, a := range outcome.Annotations {
				reported = append(reported, a.Key)
				for _, code := range a.Codes {
					if !slices.ContainsFunc(outcome.Diagnostics, func(d diag.Diagnostic) bool { return d.Code == code }) {
						t.Fatalf("annotation %s names %s, which is not among %v", a.Key, code, outcome.Diagnostics)
					}
				}
				if a.Note == "" {
					t.Fatalf("nothing is said about annotation %s", a.Key)
				}
			}
			if diff := gocmp.Diff(slices.Sorted(maps.Keys(ing.Annotations)), reported); diff != "" {
				t.Fatal(diff)
			}
			if !outcome.Selected {
				continue
			}
			whole, told := false, map[string]bool{}
			for _, d := range outcome.Diagnostics {
				told[strings.TrimSuffix(strings.TrimSuffix(d.Field, ".resource"), ".backend")] = true
				whole = whole || strings.Contains(d.Text, "nothing of the Ingress") || strings.Contains(d.Text, "no route of the Ingress")
			}
			for r, rule := range ing.Spec.Rules {
				if rule.HTTP == nil {
					if !told[fmt.Sprintf("spec.rules[%d]", r)] && !whole {
						t.Fatalf("%v: rule %d without http is not reported", outcome.Ingress, r)
					}
					continue
				}
				for p := range rule.HTTP.Paths {
					field := fmt.Sprintf("spec.rules[%d].http.paths[%d]", r, p)
					url := strings.Contains(texts(outcome), "no route for "+url(rule, p))
					if !routed[ir.Origin{Ingress: outcome.Ingress, Field: field}] && !told[field] && !whole && !url {
						t.Fatalf("%v %s is neither routed nor reported: %v", outcome.Ingress, field, outcome.Diagnostics)
					}
				}
			}
			if ing.Spec.DefaultBackend != nil && !routed[ir.Origin{Ingress: outcome.Ingress, Field: "spec.defaultBackend"}] && !told["spec.defaultBackend"] && !whole {
				t.Fatalf("%v: the default backend is neither routed nor reported", outcome.Ingress)
			}
		}
	})
}

func texts(o ir.Outcome) string {
	var b strings.Builder
	for _, d := range o.Diagnostics {
		b.WriteString(d.Text + "\n")
	}
	return b.String()
}

func url(rule networkingv1.IngressRule, path int) string {
	host := cmp.Or(rule.Host, "any host")
	if p := rule.HTTP.Paths[path].Path; p != "" {
		return host + " " + p
	}
	return host
}

func options(t *rapid.T) convert.Options {
	return convert.Options{
		From: convert.FromTraefik, Traefik: clusters.Facts(t),
		Target: emit.Target{Version: rapid.SampledFrom([]emit.Version{emit.V2, emit.V3}).Draw(t, "target")},
	}
}

// What the webhook relies on: the objects of an Ingress are the same when its
// peers alone are converted with it. And what everybody relies on: the same input
// gives the same output, in whatever order it comes, and is not modified.
func TestOutputDependsOnPeersAlone(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in, opts := clusters.Cluster(t), options(t)
		before := encode(t, in)
		whole := convert.Convert(in, opts)
		if encode(t, in) != before {
			t.Fatal("the input is modified")
		}
		var all []*networkingv1.Ingress
		for _, ing := range in.Ingresses {
			all = append(all, ing.Ingress)
		}
		for _, ing := range in.Ingresses {
			part := in
			part.Ingresses = []ir.Ingress{ing}
			for _, peer := range convert.Peers(ing.Ingress, all) {
				part.Ingresses = append(part.Ingresses, ir.Ingress{Ingress: peer})
			}
			ref := ir.Ref{Namespace: ing.Namespace, Name: ing.Name}
			if diff := gocmp.Diff(objects(whole, ref), objects(convert.Convert(part, opts), ref)); diff != "" {
				t.Fatalf("%v with %d peers: -whole +peers\n%s", ref, len(part.Ingresses)-1, diff)
			}
		}
		in.Ingresses = rapid.Permutation(in.Ingresses).Draw(t, "order")
		in.Services = rapid.Permutation(in.Services).Draw(t, "services")
		if diff := gocmp.Diff(encode(t, whole), encode(t, convert.Convert(in, opts))); diff != "" {
			t.Fatal(diff)
		}
	})
}

func objects(result convert.Result, ref ir.Ref) []convert.Object {
	var out []convert.Object
	for _, o := range result.Objects {
		if o.Owner == ref {
			out = append(out, o.Object)
		}
	}
	return out
}

func encode(t rapid.TB, v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// Nothing is emitted into another namespace, and references lead to another one
// only with a finding that says so.
func TestReferencesIntoOtherNamespacesAreReported(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in, f := clusters.Cluster(t), clusters.Facts(t)
		f.AllowCrossNamespace = false
		out := traefikingress.Translate(in, f)
		for _, route := range out.Routes {
			crosses := route.TLS != nil && route.TLS.OptionsNamespace != ""
			for _, filter := range route.Filters {
				existing, ok := filter.(ir.ExistingMiddleware)
				if !ok {
					t.Fatalf("filter of no annotation: %+v", filter)
				}
				crosses = crosses || existing.Namespace != ""
			}
			i := slices.IndexFunc(out.Ingresses, func(o ir.Outcome) bool { return o.Ingress == route.Owner })
			reported := slices.ContainsFunc(out.Ingresses[i].Diagnostics, func(d diag.Diagnostic) bool { return d.Code == diag.WTraefikCrossNS })
			if crosses && !reported {
				t.Fatalf("%+v is not reported: %v", route, out.Ingresses[i].Diagnostics)
			}
		}
	})
}

// An Ingress that is added later takes nothing from the routes of others.
func TestNewcomerTakesNothingFromOthers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in, f := clusters.Cluster(t), clusters.Facts(t)
		for i, ing := range in.Ingresses {
			ing.CreationTimestamp = metav1.NewTime(clusters.Epoch.AddDate(0, 0, i))
		}
		before := traefikingress.Translate(in, f)
		newcomer := clusters.Ingress(t, 20)
		newcomer.CreationTimestamp = metav1.Time{}
		in.Ingresses = append(slices.Clone(in.Ingresses), newcomer)
		after := traefikingress.Translate(in, f)
		after.Routes = slices.DeleteFunc(after.Routes, func(r ir.Route) bool { return r.Owner.Name == newcomer.Name })
		byOwner := func(a, b ir.Route) int {
			return cmp.Or(cmp.Compare(a.Owner.String(), b.Owner.String()), cmp.Compare(a.Origins[0].Field, b.Origins[0].Field))
		}
		slices.SortFunc(before.Routes, byOwner)
		slices.SortFunc(after.Routes, byOwner)
		if diff := gocmp.Diff(before.Routes, after.Routes); diff != "" {
			t.Fatal(diff)
		}
	})
}
