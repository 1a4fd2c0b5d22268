//go:build !traefik36

// Package opinion asks Traefik's own provider for ingress-nginx the same as the
// conversion of the same Ingresses.
package opinion

import (
	"context"
	"flag"
	"io"
	"log"
	"os"
	"testing"

	"github.com/go-logr/logr"
	"k8s.io/klog/v2"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/emit"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/nginx"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/ingressoracle/gateway"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/oracle/campaign"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/oracle/generate"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/oracle/judge"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/oracle/trial"
)

var run = campaign.Flags(flag.CommandLine, 2000)

// batch is how many sets are loaded at once.
const batch = 100

func TestMain(m *testing.M) {
	// The providers prefer these to the endpoint that they are given.
	for _, name := range []string{"KUBECONFIG", "KUBERNETES_SERVICE_HOST", "KUBERNETES_SERVICE_PORT"} {
		os.Unsetenv(name)
	}
	klog.SetLogger(logr.Discard()) // watches that end with their providers
	log.SetOutput(io.Discard)      // http.Server complains of handshakes that sets fail on purpose
	flag.Parse()
	run.Begin(os.Stderr)
	os.Exit(m.Run())
}

// TestSecondOpinion compares generated sets. The first opinion is that of
// ingress-nginx itself, in test/oracle: where Traefik's provider is known to differ
// from it, the list of disagreements says so.
func TestSecondOpinion(t *testing.T) {
	bench, err := trial.NewBench(t.TempDir(), os.Stderr)
	if err != nil {
		t.Fatal(err)
	}
	defer bench.Close()
	bench.Start = func(ctx context.Context, log io.Writer, config judge.Config) (trial.Controller, error) {
		return gateway.Start(ctx, log, config)
	}
	profile := trial.Profile{
		Name: "opinion", Source: gateway.Ingresses, Into: gateway.Routes, From: convert.FromNginx,
		Nginx: nginx.Facts{ConfigMapKnown: true}, Known: known,
	}
	total := trial.NewStats()
	for number := uint64(0); total.Pairs < run.Pairs; {
		var cases []trial.Case
		for range batch {
			set := generate.Nginx(run.Seed, number)
			restrict(set)
			cases = append(cases, trial.Case{Set: set, Profile: profile, Alone: generate.AloneNginx(set)})
			number++
		}
		outcomes, err := bench.Run(t.Context(), []emit.Version{emit.V3}, cases)
		if err != nil {
			t.Fatal(err)
		}
		total.Add(outcomes)
		run.Progress("second opinion on nginx", total.Pairs, run.Pairs)
		for i, o := range outcomes {
			if o.Failed() {
				t.Errorf("set %d of seed %d:\n%s%s", number-uint64(len(cases)-i), run.Seed, show(o.Case.Set), o.Explain())
			}
		}
	}
	t.Logf("seed %d: %s", run.Seed, total)
	if total.Served*5 < total.Pairs {
		t.Errorf("only %d of %d requests reached a pod: the generator has lost its way", total.Served, total.Pairs)
	}
}
