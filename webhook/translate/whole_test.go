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
	if pause := translator.Pause(hostless[0]); pause != 20*time.Second {
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
	now = now.Add(translator.Pause(hostless[0]))
	all()
	if wholes != 3 {
		t.Errorf("after the pause the whole cluster is converted %d times, want 3", wholes)
	}
}

// oneHost is a cluster of Ingresses that all have one host.
type oneHost struct {
	store
	all *[]*networkingv1.Ingress
}

func (o oneHost) Peers(context.Context, []string) ([]*networkingv1.Ingress, error) {
	return *o.all, nil
}

// Hundreds of Ingresses of one host share their conversions too: as they come, and when
// one of them changes. Few are converted each time.
func TestSharingAmongOneHost(t *testing.T) {
	for _, c := range []struct {
		n, first, again, changed int
	}{
		{300, 2, 0, 1},
		{10, 10, 10, 10},
	} {
		var all []*networkingv1.Ingress
		for n := range c.n {
			all = append(all, stay(fmt.Sprintf("web-%d", n), "shared.x"))
		}
		now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
		conversions := 0
		engine := translate.Engine{HostKeys: convert.HostKeys, PeerKeys: convert.PeerKeys, Convert: func(in convert.Input, options convert.Options) convert.Result {
			conversions++
			now = now.Add(time.Second) // how long it takes
			return convert.Convert(in, options)
		}}
		cluster := oneHost{store{service("web", 80)}, &all}
		options := convert.Options{From: convert.FromTraefikV1}
		translator := translate.New(engine, options, cluster).Sharing(func() time.Time { return now })
		pass := func(what string, want int) {
			t.Helper()
			conversions = 0
			for _, ing := range all {
				got, err := translator.Translate(t.Context(), ing)
				if err != nil || got.Route(ing.Name) == "" || !strings.Contains(fmt.Sprintf("%+v", got.Objects[0]), ing.Spec.Rules[0].HTTP.Paths[0].Path) {
					t.Fatalf("%s: %v, %+v", ing.Name, err, got)
				}
			}
			if conversions != want {
				t.Errorf("%d Ingresses, %s: %d conversions, want %d", c.n, what, conversions, want)
			}
		}
		pass("at first", c.first)
		pass("again", c.again)
		all[0] = all[0].DeepCopy()
		all[0].ResourceVersion, all[0].Spec.Rules[0].HTTP.Paths[0].Path = "2", "/changed"
		pass("one of them changed", c.changed)
		if pause := translator.Pause(all[0]); (pause == 0) != (c.again > 0) {
			t.Errorf("%d Ingresses: a pause of %s", c.n, pause)
		}
		all = all[:5]
		now = now.Add(time.Hour)
		pass("most are gone", 5)
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
