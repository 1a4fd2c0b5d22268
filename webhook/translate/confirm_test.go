package translate_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert"
	"github.com/ingress-migrate/kubectl-ingress-migrate/webhook/translate"
)

// store has heard of these Services and of no other Ingress.
type store []*corev1.Service

func (store) Peers(context.Context, []string) ([]*networkingv1.Ingress, error)     { return nil, nil }
func (store) IngressClasses(context.Context) ([]*networkingv1.IngressClass, error) { return nil, nil }
func (s store) Service(_ context.Context, key types.NamespacedName) (*corev1.Service, error) {
	for _, service := range s {
		if service.Namespace == key.Namespace && service.Name == key.Name {
			return service, nil
		}
	}
	return nil, nil
}

func service(name string, port int32) *corev1.Service {
	return &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: name},
		Spec:       corev1.ServiceSpec{Ports: []corev1.ServicePort{{Port: port}}},
	}
}

func TestConfirming(t *testing.T) {
	ing := &networkingv1.Ingress{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "web"}}
	for host, name := range map[string]string{"a.x": "web", "b.x": "web"} {
		rule := networkingv1.IngressRule{Host: host}
		rule.HTTP = &networkingv1.HTTPIngressRuleValue{Paths: []networkingv1.HTTPIngressPath{{
			Path: "/", Backend: networkingv1.IngressBackend{Service: &networkingv1.IngressServiceBackend{Name: name, Port: networkingv1.ServiceBackendPort{Number: 80}}},
		}}}
		ing.Spec.Rules = append(ing.Spec.Rules, rule)
	}
	for _, tc := range []struct {
		name   string
		known  store
		stored *corev1.Service
		err    error
		asked  []string
		routed bool
	}{
		{name: "not heard of yet", stored: service("web", 80), asked: []string{"shop/web"}, routed: true},
		{name: "not with the port", known: store{service("web", 8080)}, stored: service("web", 80), asked: []string{"shop/web"}, routed: true},
		{name: "is not there", asked: []string{"shop/web"}},
		{name: "known", known: store{service("web", 80)}, routed: true},
		{name: "cannot be told", err: errors.New("timeout"), asked: []string{"shop/web"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var asked []string
			translator := translate.New(translate.Engine{Convert: convert.Convert, HostKeys: convert.HostKeys, PeerKeys: convert.PeerKeys}, convert.Options{From: convert.FromTraefikV1}, tc.known).
				Confirming(func(_ context.Context, key types.NamespacedName) (*corev1.Service, error) {
					asked = append(asked, key.String())
					return tc.stored, tc.err
				})
			got, err := translator.Translate(t.Context(), ing)
			if tc.err != nil {
				// Not "there is none": a route would be removed for it.
				if err == nil || !strings.Contains(err.Error(), "shop/web") {
					t.Errorf("error %v", err)
				}
			} else if err != nil {
				t.Fatal(err)
			}
			if routed := got.Route("web") != ""; routed != tc.routed {
				t.Errorf("routed: %v", routed)
			}
			if diff := cmp.Diff(tc.asked, asked); diff != "" {
				t.Errorf("asked for (-want +got): %s", diff)
			}
		})
	}
}
