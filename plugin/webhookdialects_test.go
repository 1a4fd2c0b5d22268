package plugin

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/nginx"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/traefikv1"
)

// What a webhook stores leaves nothing open: one dialect with its facts, or all
// that are in play.
func TestExplicitOptions(t *testing.T) {
	v1, class := traefikv1.DefaultFacts(), nginx.Facts{IngressClass: "internal"}
	open := func(inPlay ...convert.Dialect) convert.Options {
		return convert.Options{From: convert.Auto, TraefikV1: v1, Nginx: class, Controllers: &convert.Controllers{InPlay: inPlay}}
	}
	several := []convert.Dialect{convert.FromTraefikV1, convert.FromNginx}
	for name, c := range map[string]struct{ in, want convert.Options }{
		"none":    {open(), convert.Options{From: convert.FromTraefikV1, TraefikV1: v1}},
		"one":     {open(convert.FromNginx), convert.Options{From: convert.FromNginx, Nginx: class}},
		"several": {open(several...), convert.Options{From: convert.Auto, TraefikV1: v1, Nginx: class, Controllers: &convert.Controllers{InPlay: several, Seen: several}}},
		"said":    {convert.Options{From: convert.FromTraefik}, convert.Options{From: convert.FromTraefik}},
	} {
		if diff := cmp.Diff(c.want, explicit(c.in)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}
