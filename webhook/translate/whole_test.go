package translate_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert"
	"github.com/ingress-migrate/kubectl-ingress-migrate/webhook/translate"
)

// stored is a cluster of many Ingresses with a host and some without.
type stored struct {
	store
	all []*networkingv1.Ingress
}

func (s stored) Peers(_ context.Context, keys []string) ([]*networkingv1.Ingress, error) {
	if slices.Contains(keys, convert.AnyHost) {
		return s.all, nil
	}
	return nil, nil
}

func stay(name, host string) *networkingv1.Ingress {
	ing := &networkingv1.Ingress{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: name, UID: "1", ResourceVersion: "1", CreationTimestamp: metav1.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)}}
	backend := networkingv1.IngressBackend{Service: &networkingv1.IngressServiceBackend{Name: "web", Port: networkingv1.ServiceBackendPort{Number: 80}}}
	ing.Spec.Rules = []networkingv1.IngressRule{{Host: host, IngressRuleValue: networkingv1.IngressRuleValue{
		HTTP: &networkingv1.HTTPIngressRuleValue{Paths: []networkingv1.HTTPIngressPath{{Path: "/" + name, Backend: backend}}},
	}}}
	return ing
}

// Ingresses without a host share one conversion of the whole cluster, for as long as
// that one may be old, and no longer than each of them stays as it is.
func TestSharing(t *testing.T) {
	cluster := stored{store: store{service("web", 80)}}
	var hostless []*networkingv1.Ingress
	for n := range 100 {
		cluster.all = append(cluster.all, stay(fmt.Sprintf("with-%d", n), fmt.Sprintf("h%d.x", n)))
	}
	for n := range 5 {
		hostless = append(hostless, stay(fmt.Sprintf("without-%d", n), ""))
	}
	cluster.all = append(cluster.all, hostless...)
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	wholes := 0
	engine := translate.Engine{HostKeys: convert.HostKeys, PeerKeys: convert.PeerKeys, Convert: func(in convert.Input, options convert.Options) convert.Result {
		if len(in.Ingresses) > 50 {
			wholes++
			now = now.Add(time.Second) // how long it takes
		}
		return convert.Convert(in, options)
	}}
	translator := translate.New(engine, convert.Options{From: convert.FromTraefikV1}, cluster).Sharing(func() time.Time { return now })
	all := func() {
		t.Helper()
		for _, ing := range cluster.all {
			got, err := translator.Translate(t.Context(), ing)
			if err != nil || got.Route(ing.Name) == "" {
				t.Fatalf("%s: %v, %+v", ing.Name, err, got)
			}
		}
	}
	all()
	all()
	if wholes != 1 {
		t.Errorf("the whole cluster is converted %d times, want once", wholes)
	}
	if pause := translator.Pause(); pause != 20*time.Second {
		t.Errorf("after a conversion of 1s the next one is after %s", pause)
	}
	// One that changes is not told what is old.
	changed := hostless[0].DeepCopy()
	changed.ResourceVersion = "2"
	changed.Spec.Rules[0].HTTP.Paths[0].Path = "/changed"
	got, err := translator.Translate(t.Context(), changed)
	if err != nil || wholes != 2 {
		t.Fatalf("%d conversions, %v", wholes, err)
	}
	if text := fmt.Sprintf("%+v", got.Objects[0]); !strings.Contains(text, "/changed") {
		t.Errorf("not converted anew: %s", text)
	}
	now = now.Add(translator.Pause())
	all()
	if wholes != 3 {
		t.Errorf("after the pause the whole cluster is converted %d times, want 3", wholes)
	}
}

// An answer at admission must not wait for a conversion of the whole cluster.
func TestLimited(t *testing.T) {
	cluster := stored{store: store{service("web", 80)}}
	for n := range 20 {
		cluster.all = append(cluster.all, stay(fmt.Sprintf("with-%d", n), fmt.Sprintf("h%d.x", n)))
	}
	engine := translate.Engine{Convert: convert.Convert, HostKeys: convert.HostKeys, PeerKeys: convert.PeerKeys}
	for limit, want := range map[int]bool{10: false, 100: true} {
		translator := translate.New(engine, convert.Options{From: convert.FromTraefikV1}, cluster).Limited(limit)
		_, err := translator.Translate(t.Context(), stay("without", ""))
		if (err == nil) != want {
			t.Errorf("limit %d: %v", limit, err)
		}
		if _, err := translator.Translate(t.Context(), stay("with-1", "h1.x")); err != nil {
			t.Errorf("limit %d: %v", limit, err)
		}
	}
}
