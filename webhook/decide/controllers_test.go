package decide_test

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert"
	"github.com/ingress-migrate/kubectl-ingress-migrate/webhook/decide"
	"github.com/ingress-migrate/kubectl-ingress-migrate/webhook/translate"
)

// In a cluster of several controllers each Ingress is judged in its own dialect,
// and what is of none of them is left alone.
func TestSeveralControllers(t *testing.T) {
	inPlay := []convert.Dialect{convert.FromTraefikV1, convert.FromNginx}
	options := convert.Options{From: convert.Auto, Controllers: &convert.Controllers{InPlay: inPlay, Seen: inPlay}}
	options.TraefikV1.IngressClass = "edge"
	engine := translate.Engine{Convert: convert.Convert, HostKeys: convert.HostKeys, PeerKeys: convert.PeerKeys}
	j := &decide.Judge{Mode: decide.Mirror, Translator: translate.New(engine, options, nobodyElse{}), Routes: alone{}}
	for name, c := range map[string]struct {
		object string
		want   outcome
	}{
		"of Traefik 1.7": {
			annotated("kubernetes.io/ingress.class=edge", "traefik.ingress.kubernetes.io/rate-limit=extractorfunc: client.ip\nrateset: {a: {period: 1s, average: 1, burst: 1}}"),
			outcome{Reason: decide.Converted, Patch: stampBesideOthers, HandOver: "shop/web", Warned: []string{"W-RATELIMIT"}},
		},
		"of ingress-nginx": {
			annotated("kubernetes.io/ingress.class=nginx", "nginx.ingress.kubernetes.io/limit-rps=5"),
			outcome{Reason: decide.Converted, Patch: stampBesideOthers, HandOver: "shop/web", Warned: []string{"W-NGX-LIMIT"}},
		},
		"of another one": {annotated("kubernetes.io/ingress.class=haproxy"), outcome{Reason: decide.NotOurs}},
	} {
		t.Run(name, func(t *testing.T) {
			got := outcomeOf(j.Decide(context.Background(), request(c.object)))
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}
