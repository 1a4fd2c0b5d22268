// Package ingressoracle holds the conversion of Traefik's own Ingresses against
// Traefik itself: the same cluster before, through its Ingress provider, and
// after, through its CRD provider, is asked the same requests.
package ingressoracle

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/go-logr/logr"
	"k8s.io/klog/v2"
	"sigs.k8s.io/yaml"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/emit"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/traefikingress"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/ingressoracle/cluster"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/ingressoracle/observe"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/ingressoracle/traefik2"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/ingressoracle/traefik3"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/oracle/kube"
)

var (
	seed  = flag.Uint64("oracle.seed", 1, "seed of the generated clusters")
	sets  = flag.Int("oracle.sets", 100, "sets in one cluster, per pair of versions")
	alone = flag.Int("oracle.alone", 10, "clusters of one set with rules for every host, per pair of versions")
)

// engine is one version of Traefik.
type engine struct {
	ingresses, routes func(context.Context, string, traefikingress.Facts) (*observe.Config, error)
	muxer             func(map[string]observe.Router, string) (func(host, path string) string, error)
	newest            bool
}

var (
	two = engine{traefik2.Ingresses, traefik2.Routes, func(routers map[string]observe.Router, _ string) (func(string, string) string, error) {
		return traefik2.Muxer(routers)
	}, false}
	three = engine{traefik3.Ingresses, traefik3.Routes, traefik3.Muxer, strings.HasPrefix(traefik3.Version, "3.7")}
)

func TestMain(m *testing.M) {
	// The providers prefer these to the endpoint that they are given.
	for _, name := range []string{"KUBECONFIG", "KUBERNETES_SERVICE_HOST", "KUBERNETES_SERVICE_PORT"} {
		os.Unsetenv(name)
	}
	klog.SetLogger(logr.Discard()) // watches that end with their providers
	os.Exit(m.Run())
}

func TestSameAnswers(t *testing.T) {
	for _, pair := range []struct {
		name           string
		source, target engine
		facts          traefikingress.Facts
		version        emit.Version
	}{
		{"2 to 2", two, two, traefikingress.Facts{}, emit.V2},
		{"2 to 3", two, three, traefikingress.Facts{AllowExternalNameServices: true, AllowCrossNamespace: true}, emit.V3},
		{"3 to 3", three, three, traefikingress.Facts{Version: traefik3.Version, AllowCrossNamespace: true}, emit.V3},
		{"3 to 3, strict", three, three, traefikingress.Facts{Version: traefik3.Version, StrictPrefixMatching: true, NativeLBByDefault: true, AllowEmptyServices: true}, emit.V3},
		{"3 to 3, rules of 2", three, three, traefikingress.Facts{Version: traefik3.Version, DefaultRuleSyntax: "v2"}, emit.V3},
		{"3 to 2", three, two, traefikingress.Facts{Version: traefik3.Version, AllowExternalNameServices: true}, emit.V2},
	} {
		t.Run(pair.name, func(t *testing.T) {
			r := rand.New(rand.NewPCG(*seed, 0))
			var many []*cluster.Set
			for n := range *sets {
				many = append(many, cluster.New(r, n, false))
			}
			trial := trial{t: t, source: pair.source, target: pair.target, facts: pair.facts, version: pair.version}
			trial.run(many)
			for n := range *alone {
				trial.run([]*cluster.Set{cluster.New(r, n, true)})
			}
			t.Logf("%d requests of %d sets, %d taken by a router before; differences: %d excused by ties and the like, %d not", trial.asked, trial.sets, trial.taken, trial.excused, trial.wrong)
			if trial.taken == 0 {
				t.Error("no request was taken by any router")
			}
		})
	}
}

type trial struct {
	t                                  *testing.T
	source, target                     engine
	facts                              traefikingress.Facts
	version                            emit.Version
	asked, sets, taken, excused, wrong int
}

func (x *trial) run(all []*cluster.Set) {
	t := x.t
	ctx := t.Context()
	api, err := kube.Start("127.0.0.1")
	if err != nil {
		t.Fatal(err)
	}
	defer api.Close()
	if err := api.Set(cluster.Before(all)); err != nil {
		t.Fatal(err)
	}
	routers, err := x.source.ingresses(ctx, api.URL(), x.facts)
	if err != nil {
		t.Fatal(err)
	}
	objects, err := x.source.routes(ctx, api.URL(), x.facts)
	if err != nil {
		t.Fatal(err)
	}
	before := listeners{world: observe.World{Provider: "kubernetes", Routers: routers, Objects: objects, SameSiteInAnyCase: x.source.newest}, engine: x.source, syntax: x.facts.DefaultRuleSyntax}

	result := convert.Convert(cluster.Input(all), convert.Options{From: convert.FromTraefik, Traefik: x.facts, Target: emit.Target{Version: x.version}})
	if err := api.Set(cluster.After(all, result.Objects)); err != nil {
		t.Fatal(err)
	}
	// Options of the Ingress provider are repeated for the CRD provider, as the
	// report asks for, but no default of it.
	converted, err := x.target.routes(ctx, api.URL(), x.facts)
	if err != nil {
		t.Fatal(err)
	}
	after := listeners{world: observe.World{Provider: "kubernetescrd", Routers: converted, Objects: converted, SameSiteInAnyCase: x.target.newest}, engine: x.target}
	for _, set := range all {
		x.compare(set, &before, &after, result)
	}
	x.compareCertificates(all, routers, converted, result)
}

// listeners are the muxers of one Traefik: one per entry point, in clear and
// over TLS.
type listeners struct {
	world  observe.World
	engine engine
	syntax string
	muxers map[string]func(host, path string) string
}

// ask says what happens to a request; empty: no router takes it.
func (l *listeners) ask(r cluster.Request) (behaviour string, err error) {
	key := fmt.Sprint(r.EntryPoint, r.TLS)
	if l.muxers[key] == nil {
		here := map[string]observe.Router{}
		for name, router := range l.world.Routers.HTTP.Routers {
			at := len(router.EntryPoints) == 0 || slices.Contains(router.EntryPoints, r.EntryPoint)
			if at && (router.TLS != nil) == r.TLS && l.world.Works(router) {
				here[name] = router
			}
		}
		muxer, err := l.engine.muxer(here, l.syntax)
		if err != nil {
			return "", err
		}
		if l.muxers == nil {
			l.muxers = map[string]func(string, string) string{}
		}
		l.muxers[key] = muxer
	}
	name := l.muxers[key](r.Host, r.Path)
	if name == "" {
		return "", nil
	}
	return l.world.Behaviour(l.world.Routers.HTTP.Routers[name]), nil
}

// excuses are the codes of findings that say that answers can differ.
var excuses = []diag.Code{
	diag.WTraefikTie, diag.WTraefikCollision, diag.ETraefikDefaults, diag.WTargetVersion, diag.WStickyFields, diag.ETraefikReference,
}

func (x *trial) compare(set *cluster.Set, before, after *listeners, result convert.Result) {
	x.sets++
	excused := x.excuse(set, result, func(d diag.Diagnostic) bool {
		crossing := d.Code == diag.WTraefikCrossNS && !x.facts.AllowCrossNamespace
		return slices.Contains(excuses, d.Code) || d.Blocking || crossing
	})
	shown := false
	for _, request := range set.Requests() {
		x.asked++
		was, err := before.ask(request)
		if err != nil {
			x.t.Fatal(err)
		}
		is, err := after.ask(request)
		if err != nil {
			x.t.Fatal(err)
		}
		if was != "" {
			x.taken++
		}
		switch {
		case was == is:
		case excused:
			x.excused++
		default:
			x.wrong++
			if !shown {
				x.t.Errorf("%+v\nbefore: %s\nafter:  %s\n%s", request, was, is, describe(set, result))
				shown = true
			}
		}
	}
}

// excuse tells whether the report on a set has a finding that says that answers
// can differ.
func (x *trial) excuse(set *cluster.Set, result convert.Result, excuses func(diag.Diagnostic) bool) bool {
	return slices.ContainsFunc(result.Ingresses, func(report convert.IngressReport) bool {
		return slices.Contains(set.Namespaces, report.Ingress.Namespace) && slices.ContainsFunc(report.Diagnostics, excuses)
	})
}

// compareCertificates holds the loaded certificates against each other.
func (x *trial) compareCertificates(all []*cluster.Set, before, after *observe.Config, result convert.Result) {
	if slices.Equal(before.Certificates, after.Certificates) {
		return
	}
	for _, set := range all {
		ours := func(certificates []string) []string {
			return slices.DeleteFunc(slices.Clone(certificates), func(c string) bool {
				namespace, _, _ := strings.Cut(c, "/")
				return !slices.Contains(set.Namespaces, namespace)
			})
		}
		// A route that is withheld takes the certificate that it carries with it.
		withheld := x.excuse(set, result, func(d diag.Diagnostic) bool { return d.Blocking })
		if was, is := ours(before.Certificates), ours(after.Certificates); !slices.Equal(was, is) && !withheld {
			x.t.Errorf("certificates before: %v, after: %v\n%s", was, is, describe(set, result))
		}
	}
}

// describe shows a set as what a person would read.
func describe(set *cluster.Set, result convert.Result) string {
	var b strings.Builder
	add := func(object any) {
		text, err := yaml.Marshal(object)
		if err != nil {
			text = []byte(err.Error())
		}
		fmt.Fprintf(&b, "---\n%s", text)
	}
	for _, ingress := range set.Ingresses {
		add(ingress)
	}
	for _, s := range set.Services {
		if len(s.Annotations) > 0 {
			add(s)
		}
	}
	for _, o := range result.Objects {
		if slices.Contains(set.Namespaces, o.Owner.Namespace) {
			add(o.Object)
		}
	}
	for _, report := range result.Ingresses {
		if slices.Contains(set.Namespaces, report.Ingress.Namespace) {
			fmt.Fprintln(&b, report.Ingress, report.Verdict)
			for _, d := range report.Diagnostics {
				fmt.Fprintln(&b, " ", d.Code, d.Object, d.Field, d.Text)
			}
		}
	}
	return b.String()
}
