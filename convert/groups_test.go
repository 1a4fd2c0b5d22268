package convert

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/emit"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/clusters/v1"
)

// Converting group by group says and writes what converting everything together does.
func TestGroupsChangeNothing(t *testing.T) {
	g := v1.New()
	divided := 0
	rapid.Check(t, func(t *rapid.T) {
		in, opts := g.Cluster(t), options(g, t)
		least := rapid.IntRange(1, 3).Draw(t, "least")
		whole := convertInGroups(in, opts, len(in.Ingresses))
		parts := convertInGroups(in, opts, least)
		ordered, _ := inNameOrder(in)
		cuts := newConversion(ordered, opts).cuts(least)
		if len(cuts) > 0 {
			divided++
		}
		if diff := cmp.Diff(whole, parts); diff != "" {
			t.Fatalf("-together +cut at %d:\n%s", cuts, diff)
		}
	})
	if divided == 0 {
		t.Error("no input was divided: this test shows nothing")
	}
}

// Plain Ingresses are converted in groups, and the room of one group, which the next
// one has again, shows nowhere.
func TestPlainIngressesAreDivided(t *testing.T) {
	in := plainIngresses(3*groupSize, "traefik")
	opts := Options{From: FromTraefikV1, Target: emit.Target{Version: emit.V2}}
	ordered, _ := inNameOrder(in)
	if cuts := newConversion(ordered, opts).cuts(groupSize); len(cuts) < 2 {
		t.Errorf("cut at %d", cuts)
	}
	if diff := cmp.Diff(convertInGroups(in, opts, len(in.Ingresses)), Convert(in, opts)); diff != "" {
		t.Errorf("-together +in groups:\n%s", diff)
	}
}

func TestCuts(t *testing.T) {
	var in Input
	for i, host := range []string{"a.x", "b.x", "c.x", "B.x", "d.x", "e.x"} {
		in.Ingresses = append(in.Ingresses, ir.Ingress{Ingress: withPath(ingressOf(fmt.Sprint(i), host))})
	}
	for _, tc := range []struct {
		least int
		want  []int
	}{{1, []int{1, 4, 5}}, {2, []int{4}}, {3, []int{4}}, {5, []int{5}}, {6, nil}} {
		if diff := cmp.Diff(tc.want, newConversion(in, Options{}).cuts(tc.least)); diff != "" {
			t.Errorf("at least %d: %s", tc.least, diff)
		}
	}
	for _, from := range []Dialect{FromTraefik, FromNginx} {
		if cuts := newConversion(in, Options{From: from}).cuts(1); cuts != nil {
			t.Errorf("%s: %v", from, cuts)
		}
	}
	in.Ingresses = append(in.Ingresses, ir.Ingress{Ingress: withPath(ingressOf("9", "*.y"))})
	if cuts := newConversion(in, Options{}).cuts(1); cuts != nil {
		t.Errorf("beside a wildcard: %v", cuts)
	}
}

// Where the certificate of a secret is loaded, one Ingress says for all that name it.
func TestCutsKeepSecretsTogether(t *testing.T) {
	for _, key := range []string{entryPoints, "ingress.kubernetes.io/frontend-entry-points", "traefik.frontend.entryPoints"} {
		var in Input
		for i, secret := range []string{"", "crt", "", "crt"} {
			ing := withSecrets(ingressOf(fmt.Sprint(i), fmt.Sprint(i, ".x")), []string{secret})
			in.Ingresses = append(in.Ingresses, ir.Ingress{Ingress: ing})
		}
		if diff := cmp.Diff([]int{1, 2, 3}, newConversion(in, Options{}).cuts(1)); diff != "" {
			t.Errorf("no entry points: %s", diff)
		}
		in.Ingresses[3].Annotations[key] = "http"
		if diff := cmp.Diff([]int{1}, newConversion(in, Options{}).cuts(1)); diff != "" {
			t.Errorf("%s: %s", key, diff)
		}
	}
}
