package handler_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"runtime/debug"
	"testing"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/emit"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/traefikv1"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/informer"
	"github.com/ingress-migrate/kubectl-ingress-migrate/webhook/cluster"
	"github.com/ingress-migrate/kubectl-ingress-migrate/webhook/decide"
	"github.com/ingress-migrate/kubectl-ingress-migrate/webhook/translate"
)

const largeIngresses, largeNamespaces = 20_000, 60

// largeIngress is one as many clusters have them: three paths, TLS with a wildcard
// certificate of its namespace, and a whitelist.
func largeIngress(i int) *networkingv1.Ingress {
	name, kind := fmt.Sprintf("app-%d", i), networkingv1.PathTypeImplementationSpecific
	ingress := &networkingv1.Ingress{
		TypeMeta: metav1.TypeMeta{APIVersion: "networking.k8s.io/v1", Kind: "Ingress"},
		ObjectMeta: metav1.ObjectMeta{
			Namespace: fmt.Sprintf("team-%d", i%largeNamespaces), Name: name, Labels: map[string]string{"app.kubernetes.io/name": name, "app.kubernetes.io/part-of": "shop"},
			Annotations: map[string]string{
				"kubernetes.io/ingress.class": "traefik", "traefik.ingress.kubernetes.io/rule-type": "PathPrefixStrip",
				"traefik.ingress.kubernetes.io/whitelist-source-range": "10.0.0.0/8, 192.168.0.0/16",
			},
		},
		Spec: networkingv1.IngressSpec{TLS: []networkingv1.IngressTLS{{Hosts: []string{name + ".example.com"}, SecretName: "wildcard-example-com"}}},
	}
	rule := networkingv1.IngressRule{Host: name + ".example.com"}
	rule.HTTP = &networkingv1.HTTPIngressRuleValue{}
	for _, path := range []string{"/", "/api", "/static"} {
		rule.HTTP.Paths = append(rule.HTTP.Paths, networkingv1.HTTPIngressPath{Path: path, PathType: &kind, Backend: networkingv1.IngressBackend{
			Service: &networkingv1.IngressServiceBackend{Name: name, Port: networkingv1.ServiceBackendPort{Number: 80}},
		}})
	}
	ingress.Spec.Rules = []networkingv1.IngressRule{rule}
	return ingress
}

// noClasses is a cache's reader of a cluster without IngressClasses.
type noClasses struct{ client.Reader }

func (noClasses) List(context.Context, client.ObjectList, ...client.ListOption) error { return nil }

// BenchmarkHandleLarge is BenchmarkHandle in a cluster of 20,000 Ingresses and as many
// Services, with the garbage collected as often as the program does when its heap is large.
func BenchmarkHandleLarge(b *testing.B) {
	defer debug.SetGCPercent(debug.SetGCPercent(25))
	stores := cluster.NewStores(convert.HostKeys)
	informer.Fill(b, stores, &networkingv1.Ingress{}, largeIngresses, func(from, n int) runtime.Object {
		list := &networkingv1.IngressList{}
		for i := range n {
			list.Items = append(list.Items, *largeIngress(from + i))
		}
		return list
	})
	informer.Fill(b, stores, &corev1.Service{}, largeIngresses, func(from, n int) runtime.Object {
		list := &corev1.ServiceList{}
		for i := range n {
			of := largeIngress(from + i)
			list.Items = append(list.Items, corev1.Service{
				ObjectMeta: metav1.ObjectMeta{Namespace: of.Namespace, Name: of.Name},
				Spec:       corev1.ServiceSpec{Ports: []corev1.ServicePort{{Name: "http", Port: 80}}},
			})
		}
		return list
	})
	engine := translate.Engine{Convert: convert.Convert, HostKeys: convert.HostKeys, PeerKeys: convert.PeerKeys}
	options := convert.Options{From: convert.FromTraefikV1, Target: emit.Target{Version: emit.V2, APIGroup: emit.Group}, TraefikV1: traefikv1.DefaultFacts()}
	live := cluster.New(noClasses{}, stores, emit.Group)
	s := serve(&decide.Judge{Mode: decide.Mirror, Self: "nobody", Translator: translate.New(engine, options, live).Limited(1000), Routes: live})
	var bodies []string
	for i := range 200 {
		object, err := json.Marshal(largeIngress(i))
		if err != nil {
			b.Fatal(err)
		}
		bodies = append(bodies, review("v1", string(object)))
	}
	i := 0
	for b.Loop() {
		s.desk.keys, s.record.reasons = s.desk.keys[:0], s.record.reasons[:0]
		if status, response := s.post(b, bodies[i%len(bodies)]); status != http.StatusOK || response.Patch == nil {
			b.Fatalf("status %d, %+v", status, response)
		}
		i++
	}
}
