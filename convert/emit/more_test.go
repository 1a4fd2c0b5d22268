package emit

import (
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
)

// text is everything that Emit makes of t for target version v, as YAML.
func text(t *testing.T, translation ir.Translation, v Version) (string, []diag.Diagnostic) {
	t.Helper()
	outputs, problems := Emit(translation, Target{Version: v})
	var b strings.Builder
	for _, out := range outputs {
		data, err := yaml.Marshal(out.Object)
		if err != nil {
			t.Fatal(err)
		}
		b.Write(data)
	}
	return b.String(), problems
}

func oneRoute(change func(*ir.Route)) ir.Translation {
	ref := ir.Ref{Namespace: "shop", Name: "cart"}
	route := ir.Route{Owner: ref, EntryPoints: []string{"web"}, Priority: 7, Backend: oneService}
	change(&route)
	return ir.Translation{Routes: []ir.Route{route}, Ingresses: []ir.Outcome{{Ingress: ref, Selected: true}}}
}

func TestMoreOfRoutes(t *testing.T) {
	no := false
	cart := ir.Ref{Namespace: "shop", Name: "cart"}
	for name, tc := range map[string]struct {
		route  func(*ir.Route)
		v2, v3 []string
		lost   []string // what Traefik 2 does not have
	}{
		"excluded hosts": {
			route: func(r *ir.Route) {
				r.Match.NotHosts = []ir.Host{{Value: "a.test"}, {Kind: ir.HostWildcard, Value: "*.w"}}
				r.Match.Paths = []ir.Path{{Kind: ir.PathExact, Value: "/p"}}
			},
			v2: []string{"match: '!Host(`a.test`) && !HostRegexp(`{subdomain:[A-Za-z0-9-_]+}.w`) && Path(`/p`)'"},
			v3: []string{"match: '!Host(`a.test`) && !HostRegexp(`^[A-Za-z0-9-_]+\\.w$`) && Path(`/p`)'"},
		},
		"addresses": {
			route: func(r *ir.Route) { r.Match.ClientIPs = []string{"10.0.0.0/8", "2001:db8::1"} },
			v2:    []string{"match: (ClientIP(`10.0.0.0/8`) || ClientIP(`2001:db8::1`))"},
			v3:    []string{"match: (ClientIP(`10.0.0.0/8`) || ClientIP(`2001:db8::1`))"},
		},
		"strategy": {
			route: func(r *ir.Route) {
				r.Backend = ir.Backend{Services: []ir.Service{{Name: "a", PortNumber: 80, Strategy: "p2c", NativeLB: true}}}
			},
			v2:   []string{"nativeLB: true"},
			v3:   []string{"nativeLB: true", "strategy: p2c"},
			lost: []string{"strategy: p2c"},
		},
		"observability": {
			route: func(r *ir.Route) { r.Observability = &ir.Observability{AccessLogs: &no, Tracing: &no} },
			v3:    []string{"observability:\n      accessLogs: false\n      tracing: false\n"},
			lost:  []string{"observability"},
		},
		"all of observability": {
			route: func(r *ir.Route) { r.Observability = &ir.Observability{Metrics: &no, TraceVerbosity: "detailed"} },
			v3:    []string{"observability:\n      metrics: false\n      traceVerbosity: detailed\n"},
			lost:  []string{"observability"},
		},
		"node ports": {
			route: func(r *ir.Route) {
				r.Backend = ir.Backend{Services: []ir.Service{{Name: "a", PortNumber: 80, NodePortLB: true}}}
			},
			v3:   []string{"- name: a\n      nodePortLB: true\n      port: 80\n"},
			lost: []string{"nodePortLB"},
		},
		"existing objects": {
			route: func(r *ir.Route) {
				r.Filters = []ir.Filter{ir.ExistingMiddleware{Name: "auth"}, ir.BasicAuth{Secret: "s"}, ir.ExistingMiddleware{Name: "x@file"}, ir.ExistingMiddleware{Namespace: "other", Name: "a"}}
				r.Backend = ir.Backend{Services: []ir.Service{{Name: "a", PortNumber: 80, TransportName: "st"}}}
				r.TLS = &ir.TLS{OptionsName: "opt", OptionsNamespace: "other", CertResolver: "le", Domains: []ir.Domain{{Main: "a.test", SANs: []string{"b.test"}}}}
			},
			v2: []string{"    - name: auth\n    - name: cart-auth-", "    - name: x@file\n    - name: a\n      namespace: other\n", "serversTransport: st", "  tls:\n    certResolver: le\n    domains:\n    - main: a.test\n      sans:\n      - b.test\n    options:\n      name: opt\n      namespace: other\n"},
			v3: []string{"    - name: auth\n", "serversTransport: st"},
		},
		"default entry points and a negative priority": {
			route: func(r *ir.Route) { r.EntryPoints, r.Priority = nil, -5 },
			v2:    []string{"spec:\n  routes:\n", "priority: -5"},
			v3:    []string{"spec:\n  routes:\n", "priority: -5"},
		},
		"transport": {
			route: func(r *ir.Route) {
				r.Backend = ir.Backend{Services: []ir.Service{{Name: "a", PortNumber: 80, Transport: &ir.Transport{DialTimeout: "5s", DisableHTTP2: true}}}}
			},
			v2: []string{"kind: ServersTransport", "dialTimeout: 5s", "disableHTTP2: true"},
			v3: []string{"kind: ServersTransport", "dialTimeout: 5s", "disableHTTP2: true"},
		},
		"mirror": {
			route: func(r *ir.Route) {
				r.Backend.Mirror = &ir.Mirror{Service: ir.Service{Name: "m", PortNumber: 81}, WithoutBody: true}
			},
			v2:   []string{"mirroring:\n    mirrors:\n    - name: m\n      percent: 100\n      port: 81\n", "kind: TraefikService"},
			v3:   []string{"mirrorBody: false", "percent: 100"},
			lost: []string{"mirrorBody"},
		},
		"TLS options": {
			route: func(r *ir.Route) {
				r.TLS = &ir.TLS{SecretName: "s", Options: &ir.TLSOptions{Owner: cart, ClientCASecrets: []string{"ca"}, ClientAuth: "RequireAndVerifyClientCert"}}
			},
			v2: []string{"kind: TLSOption", "clientAuthType: RequireAndVerifyClientCert\n    secretNames:\n    - ca\n", "    options:\n      name: cart-tlsoption-"},
			v3: []string{"kind: TLSOption"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			v2, problems := text(t, oneRoute(tc.route), V2)
			for _, want := range tc.v2 {
				if !strings.Contains(v2, want) {
					t.Errorf("v2 lacks %q:\n%s", want, v2)
				}
			}
			for _, lost := range tc.lost {
				if strings.Contains(v2, lost) {
					t.Errorf("v2 has %q:\n%s", lost, v2)
				}
			}
			if reported := len(problems) == 1 && problems[0].Code == diag.WTargetVersion; reported != (len(tc.lost) > 0) {
				t.Errorf("v2 reports %v", problems)
			}
			v3, problems := text(t, oneRoute(tc.route), V3)
			for _, want := range tc.v3 {
				if !strings.Contains(v3, want) {
					t.Errorf("v3 lacks %q:\n%s", want, v3)
				}
			}
			if len(problems) > 0 {
				t.Errorf("v3 reports %v", problems)
			}
		})
	}
}

func TestAnUnwritableExclusionWithholdsTheRoute(t *testing.T) {
	got, problems := text(t, oneRoute(func(r *ir.Route) { r.Match.NotHosts = []ir.Host{{Value: "ä.test"}} }), V3)
	if got != "" || len(problems) != 1 || !problems[0].Blocking {
		t.Errorf("got %q, %v", got, problems)
	}
}

func TestPassthrough(t *testing.T) {
	ref := ir.Ref{Namespace: "shop", Name: "cart"}
	in := ir.Translation{Passthroughs: []ir.Passthrough{{
		Owner: ref, EntryPoints: []string{"websecure"}, Hosts: []string{"a.test"}, Service: ir.Service{Name: "a", PortName: "tls"},
	}}}
	got, problems := text(t, in, V3)
	for _, want := range []string{"kind: IngressRouteTCP", "match: HostSNI(`a.test`)", "passthrough: true", "port: tls"} {
		if !strings.Contains(got, want) {
			t.Errorf("lacks %q:\n%s", want, got)
		}
	}
	if len(problems) > 0 {
		t.Errorf("reports %v", problems)
	}
	in.Passthroughs[0].Hosts = []string{"*.test"}
	if got, problems := text(t, in, V3); got != "" || len(problems) != 1 || !problems[0].Blocking {
		t.Errorf("wildcard: got %q, %v", got, problems)
	}
}

func TestCaselessExpressionsForTraefik2(t *testing.T) {
	for value, want := range map[string]string{
		`(?i)^/foo`:            "PathPrefix(`/{expr:(?i)foo}`)",
		`(?i)^/api(/|$)(.*)`:   "PathPrefix(`/{expr:(?i)api(/|$)(.*)}`)",
		`(?i)^/x{2,3}\{y\}`:    "PathPrefix(`/{expr:(?i)x{2,3}\\x7by\\x7d}`)",
		`(?i)^/(?:.*/)?b/(.*)`: "PathPrefix(`/{expr:(?i)(?:.*/)?b/(.*)}`)",
		`(?i)^/a|/b`:           "",
		`(?i)^/a|^/b`:          "",
		`(?i)^/[{]`:            "PathPrefix(`/{expr:\\x7b}`)",
		`(?i)^/(`:              "",
	} {
		got, _, err := rule(ir.Match{Paths: []ir.Path{{Kind: ir.PathRegexp, Value: value}}}, V2)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("%s: got %q, %v, want %q", value, got, err, want)
		}
	}
}
