package convert_test

import (
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strconv"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/emit"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/nginx"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/traefikingress"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/traefikv1"
)

// The tenant may write Ingresses in one namespace. The bank is in another one.
const (
	tenant = "tenant"
	bank   = "bank.test"
)

// injections try to end the string that they are in and to say more.
var injections = []string{
	"x`) || Host(`" + bank, `x") || Host("` + bank, "/x`) || Host(`" + bank + "`) || PathPrefix(`/", "/x\") || Host(\"" + bank + "\") || PathPrefix(\"/",
	"a\\`) || Host(`" + bank + "`) && Path(`/", "a'); Host('" + bank + "')", "/x$1`) || HostRegexp(`^" + bank + "$", "{x:`) || Host(`" + bank + "`}",
	"^/(?P<a>x`) || Host(`" + bank + ")", "GET`) || Host(`" + bank, "X-A: b`) || Host(`" + bank, "a=b`) || Host(`" + bank, "10.0.0.0/8`) || Host(`" + bank,
}

// reaches are words by which an annotation may reach for what is another tenant's.
var reaches = []string{
	"bank/secret", "bank/web", "bank-admin@kubernetescrd", "bank/admin", "admin@file", "api@internal", "bank-admin-kubernetescrd", "../bank/secret",
	"bank/web:80", "/bank/x", "kube-system/admin", "bank-web-80@kubernetescrd", "noop@internal",
}

// conversion of one Ingress of the tenant.
type attempt struct {
	from convert.Dialect
	what string
	ing  *networkingv1.Ingress
}

func tenantIngress(class string) *networkingv1.Ingress {
	prefix := networkingv1.PathTypeImplementationSpecific
	ing := &networkingv1.Ingress{ObjectMeta: metav1.ObjectMeta{Namespace: tenant, Name: "web", Annotations: map[string]string{"kubernetes.io/ingress.class": class}}}
	ing.Spec.TLS = []networkingv1.IngressTLS{{Hosts: []string{"tenant.test"}, SecretName: "crt"}}
	ing.Spec.Rules = []networkingv1.IngressRule{{Host: "tenant.test", IngressRuleValue: networkingv1.IngressRuleValue{HTTP: &networkingv1.HTTPIngressRuleValue{
		Paths: []networkingv1.HTTPIngressPath{{Path: "/x", PathType: &prefix, Backend: networkingv1.IngressBackend{
			Service: &networkingv1.IngressServiceBackend{Name: "web", Port: networkingv1.ServiceBackendPort{Number: 80}},
		}}},
	}}}}
	return ing
}

// attempts puts every hostile word into every annotation that is read, and into every
// string of the spec. The API server would refuse some; a webhook is not to rely on it.
func attempts() []attempt {
	var all []attempt
	words := slices.Concat(injections, reaches)
	annotations := map[convert.Dialect][]string{}
	for _, a := range traefikv1.Annotations() {
		annotations[convert.FromTraefikV1] = append(annotations[convert.FromTraefikV1], a.Key)
	}
	for _, a := range traefikingress.Annotations() {
		annotations[convert.FromTraefik] = append(annotations[convert.FromTraefik], a.Key)
	}
	for _, a := range nginx.Annotations() {
		annotations[convert.FromNginx] = append(annotations[convert.FromNginx], nginx.DefaultPrefix+"/"+a.Name)
	}
	companions := map[string]string{ // without which others are not read
		"nginx.ingress.kubernetes.io/auth-type": "basic", "ingress.kubernetes.io/auth-type": "basic", "nginx.ingress.kubernetes.io/use-regex": "true",
		"nginx.ingress.kubernetes.io/rewrite-target": "/$1",
	}
	for from, class := range map[convert.Dialect]string{convert.FromTraefikV1: "traefik", convert.FromTraefik: "traefik", convert.FromNginx: "nginx"} {
		for _, word := range words {
			for _, key := range annotations[from] {
				for _, beside := range []bool{false, true} {
					ing := tenantIngress(class)
					for k, v := range companions {
						if beside {
							ing.Annotations[k] = v
						}
					}
					ing.Annotations[key] = word
					all = append(all, attempt{from, key + "=" + word, ing})
				}
			}
			for what, set := range map[string]func(*networkingv1.Ingress){
				"host":    func(i *networkingv1.Ingress) { i.Spec.Rules[0].Host = word },
				"path":    func(i *networkingv1.Ingress) { i.Spec.Rules[0].HTTP.Paths[0].Path = word },
				"service": func(i *networkingv1.Ingress) { i.Spec.Rules[0].HTTP.Paths[0].Backend.Service.Name = word },
				"port": func(i *networkingv1.Ingress) {
					i.Spec.Rules[0].HTTP.Paths[0].Backend.Service.Port = networkingv1.ServiceBackendPort{Name: word}
				},
				"secret":   func(i *networkingv1.Ingress) { i.Spec.TLS[0].SecretName = word },
				"tls host": func(i *networkingv1.Ingress) { i.Spec.TLS[0].Hosts[0] = word },
				"class":    func(i *networkingv1.Ingress) { i.Spec.IngressClassName = &word },
				"name":     func(i *networkingv1.Ingress) { i.Name = word },
				"backend": func(i *networkingv1.Ingress) {
					i.Spec.DefaultBackend = &networkingv1.IngressBackend{Service: &networkingv1.IngressServiceBackend{Name: word, Port: networkingv1.ServiceBackendPort{Number: 80}}}
				},
				"regex path": func(i *networkingv1.Ingress) {
					i.Annotations["nginx.ingress.kubernetes.io/use-regex"] = "true"
					i.Spec.Rules[0].HTTP.Paths[0].Path = word
				},
				"ruled path": func(i *networkingv1.Ingress) {
					i.Annotations["traefik.ingress.kubernetes.io/rule-type"] = "PathPrefixStrip"
					i.Spec.Rules[0].HTTP.Paths[0].Path = word
				},
				"matcher": func(i *networkingv1.Ingress) {
					i.Annotations["traefik.ingress.kubernetes.io/router.pathmatcher"] = word
				},
				"label value": func(i *networkingv1.Ingress) { i.Labels = map[string]string{"a": word} },
			} {
				ing := tenantIngress(class)
				set(ing)
				all = append(all, attempt{from, what + "=" + word, ing})
			}
		}
	}
	return all
}

// TestNoTenantReachesAnother: whatever a tenant writes stays data of its own rules,
// and refers to nothing outside of its namespace.
func TestNoTenantReachesAnother(t *testing.T) {
	service := func(namespace string) *corev1.Service {
		return &corev1.Service{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "web"}, Spec: corev1.ServiceSpec{Ports: []corev1.ServicePort{{Name: "http", Port: 80}}}}
	}
	failures := 0
	for _, a := range attempts() {
		for _, version := range []emit.Version{emit.V2, emit.V3} {
			in := convert.Input{Ingresses: []ir.Ingress{{Ingress: a.ing}}, ServicesKnown: true, Services: []*corev1.Service{service(tenant), service("bank")}}
			result := convert.Convert(in, convert.Options{From: a.from, Target: emit.Target{Version: version, APIGroup: emit.Group}, TraefikV1: traefikv1.DefaultFacts()})
			for _, o := range result.Objects {
				raw, err := json.Marshal(o.Object)
				if err != nil {
					t.Fatal(err)
				}
				var object map[string]any
				if err := json.Unmarshal(raw, &object); err != nil {
					t.Fatal(err)
				}
				faults := outside(object)
				if namesProvider(a) {
					faults = slices.DeleteFunc(faults, func(fault string) bool { return strings.HasPrefix(fault, "a reference ") })
				}
				if o.Object.GetNamespace() != tenant {
					faults = append(faults, "it is in namespace "+o.Object.GetNamespace())
				}
				if len(faults) > 0 {
					t.Errorf("%s, %s, to %d: %s\n%s", a.from, a.what, version, strings.Join(faults, "; "), raw)
					if failures++; failures == 20 {
						t.FailNow()
					}
				}
			}
		}
	}
}

// namesProvider tells whether an annotation is one whose values name an object with
// its provider, in the source as in the output. It is the tenant's own route that such
// an object acts on; into another namespace Traefik follows it only where its
// administrator set allowCrossNamespace.
func namesProvider(a attempt) bool {
	key, word, _ := strings.Cut(a.what, "=")
	return a.from == convert.FromTraefik && strings.Contains(word, "@") &&
		slices.Contains([]string{"traefik.ingress.kubernetes.io/router.middlewares", "traefik.ingress.kubernetes.io/router.tls.options"}, key)
}

// outside finds what reaches out of the tenant's namespace in one object. A secret
// called bank/secret does not: Traefik looks every secret up in the namespace of the
// object that names it, and there is none with a slash. A Service called admin@file is
// one of its namespace, too, which the API server takes no such name for: only of a
// TraefikService Traefik takes what is behind @ for a provider (fullServiceName in
// pkg/provider/kubernetes/crd/kubernetes_http.go).
func outside(value any) (faults []string) {
	switch value := value.(type) {
	case []any:
		for _, v := range value {
			faults = append(faults, outside(v)...)
		}
	case map[string]any:
		_, served := value["port"]
		service := served && value["kind"] != "TraefikService"
		for key, v := range value {
			text, _ := v.(string)
			switch {
			case key == "namespace" && text != "" && text != tenant:
				faults = append(faults, "a reference into namespace "+text)
			case text == "noop@internal": // what we ourselves put behind routes that answer by themselves
			case (key == "name" && !service || key == "serversTransport") && strings.Contains(text, "@"):
				faults = append(faults, "a reference to another provider: "+text)
			case key == "match" && text != "":
				faults = append(faults, inject(text)...)
			}
			faults = append(faults, outside(v)...)
		}
	}
	return faults
}

// inject reads a rule with the parser that Traefik's rule language is made of (its
// grammar is that of Go expressions) and finds a matcher that was smuggled in.
func inject(rule string) (faults []string) {
	expression, err := parser.ParseExpr(rule)
	if err != nil {
		return []string{fmt.Sprintf("rule %s cannot be read: %v", rule, err)}
	}
	ast.Inspect(expression, func(node ast.Node) bool {
		switch node := node.(type) {
		case nil, *ast.CallExpr, *ast.ParenExpr, *ast.Ident:
		case *ast.BinaryExpr:
			if node.Op != token.LAND && node.Op != token.LOR {
				faults = append(faults, "operator "+node.Op.String())
			}
		case *ast.UnaryExpr:
			if node.Op != token.NOT {
				faults = append(faults, "operator "+node.Op.String())
			}
		case *ast.BasicLit:
			literal, err := strconv.Unquote(node.Value)
			if err != nil || literal == bank || literal == "^"+bank+"$" {
				faults = append(faults, "rule "+rule+" matches requests for "+bank)
			}
		default:
			faults = append(faults, fmt.Sprintf("rule %s has a %T", rule, node))
		}
		return true
	})
	return faults
}
