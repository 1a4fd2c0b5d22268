package convert

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/util/validation"
	"pgregory.net/rapid"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/emit"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/clusters/nginx"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/clusters/traefik"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/clusters/v1"
)

// options draws a target and the facts of Traefik 1.7.
func options(g v1.Generator, t *rapid.T) Options {
	opts := Options{From: rapid.SampledFrom([]Dialect{FromTraefikV1, Auto, Auto}).Draw(t, "from"), Target: drawnTarget(t), TraefikV1: g.Facts(t)}
	if opts.From == Auto {
		opts.Controllers = rapid.SampledFrom([]*Controllers{
			nil, {InPlay: Dialects()}, {InPlay: []Dialect{FromNginx, FromTraefikV1}, Seen: []Dialect{FromNginx}},
			{Seen: []Dialect{FromTraefik, FromNginx}}, {InPlay: []Dialect{FromTraefik}},
		}).Draw(t, "controllers")
		opts.Nginx.WatchWithoutClass = rapid.Bool().Draw(t, "watch without class")
		opts.Traefik.IngressClass = rapid.SampledFrom([]string{"", "edge"}).Draw(t, "class of Traefik 2")
	}
	return opts
}

func drawnTarget(t *rapid.T) emit.Target {
	return emit.Target{Version: rapid.SampledFrom([]emit.Version{emit.V2, emit.V3}).Draw(t, "target")}
}

// drawn draws a cluster of any dialect, and what it is to be converted to.
func drawn(t *rapid.T) (Input, Options) {
	switch rapid.SampledFrom([]Dialect{FromTraefikV1, FromTraefik, FromNginx}).Draw(t, "dialect") {
	case FromTraefik:
		return traefik.Cluster(t), Options{From: FromTraefik, Target: drawnTarget(t), Traefik: traefik.Facts(t)}
	case FromNginx:
		return nginx.Everything().Cluster(t), Options{From: FromNginx, Target: drawnTarget(t), Nginx: nginx.Facts(t)}
	}
	g := v1.New()
	return g.Cluster(t), options(g, t)
}

// render is everything a Result says, byte for byte.
func render(t rapid.TB, result Result) string {
	text, err := json.Marshal(result)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestSameInputSameOutput(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in, opts := drawn(t)
		want := render(t, Convert(in, opts))
		for range 20 {
			if got := render(t, Convert(in, opts)); got != want {
				t.Fatal(gocmp.Diff(want, got))
			}
		}
	})
}

// Object by object is the same as all at once.
func TestEachIsConvert(t *testing.T) {
	g := v1.New()
	rapid.Check(t, func(t *rapid.T) {
		in, opts := g.Cluster(t), options(g, t)
		checkEach(t, in, opts)
	})
}

func checkEach(t rapid.TB, in Input, opts Options) {
	objects := []Output{}
	got := Each(in, opts, func(o Output) bool {
		objects = append(objects, o)
		return true
	})
	if got.Objects != nil {
		t.Fatal("objects are kept")
	}
	got.Objects = objects
	if diff := gocmp.Diff(render(t, Convert(in, opts)), render(t, got)); diff != "" {
		t.Fatalf("-Convert +Each:\n%s", diff)
	}
	seen := 0
	Each(in, opts, func(Output) bool { seen++; return seen < 2 })
	if seen > 2 {
		t.Fatalf("%d objects after the consumer wanted no more", seen)
	}
}

func TestOrderOfInputDoesNotMatter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in, opts := drawn(t)
		want := render(t, Convert(in, opts))
		in.Ingresses = rapid.Permutation(in.Ingresses).Draw(t, "ingresses")
		in.Services = rapid.Permutation(in.Services).Draw(t, "services")
		if got := render(t, Convert(in, opts)); got != want {
			t.Fatal(gocmp.Diff(want, got))
		}
	})
}

func TestInputIsNotModified(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in, opts := drawn(t)
		before, err := json.Marshal(in)
		if err != nil {
			t.Fatal(err)
		}
		result := Convert(in, opts)
		for _, o := range result.Objects { // callers own the output, labels too
			o.Object.GetLabels()["mine"] = "true"
		}
		after, err := json.Marshal(in)
		if err != nil {
			t.Fatal(err)
		}
		if diff := gocmp.Diff(string(before), string(after)); diff != "" {
			t.Fatal(diff)
		}
	})
}

// Every annotation of every Ingress is in the report, once, and what it says to
// be reported is reported.
func TestNoAnnotationIsLost(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in, opts := drawn(t)
		result := Convert(in, opts)
		for _, ing := range in.Ingresses {
			report := reportOf(t, result, ing)
			var got []string
			for _, a := range report.Annotations {
				got = append(got, a.Key)
				if a.Note == "" {
					t.Fatalf("nothing is said about annotation %s", a.Key)
				}
				for _, code := range a.Codes {
					if !slices.ContainsFunc(report.Diagnostics, func(d diag.Diagnostic) bool { return d.Code == code }) {
						t.Fatalf("annotation %s names %s, which is not among %v", a.Key, code, report.Diagnostics)
					}
				}
			}
			want := slices.Sorted(maps.Keys(ing.Annotations))
			if diff := gocmp.Diff(want, got); diff != "" {
				t.Fatalf("%s/%s: %s", ing.Namespace, ing.Name, diff)
			}
		}
	})
}

// Every path and default backend of a served Ingress leads to a route or to a
// finding about it or about the Ingress as a whole.
func TestNoPathIsLost(t *testing.T) {
	g := v1.New()
	rapid.Check(t, func(t *rapid.T) {
		in, opts := g.Cluster(t), options(g, t)
		translation := translate(in, opts)
		routed, served := map[ir.Origin]bool{}, map[ir.Ref]bool{}
		for _, r := range translation.Routes {
			for _, origin := range r.Origins {
				routed[origin] = true
				served[origin.Ingress] = true
			}
		}
		result := Convert(in, opts)
		for _, ing := range in.Ingresses {
			report := reportOf(t, result, ing)
			if report.Verdict == Skipped {
				continue
			}
			if droppedWhole(report, served[report.Ingress]) {
				continue
			}
			told := map[string]bool{} // host and path
			places := placesOf(ing.Ingress)
			for _, p := range places {
				for _, d := range report.Diagnostics {
					about := strings.HasPrefix(d.Field, p.field) || strings.HasPrefix(p.field, d.Field) ||
						strings.HasPrefix(d.Field, "metadata") || strings.HasPrefix(d.Field, "spec.tls")
					told[p.request] = told[p.request] || about
				}
			}
			for _, p := range places {
				if !routed[ir.Origin{Ingress: report.Ingress, Field: p.field}] && !told[p.request] {
					t.Fatalf("%v %s is neither routed nor reported: %+v", report.Ingress, p.field, report)
				}
			}
		}
	})
}

// droppedWhole reports whether a finding takes the Ingress away as a whole, and
// so speaks for all its places.
func droppedWhole(report IngressReport, served bool) bool {
	return slices.ContainsFunc(report.Diagnostics, func(d diag.Diagnostic) bool {
		return !served || slices.Contains([]diag.Code{diag.EV1Panic, diag.EV1TOMLBroken, diag.EMultiDefault}, d.Code)
	})
}

// Every route of the translation is in the output or reported.
func TestNoRouteIsLost(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in, opts := drawn(t)
		translation := translate(in, opts)
		result := Convert(in, opts)
		emitted := map[place]bool{} // of an Ingress, entry points and priority
		for _, o := range result.Objects {
			for _, priority := range priorities(t, o.Object) {
				emitted[place{o.Owner.String(), priority}] = true
			}
		}
		for _, r := range translation.Routes {
			i := slices.IndexFunc(result.Ingresses, func(report IngressReport) bool { return report.Ingress == r.Owner })
			if i < 0 {
				t.Fatalf("route of %v, which is no input", r.Owner)
			}
			key := place{r.Owner.String(), fmt.Sprint(r.EntryPoints, cmp.Or(r.Priority, 1))}
			told := slices.ContainsFunc(result.Ingresses[i].Diagnostics, func(d diag.Diagnostic) bool {
				return slices.ContainsFunc(r.Origins, func(origin ir.Origin) bool {
					return d.Blocking || strings.HasPrefix(d.Field, origin.Field) || strings.HasPrefix(origin.Field, d.Field)
				})
			})
			if !emitted[key] && !told {
				t.Fatalf("a route of %s is neither in an object nor reported: %+v\n%+v", key, r, result.Ingresses[i])
			}
		}
	})
}

// priorities are the entry points and priority of each route of an IngressRoute.
func priorities(t rapid.TB, object Object) []string {
	if object.GetObjectKind().GroupVersionKind().Kind != "IngressRoute" {
		return nil
	}
	text, err := json.Marshal(object)
	if err != nil {
		t.Fatal(err)
	}
	var route struct {
		Spec struct {
			EntryPoints []string
			Routes      []struct{ Priority int }
		}
	}
	if err := json.Unmarshal(text, &route); err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, r := range route.Spec.Routes {
		out = append(out, fmt.Sprint(route.Spec.EntryPoints, r.Priority))
	}
	return out
}

func TestNamesAreValidAndUnique(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in, opts := drawn(t)
		result := Convert(in, opts)
		taken := map[string]bool{}
		for _, o := range result.Objects {
			id := o.Object.GetObjectKind().GroupVersionKind().Kind + " " + o.Object.GetNamespace() + "/" + o.Object.GetName()
			if errs := validation.IsDNS1123Subdomain(o.Object.GetName()); errs != nil {
				t.Fatalf("%s: %v", id, errs)
			}
			if taken[id] {
				t.Fatalf("%s occurs twice", id)
			}
			taken[id] = true
			if o.Object.GetNamespace() != o.Owner.Namespace || o.Object.GetLabels()[emit.ManagedLabel] != "true" {
				t.Fatalf("%s of %v has labels %v", id, o.Owner, o.Object.GetLabels())
			}
		}
	})
}

func objectsOf(result Result, ref ir.Ref) []Object {
	var out []Object
	for _, o := range result.Objects {
		if o.Owner == ref {
			out = append(out, o.Object)
		}
	}
	return out
}

func reportOf(t rapid.TB, result Result, ing ir.Ingress) IngressReport {
	ref := ir.Ref{Namespace: ing.Namespace, Name: ing.Name}
	i := slices.IndexFunc(result.Ingresses, func(r IngressReport) bool { return r.Ingress == ref })
	if i < 0 {
		t.Fatalf("no report on %v", ref)
	}
	return result.Ingresses[i]
}

// place is where an Ingress names a backend, or a rule that names none; places
// of one request are one route in the source controller.
type place struct{ field, request string }

func placesOf(ing *networkingv1.Ingress) []place {
	var places []place
	if ing.Spec.DefaultBackend != nil {
		places = append(places, place{"spec.defaultBackend", ""})
	}
	for i, rule := range ing.Spec.Rules {
		if rule.HTTP == nil {
			places = append(places, place{fmt.Sprintf("spec.rules[%d]", i), rule.Host + " without http"})
			continue
		}
		for j, path := range rule.HTTP.Paths {
			places = append(places, place{fmt.Sprintf("spec.rules[%d].http.paths[%d]", i, j), rule.Host + path.Path})
		}
	}
	return places
}

// Whatever is found has an entry in the manual, and says something.
func TestEveryFindingIsExplained(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in, opts := drawn(t)
		for _, report := range Convert(in, opts).Ingresses {
			for _, d := range report.Diagnostics {
				if _, ok := diag.Lookup(d.Code); !ok || d.Text == "" || d.Object.Kind == "Ingress" && d.Object.Name != report.Ingress.Name {
					t.Fatalf("report on %v has %+v", report.Ingress, d)
				}
			}
		}
	})
}

// Every certificate of an Ingress is in an object or named.
func TestNoCertificateIsLost(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in, opts := drawn(t)
		result := Convert(in, opts)
		shown := map[string]bool{}
		for _, o := range result.Objects {
			text, err := json.Marshal(o.Object)
			if err != nil {
				t.Fatal(err)
			}
			for _, match := range secretName.FindAllStringSubmatch(string(text), -1) {
				shown[o.Object.GetNamespace()+"/"+match[1]] = true
			}
		}
		for _, ing := range in.Ingresses {
			report := reportOf(t, result, ing)
			if report.Verdict != Converted && report.Verdict != ConvertedWithLoss {
				continue
			}
			for i, tls := range ing.Spec.TLS {
				// A route that is withheld takes its certificate along.
				told := slices.ContainsFunc(report.Diagnostics, func(d diag.Diagnostic) bool {
					return strings.HasPrefix(d.Field, "spec.tls") || strings.HasPrefix(d.Field, "spec.rules") && d.Severity >= diag.Unsupported
				})
				if tls.SecretName != "" && !shown[ing.Namespace+"/"+tls.SecretName] && !told {
					t.Fatalf("%v: certificate %d, %s, is neither in an object nor reported: %+v", report.Ingress, i, tls.SecretName, report)
				}
			}
		}
	})
}

var secretName = regexp.MustCompile(`"secretName":"([^"]*)"`)
