package plugin

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover/journal"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover/traffic"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/fleet"
)

// A resumed cutover is judged as it was begun, but for the flags that are given.
func TestGatesOfAResumedCutover(t *testing.T) {
	kept := `{"canarySoak":0,"soak":0,"batch":1,"batchPercent":25,"traffic":{"serverErrors":0.5,"notFound":0.5,"latency":9,"requests":7},"prometheus":"http://kept","queries":[{"text":"up","max":3}],"verify":5,"ignore":["body"]}`
	limits := traffic.Limits{ServerErrors: 0.5, NotFound: 0.5, Latency: 9, Requests: 7}
	begun := cutover.Settings{Batch: 1, BatchPercent: 25, Traffic: &limits, Prometheus: "http://kept", Queries: []traffic.Query{{Text: "up", Max: 3}}, Verify: 5, Ignore: []string{"body"}}
	for name, test := range map[string]struct {
		args   []string
		change func(*cutover.Settings)
	}{
		"nothing given": {nil, func(*cutover.Settings) {}},
		"one limit": {[]string{"--max-404=0.1"}, func(s *cutover.Settings) {
			s.Traffic = &traffic.Limits{ServerErrors: 0.5, NotFound: 0.1, Latency: 9, Requests: 7}
		}},
		"no metrics": {[]string{"--metrics=false"}, func(s *cutover.Settings) { s.Traffic = nil }},
		"another server": {[]string{"--prometheus=http://other", "--prometheus-max=0.2"}, func(s *cutover.Settings) {
			s.Prometheus, s.Queries = "http://other", []traffic.Query{{Text: traffic.DefaultQuery, Max: 0.2}}
		}},
		"none":           {[]string{"--prometheus="}, func(s *cutover.Settings) { s.Prometheus, s.Queries = "", nil }},
		"nodes by count": {[]string{"--batch=3", "--verify=0"}, func(s *cutover.Settings) { s.Batch, s.BatchPercent, s.Verify = 3, 0, 0 }},
	} {
		t.Run(name, func(t *testing.T) {
			var flags settingsFlags
			cmd := &cobra.Command{Use: "resume"}
			flags.add(cmd)
			if err := cmd.ParseFlags(test.args); err != nil {
				t.Fatal(err)
			}
			want := begun
			test.change(&want)
			got, err := flags.settings(&fleet.Fleet{Journal: &journal.Journal{Phase: journal.Switching, Settings: []byte(kept)}})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestGatesOfANewCutover(t *testing.T) {
	var flags settingsFlags
	cmd := &cobra.Command{Use: "run"}
	flags.add(cmd)
	if err := cmd.ParseFlags([]string{"--batch=10%", "--prometheus=http://p", "--prometheus-query=a", "--prometheus-query=b", "--prometheus-max=1,2", "--max-5xx=0.2"}); err != nil {
		t.Fatal(err)
	}
	if err := flags.validate(); err != nil {
		t.Fatal(err)
	}
	got, err := flags.settings(&fleet.Fleet{})
	if err != nil {
		t.Fatal(err)
	}
	limits := traffic.DefaultLimits()
	limits.ServerErrors = 0.2
	want := cutover.DefaultSettings()
	want.Balancer, want.Ports = got.Balancer, got.Ports
	want.BatchPercent, want.Traffic, want.Prometheus = 10, &limits, "http://p"
	want.Queries, want.Ignore = []traffic.Query{{Text: "a", Max: 1}, {Text: "b", Max: 2}}, got.Ignore
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}
