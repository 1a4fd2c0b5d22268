package preflight

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert"
)

// Once an entry point is a default one, the gate's route has to name them all.
func TestRouteEntryPoints(t *testing.T) {
	for name, test := range map[string]struct {
		args []string
		want []string
	}{
		"all are":  {args: []string{"--entrypoints.web.address=:80", "--entrypoints.websecure.address=:443"}},
		"one is":   {args: []string{"--entrypoints.web.address=:80", "--entrypoints.websecure.address=:443", "--entrypoints.websecure.asdefault=true", "--entrypoints.traefik.address=:8080"}, want: []string{"web", "websecure"}},
		"by flags": {args: []string{"--entryPoints.web.address=:80", "--entryPoints.web.asDefault"}, want: []string{"web"}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, parseConfig(convert.FromTraefik, test.args, nil).RouteEntryPoints); diff != "" {
				t.Error(diff)
			}
		})
	}
}
