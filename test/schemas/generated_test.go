package schemas

import (
	"testing"

	"pgregory.net/rapid"
	"sigs.k8s.io/yaml"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/emit"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/clusters/nginx"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/clusters/traefik"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/clusters/v1"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/property"
)

func TestMain(m *testing.M) { property.Main(m) }

// Whatever the Ingresses are, the target accepts every object that they give.
func TestGeneratedObjects(t *testing.T) {
	first := v1.New()
	clusters := map[string]func(*rapid.T) (ir.Input, convert.Options){
		"traefik-v1": func(t *rapid.T) (ir.Input, convert.Options) {
			return first.Cluster(t), convert.Options{From: convert.FromTraefikV1, TraefikV1: first.Facts(t)}
		},
		"traefik": func(t *rapid.T) (ir.Input, convert.Options) {
			return traefik.Cluster(t), convert.Options{From: convert.FromTraefik, Traefik: traefik.Facts(t)}
		},
		"nginx": func(t *rapid.T) (ir.Input, convert.Options) {
			return nginx.Everything().Cluster(t), convert.Options{From: convert.FromNginx, Nginx: nginx.Facts(t)}
		},
	}
	targets := map[string]emit.Target{
		"v2": {Version: emit.V2}, "v2-legacy": {Version: emit.V2, APIGroup: emit.LegacyGroup}, "v3": {Version: emit.V3},
	}
	judges := map[emit.Version]judge{emit.V2: newJudge(t, emit.V2), emit.V3: newJudge(t, emit.V3)}
	for dialect, draw := range clusters {
		for name, target := range targets {
			t.Run(dialect+" to "+name, func(t *testing.T) {
				objects := 0
				rapid.Check(t, func(t *rapid.T) {
					in, options := draw(t)
					options.Target = target
					for _, o := range convert.Convert(in, options).Objects {
						objects++
						document, err := yaml.Marshal(o.Object)
						if err != nil {
							t.Fatal(err)
						}
						if err := judges[target.Version].check(t.Context(), document); err != nil {
							t.Fatalf("%v\n%s", err, document)
						}
					}
				})
				if objects == 0 {
					t.Error("no object was made")
				}
			})
		}
	}
}
