package ingressoracle

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"

	networkingv1 "k8s.io/api/networking/v1"
	"sigs.k8s.io/yaml"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/emit"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/traefikingress"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/ingressoracle/cluster"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/ingressoracle/observe"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/oracle/compare"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/oracle/judge"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/oracle/kube"
)

// trial asks clusters before and after conversion the same requests.
type trial struct {
	t                                 *testing.T
	source, target                    engine
	facts                             traefikingress.Facts
	version                           emit.Version
	asked, sets, taken, spared, wrong int
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
	// options are the TLS options of each host.
	options map[string]map[string]string
}

// ask says what happens to a request; empty: no router takes it.
func (l *listeners) ask(r cluster.Request) (behaviour string, err error) {
	key := fmt.Sprint(r.EntryPoint, r.TLS)
	if l.muxers[key] == nil {
		here, all := map[string]observe.Router{}, map[string]observe.Router{}
		for name, router := range l.world.Routers.HTTP.Routers {
			if len(router.EntryPoints) > 0 && !slices.Contains(router.EntryPoints, r.EntryPoint) {
				continue
			}
			all[name] = router
			if (router.TLS != nil) == r.TLS && l.world.Works(router) {
				here[name] = router
			}
		}
		muxer, err := l.engine.muxer(here, l.syntax)
		if err != nil {
			return "", err
		}
		if l.muxers == nil {
			l.muxers, l.options = map[string]func(string, string) string{}, map[string]map[string]string{}
		}
		l.muxers[key], l.options[key] = muxer, l.world.TLSOptions(all)
	}
	name := l.muxers[key](r.Host, r.Path)
	if name == "" {
		return "", nil
	}
	host := strings.ToLower(strings.TrimSuffix(r.Host, "."))
	options, ok := l.options[key][host]
	if _, domain, _ := strings.Cut(host, "."); !ok {
		options = l.options[key]["*."+domain]
	}
	return l.world.Behaviour(l.world.Routers.HTTP.Routers[name], options), nil
}

// excuses are the codes of findings that say that answers can differ.
var excuses = []diag.Code{
	diag.WTraefikTie, diag.WTraefikCollision, diag.ETraefikDefaults, diag.WTargetVersion, diag.WStickyFields, diag.ETraefikReference,
}

func (x *trial) compare(set *cluster.Set, before, after *listeners, result convert.Result) {
	x.sets++
	excuses := func(d diag.Diagnostic) bool {
		crossing := d.Code == diag.WTraefikCrossNS && !x.facts.AllowCrossNamespace
		return slices.Contains(excuses, d.Code) || d.Blocking || crossing
	}
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
		case x.excused(set, result, request, excuses):
			x.spared++
		default:
			x.wrong++
			if !shown {
				x.t.Errorf("%+v\nbefore: %s\nafter:  %s\n%s", request, was, is, describe(set, result))
				shown = true
			}
		}
	}
}

// excused tells whether the report has a finding that says that answers to a
// request can differ: on an Ingress with a rule for its host and path, and when the
// finding names one path, on that path.
func (x *trial) excused(set *cluster.Set, result convert.Result, r cluster.Request, excuses func(diag.Diagnostic) bool) bool {
	request := judge.Request{Host: r.Host, Target: (&url.URL{Path: r.Path}).EscapedPath()}
	return slices.ContainsFunc(set.Ingresses, func(ingress *networkingv1.Ingress) bool {
		return slices.ContainsFunc(result.Ingresses, func(report convert.IngressReport) bool {
			return report.Ingress.Namespace == ingress.Namespace && report.Ingress.Name == ingress.Name &&
				slices.ContainsFunc(report.Diagnostics, func(d diag.Diagnostic) bool { return excuses(d) && compare.Concerns(ingress, d.Field, request) })
		})
	})
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
