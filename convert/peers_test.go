package convert

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	networkingv1 "k8s.io/api/networking/v1"
)

func ingressOf(name string, hosts ...string) *networkingv1.Ingress {
	ing := &networkingv1.Ingress{}
	ing.Namespace, ing.Name = "n", name
	for _, h := range hosts {
		ing.Spec.Rules = append(ing.Spec.Rules, networkingv1.IngressRule{Host: h})
	}
	return ing
}

func TestHostKeys(t *testing.T) {
	withDefault := ingressOf("d", "a.x")
	withDefault.Spec.DefaultBackend = &networkingv1.IngressBackend{}
	for name, tc := range map[string]struct {
		ing  *networkingv1.Ingress
		want []string
	}{
		"hosts, sorted, in lower case, once": {ingressOf("i", "b.x", "A.x", "a.x"), []string{"a.x", "b.x"}},
		"wildcard":                           {ingressOf("i", "*.x", "a.x"), []string{"*", "a.x"}},
		"no host":                            {ingressOf("i", ""), []string{"*"}},
		"default backend":                    {withDefault, []string{"*", "a.x"}},
		"no rule":                            {ingressOf("i"), []string{"*"}},
		"nothing":                            {nil, nil},
	} {
		if diff := cmp.Diff(tc.want, HostKeys(tc.ing)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestPeers(t *testing.T) {
	all := []*networkingv1.Ingress{ingressOf("1", "a.x"), ingressOf("2", "A.X", "b.x"), ingressOf("3", "b.x"), ingressOf("4", "*.y"), nil}
	for name, tc := range map[string]struct {
		of   int
		want []string
	}{
		"same host and any host": {0, []string{"2", "4"}},
		"both hosts":             {1, []string{"1", "3", "4"}},
		"any host meets all":     {3, []string{"1", "2", "3"}},
	} {
		var got []string
		for _, p := range Peers(all[tc.of], all) {
			got = append(got, p.Name)
		}
		if diff := cmp.Diff(tc.want, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}
