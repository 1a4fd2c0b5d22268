package scale

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"testing"
	"time"
)

var (
	nodes     = flag.Int("scale.nodes", 1000, "edge nodes")
	ingresses = flag.Int("scale.ingresses", 20000, "Ingresses")
)

// mostMB is how much memory looking at such a cluster may take.
const mostMB = 300

// cluster is the one that all benchmarks look at: filling it takes minutes.
var cluster *Cluster

func shared(b *testing.B) *Cluster {
	b.Helper()
	if cluster == nil {
		dir, err := os.MkdirTemp("", "scale-")
		if err != nil {
			b.Fatal(err)
		}
		if cluster, err = Start(context.Background(), dir, os.Stderr, *nodes, *ingresses); err != nil {
			b.Fatal(err)
		}
		b.ResetTimer()
	}
	return cluster
}

func TestMain(m *testing.M) {
	flag.Parse()
	status := m.Run()
	if cluster != nil {
		if err := errors.Join(cluster.Stop(), os.RemoveAll(cluster.dir)); err != nil {
			fmt.Fprintln(os.Stderr, err)
			status = 1
		}
	}
	os.Exit(status)
}

// BenchmarkLook compares the plugin's commands that look at a whole cluster with
// kubectl, which lists the same nodes, pods, Ingresses and IngressRoutes and compares
// nothing: in turn and in one run, so that whatever else the machine does meets both.
// The figures are shares of kubectl's time, and peaks of resident memory.
func BenchmarkLook(b *testing.B) {
	c := shared(b)
	commands := []struct {
		name, program string
		args          []string
	}{
		{"kubectl", c.Kubectl(), []string{"get", "nodes,pods,ingresses,ingressroutes.traefik.io", "-A", "-o", "json"}},
		{"status", c.Plugin, []string{"status"}},
		{"plan", c.Plugin, []string{"cutover", "plan"}},
	}
	wall := make([]time.Duration, len(commands))
	peak := make([]float64, len(commands))
	rounds := 0
	for b.Loop() {
		rounds++
		for i, command := range commands {
			usage, err := c.Run(b.Context(), command.program, command.args...)
			if err != nil {
				b.Fatal(err)
			}
			wall[i] += usage.Wall
			peak[i] = max(peak[i], usage.PeakMB)
		}
	}
	b.ReportMetric(wall[0].Seconds()/float64(rounds), "kubectl-s")
	b.ReportMetric(peak[0], "kubectl-MB")
	for i, command := range commands { // a benchmark that fails reports no metrics
		b.Logf("%s: %.1f s, %.0f MB", command.name, wall[i].Seconds()/float64(rounds), peak[i])
	}
	for i, command := range commands[1:] {
		b.ReportMetric(wall[i+1].Seconds()/wall[0].Seconds(), command.name+"/kubectl")
		b.ReportMetric(peak[i+1], command.name+"-MB")
		if peak[i+1] > mostMB {
			b.Errorf("%s took %.0f MB of memory, more than %d MB", command.name, peak[i+1], mostMB)
		}
	}
}
