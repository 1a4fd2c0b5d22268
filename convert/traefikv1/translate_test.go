package traefikv1

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	yamlutil "k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/yaml"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
)

// input reads documents of Ingresses (networking.k8s.io/v1), Services and
// Endpoints. Services are known when one is given, Endpoints likewise.
func input(t testing.TB, text string) ir.Input {
	t.Helper()
	var in ir.Input
	reader := yamlutil.NewYAMLReader(bufio.NewReader(strings.NewReader(text)))
	for {
		doc, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return in
		}
		if err != nil {
			t.Fatal(err)
		}
		if len(bytes.TrimSpace(doc)) == 0 {
			continue
		}
		add(t, &in, doc)
	}
}

func add(t testing.TB, in *ir.Input, doc []byte) {
	t.Helper()
	switch {
	case bytes.Contains(doc, []byte("kind: Ingress\n")):
		var ing networkingv1.Ingress
		decode(t, doc, &ing)
		in.Ingresses = append(in.Ingresses, ir.Ingress{Ingress: &ing})
	case bytes.Contains(doc, []byte("kind: Service\n")):
		var service corev1.Service
		decode(t, doc, &service)
		in.Services, in.ServicesKnown = append(in.Services, &service), true
	case bytes.Contains(doc, []byte("kind: Endpoints\n")):
		var endpoints ir.Endpoints
		decode(t, doc, &endpoints)
		in.Endpoints, in.EndpointsKnown = append(in.Endpoints, &endpoints), true
	default:
		t.Fatalf("unknown kind in %s", doc)
	}
}

func decode(t testing.TB, doc []byte, into any) {
	t.Helper()
	if err := yaml.UnmarshalStrict(doc, into); err != nil {
		t.Fatalf("%v in\n%s", err, doc)
	}
}

// fates lists the annotations of the first Ingress as "key: outcome codes — note".
func fates(out ir.Translation) []string {
	var lines []string
	for _, a := range out.Ingresses[0].Annotations {
		lines = append(lines, fmt.Sprintf("%s: %s %v — %s", a.Key, a.Outcome, a.Codes, a.Note))
	}
	return lines
}

const oneIngress = `
kind: Ingress
apiVersion: networking.k8s.io/v1
metadata:
  name: a
  namespace: t
  annotations: {%s}
spec:
  rules: [{host: h.test, http: {paths: [{path: /foo, pathType: ImplementationSpecific, backend: {service: {name: a, port: {number: 80}}}}]}}]
---
kind: Service
metadata: {name: a, namespace: t}
spec: {ports: [{port: 80}]}
`

func TestEveryAnnotationHasItsFate(t *testing.T) {
	const p = "traefik.ingress.kubernetes.io/"
	tests := map[string]struct {
		annotations string
		want        []string
	}{
		"exact": {`kubernetes.io/ingress.class: traefik, ` + p + `rule-type: PathPrefixStrip`, []string{
			"kubernetes.io/ingress.class: exact [] — which controller serves the Ingress",
			p + "rule-type: exact [] — how the path is compared",
		}},
		"overruled": {`ingress.kubernetes.io/rule-type: Path, ` + p + `rule-type: PathPrefixStrip`, []string{
			"ingress.kubernetes.io/rule-type: exact [] — how the path is compared",
			p + "rule-type: exact [I-ANN-IGNORED] — overruled by ingress.kubernetes.io/rule-type",
		}},
		"malformed": {p + `ssl-redirect: "yes"`, []string{
			p + "ssl-redirect: exact [I-ANN-IGNORED] — not a boolean, so the default false holds",
		}},
		"strangers": {`nginx.ingress.kubernetes.io/x: y, meta.helm.sh/release-name: r`, []string{
			"meta.helm.sh/release-name: exact [I-ANN-FOREIGN] — read by Helm",
			"nginx.ingress.kubernetes.io/x: exact [I-ANN-IGNORED] — not read by Traefik 1.7",
		}},
		"of a Service": {p + `affinity: "true"`, []string{
			p + "affinity: exact [I-ANN-IGNORED] — read from Services, not from Ingresses",
		}},
		"without effect": {p + `auth-secret: users, ` + p + `auth-url: ""`, []string{
			p + "auth-secret: exact [I-ANN-IGNORED] — has no effect here",
			p + "auth-url: exact [I-ANN-IGNORED] — empty, so it has no effect",
		}},
		"withheld": {p + `whitelist-source-range: 10.0.0.0/8, ` + p + `whitelist-x-forwarded-for: "true"`, []string{
			p + "whitelist-source-range: exact [] — addresses that are admitted",
			p + "whitelist-x-forwarded-for: unsupported [E-WHITELIST-XFF] — addresses of X-Forwarded-For count",
		}},
		"no route": {p + `rule-type: PathRegex, ` + p + `rewrite-target: /x`, []string{
			p + "rewrite-target: exact [] — Traefik 1.7 has no route for the Ingress",
			p + "rule-type: invalid [W-UNKNOWN-RULE] — how the path is compared",
		}},
		"not selected": {`kubernetes.io/ingress.class: nginx, ` + p + `auth-type: basic`, []string{
			"kubernetes.io/ingress.class: exact [] — the Ingress is not served by Traefik 1.7",
			p + "auth-type: exact [] — the Ingress is not served by Traefik 1.7",
		}},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			out := Translate(input(t, fmt.Sprintf(oneIngress, tc.annotations)), Facts{})
			if diff := cmp.Diff(tc.want, fates(out)); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
}

func TestMergedAnnotationIsIgnored(t *testing.T) {
	in := input(t, fmt.Sprintf(oneIngress, `traefik.ingress.kubernetes.io/custom-request-headers: "X-A:1"`))
	second := input(t, fmt.Sprintf(oneIngress, `traefik.ingress.kubernetes.io/custom-request-headers: "X-A:2"`)).Ingresses[0]
	second.Name = "b"
	in.Ingresses = append([]ir.Ingress{second}, in.Ingresses...)
	want := []string{"traefik.ingress.kubernetes.io/custom-request-headers: lossy [W-MERGE] — another Ingress of the same host and path decides"}
	if diff := cmp.Diff(want, fates(Translate(in, Facts{}))); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

func TestChecklist(t *testing.T) {
	path := "path: /foo"
	codes := func(facts Facts, annotations string) []diag.Code {
		var codes []diag.Code
		text := strings.Replace(fmt.Sprintf(oneIngress, annotations), "path: /foo", path, 1)
		in := input(t, text)
		translator := NewTranslator(in, facts)
		translator.Translate(in.Ingresses)
		for _, d := range Checklist(facts, translator.TakesExact()) {
			codes = append(codes, d.Code)
		}
		return codes
	}
	always := []diag.Code{diag.WFwdHeaders, diag.WReadTimeout, diag.WEmptyServices, diag.WPathSanitize, diag.WTLSVersion, diag.ISemicolon, diag.ITrailingDot}
	exact := `traefik.ingress.kubernetes.io/rule-type: Path`
	if diff := cmp.Diff(append(slices.Clone(always), diag.IPrioScale, diag.IV1StrictSlashLeak), codes(Facts{}, exact)); diff != "" {
		t.Errorf("exact path: -want +got\n%s", diff)
	}
	path = `path: "/foo{x:.*}"`
	if diff := cmp.Diff(append(slices.Clone(always), diag.IPrioScale, diag.IV1StrictSlashLeak), codes(Facts{}, exact)); diff != "" {
		t.Errorf("template of an exact path: -want +got\n%s", diff)
	}
	path = "path: /foo"
	plain := input(t, fmt.Sprintf(oneIngress, "")).Ingresses[0]
	plain.Name = "b" // whose rule Traefik 1.7 has unless it loads it first
	both := input(t, fmt.Sprintf(oneIngress, exact))
	both.Ingresses = append(both.Ingresses, plain)
	translator := NewTranslator(both, Facts{})
	translator.Translate(both.Ingresses)
	if !translator.TakesExact() {
		t.Error("the rule of another order of loading is not seen")
	}
	if diff := cmp.Diff(always, codes(Facts{PriorityScale: 1, KeepTrailingSlash: true}, exact)); diff != "" {
		t.Errorf("scale 1: -want +got\n%s", diff)
	}
}

// Values that nobody should write must not stop the rest.
func TestHostileInput(t *testing.T) {
	in := ir.Input{Ingresses: []ir.Ingress{{}, {Ingress: &networkingv1.Ingress{}}}, Services: []*corev1.Service{nil}, Endpoints: []*ir.Endpoints{nil}, IngressClasses: []*networkingv1.IngressClass{nil}}
	in.Ingresses[1].Spec.DefaultBackend = &networkingv1.IngressBackend{}
	in.Ingresses[1].Spec.Rules = []networkingv1.IngressRule{{}, {IngressRuleValue: networkingv1.IngressRuleValue{HTTP: &networkingv1.HTTPIngressRuleValue{Paths: []networkingv1.HTTPIngressPath{{Path: "\xff"}}}}}}
	out := Translate(in, Facts{})
	if len(out.Ingresses) != 2 || len(out.Routes) != 0 {
		t.Errorf("got %+v", out)
	}
	out = Translate(in, Facts{LabelSelector: "a in ("})
	for _, o := range out.Ingresses {
		if o.Selected {
			t.Errorf("%s is selected by a label selector that cannot be read", o.Ingress)
		}
	}
	if err := (Facts{LabelSelector: "a in ("}).Validate(); err == nil {
		t.Error("Validate accepts a label selector that cannot be read")
	}
}

func FuzzTranslate(f *testing.F) {
	f.Add("h.test", "/foo", "rule-type", "Path", "priority", "5")
	f.Add("*.w", "/a,/b", "service-weights", "a: 90%", "error-pages", "p: {status: ['404'], backend: h/}")
	f.Add("", "", "auth-type", "basic", "app-root", "/x")
	f.Fuzz(func(t *testing.T, host, path, name1, value1, name2, value2 string) {
		in := input(t, fmt.Sprintf(oneIngress, ""))
		ing := in.Ingresses[0].Ingress
		ing.Spec.Rules[0].Host, ing.Spec.Rules[0].HTTP.Paths[0].Path = host, path
		ing.Annotations = map[string]string{traefikPrefix + name1: value1, plainPrefix + name2: value2}
		in.Services[0].Annotations = ing.Annotations
		out := Translate(in, Facts{})
		if len(out.Routes) == 0 && len(out.Ingresses[0].Diagnostics) == 0 && out.Ingresses[0].Selected {
			t.Fatal("neither route nor diagnostic")
		}
		if len(out.Ingresses[0].Annotations) != len(ing.Annotations) {
			t.Fatalf("annotations are missing: %+v", out.Ingresses[0].Annotations)
		}
	})
}
