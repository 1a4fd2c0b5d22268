// Package ingressoracle holds the conversion of Traefik's own Ingresses against
// Traefik itself: the same cluster before, through its Ingress provider, and
// after, through its CRD provider, is asked the same requests. For Traefik 3.6:
//
//	go test -modfile=traefik36.mod -tags traefik36 .
package ingressoracle

import (
	"context"
	"flag"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"github.com/go-logr/logr"
	"k8s.io/klog/v2"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/emit"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/traefikingress"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/ingressoracle/cluster"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/ingressoracle/observe"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/ingressoracle/traefik2"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/ingressoracle/traefik3"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/oracle/campaign"
)

var run = campaign.Flags(flag.CommandLine, 2000)

const (
	// batch is how many sets share a cluster.
	batch = 25
	// alone is how many clusters of one set, with rules for every host, follow them.
	alone = 3
)

// engine is one version of Traefik.
type engine struct {
	ingresses, routes func(context.Context, string, traefikingress.Facts) (*observe.Config, error)
	muxer             func(map[string]observe.Router, string) (func(host, path string) string, error)
	newest            bool
}

var (
	two = engine{traefik2.Ingresses, traefik2.Routes, func(routers map[string]observe.Router, _ string) (func(string, string) string, error) {
		return traefik2.Muxer(routers)
	}, false}
	three = engine{traefik3.Ingresses, traefik3.Routes, traefik3.Muxer, strings.HasPrefix(traefik3.Version, "3.7")}
)

func TestMain(m *testing.M) {
	// The providers prefer these to the endpoint that they are given.
	for _, name := range []string{"KUBECONFIG", "KUBERNETES_SERVICE_HOST", "KUBERNETES_SERVICE_PORT"} {
		os.Unsetenv(name)
	}
	klog.SetLogger(logr.Discard()) // watches that end with their providers
	flag.Parse()
	run.Begin(os.Stderr)
	os.Exit(m.Run())
}

func TestSameAnswers(t *testing.T) {
	for _, pair := range []struct {
		name           string
		source, target engine
		facts          traefikingress.Facts
		version        emit.Version
	}{
		{"2 to 2", two, two, traefikingress.Facts{}, emit.V2},
		{"2 to 3", two, three, traefikingress.Facts{AllowExternalNameServices: true, AllowCrossNamespace: true}, emit.V3},
		{"3 to 3", three, three, traefikingress.Facts{Version: traefik3.Version, AllowCrossNamespace: true}, emit.V3},
		{"3 to 3, strict", three, three, traefikingress.Facts{Version: traefik3.Version, StrictPrefixMatching: true, NativeLBByDefault: true, AllowEmptyServices: true}, emit.V3},
		{"3 to 3, rules of 2", three, three, traefikingress.Facts{Version: traefik3.Version, DefaultRuleSyntax: "v2"}, emit.V3},
		{"3 to 2", three, two, traefikingress.Facts{Version: traefik3.Version, AllowExternalNameServices: true}, emit.V2},
	} {
		t.Run(pair.name, func(t *testing.T) {
			r := rand.New(rand.NewPCG(run.Seed, 0))
			trial := trial{t: t, source: pair.source, target: pair.target, facts: pair.facts, version: pair.version}
			// A request that no router takes says little: it is not counted.
			for trial.taken < run.Pairs && trial.wrong == 0 {
				var many []*cluster.Set
				for n := range batch {
					many = append(many, cluster.New(r, n, false))
				}
				trial.run(many)
				for n := range alone {
					trial.run([]*cluster.Set{cluster.New(r, n, true)})
				}
				run.Progress("traefik, "+pair.name, trial.taken, run.Pairs)
			}
			t.Logf("seed %d: %d requests of %d sets, %d taken by a router before; differences: %d announced, %d not", run.Seed, trial.asked, trial.sets, trial.taken, trial.spared, trial.wrong)
		})
	}
}
