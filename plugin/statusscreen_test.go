package plugin

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/fleet"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/ui"
)

// inTheMiddle is a cutover at two in the morning.
func inTheMiddle(now time.Time) *cutover.Status {
	s := &cutover.Status{
		Cluster: "prod-eu-1", ServerVersion: "v1.21.14", Routes: "ready (traefik.io/v1alpha1) since 2026-11-12",
		Ingresses: "1284 Ingresses: 1279 in sync, 3 different, 2 blocked; first: shop/checkout different, spec.routes[0].match edited by kubectl-edit",
		Webhook:   "2/2 ready, certificate valid for 311 days", Probe: &cutover.Probed{Sent: 120000, Lost: 3}, Old: &cutover.SetStatus{Title: "traefik-1.7"}, New: &cutover.SetStatus{Title: "traefik-2.11"},
		Migration: cutover.Migration{ID: "7f3a99", Phase: "switching (2 of 6 nodes)", Started: now.Add(-14 * time.Minute), Holder: "ops@bastion/1f2e", Running: true},
		Serving:   5, Floor: 5,
		Problems: []cutover.Problem{
			{Object: "edge-3", What: "is out of the load balancer's rotation, and it was us", Command: "kubectl ingress-migrate cutover resume"},
			{Object: "traefik/traefik1", What: "has lost its guard (GitOps?)", Command: "kubectl ingress-migrate cutover resume"},
		},
		Next: "watch it (kubectl ingress-migrate status -w), or pause after this node (kubectl ingress-migrate cutover pause)",
	}
	node := func(i int, serves, pod, state string, ready bool, age time.Duration) {
		s.Nodes = append(s.Nodes, cutover.NodeStatus{Name: fmt.Sprintf("edge-%d", i), Serves: serves, Pod: pod, Ready: ready, Since: now.Add(-age), State: state})
	}
	node(1, "traefik-2.11", "traefik2-9xk2p", "switched", true, 12*time.Minute)
	node(2, "traefik-2.11", "traefik2-m7l4d", "switched, soaking for 3m12s", true, 4*time.Minute)
	node(3, "", "traefik1-c8v2q", "draining: waiting for the balancer for 22s", false, 9*time.Second)
	for i := 4; i <= 6; i++ {
		node(i, "traefik-1.7", "traefik1-zt6wn", "waiting", true, 41*24*time.Hour)
	}
	return s
}

func screen(t *testing.T, width, rows int) string {
	t.Helper()
	now := time.Date(2026, 11, 26, 2, 0, 0, 0, time.UTC)
	var b bytes.Buffer
	if err := writeStatus(&b, inTheMiddle(now), ui.Palette{}, now, width, rows); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// The screen on a narrow and on a wide terminal, and in a pipe. UPDATE=1 rewrites what
// is expected.
func TestStatusScreen(t *testing.T) {
	for _, width := range []int{80, 200, 0} {
		t.Run(fmt.Sprint(width), func(t *testing.T) {
			got := screen(t, width, 0)
			for line := range strings.Lines(got) {
				if n := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); width > 0 && n > width {
					t.Errorf("%d columns: %s", n, line)
				}
			}
			file := filepath.Join("testdata", "screen", fmt.Sprintf("status-%d.txt", width))
			if os.Getenv("UPDATE") != "" {
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// On a terminal with few lines, nodes on which nothing happens give way; what is wrong
// and the next command stay.
func TestStatusScreenIsCut(t *testing.T) {
	const rows = 15
	got := screen(t, 200, rows)
	if n := strings.Count(got, "\n"); n > rows {
		t.Errorf("%d lines for %d rows:\n%s", n, rows, got)
	}
	for _, wanted := range []string{"edge-2 ", "edge-3 ", "about which there is nothing to say", "! traefik/traefik1", "Next: watch it"} {
		if !strings.Contains(got, wanted) {
			t.Errorf("%q is missing:\n%s", wanted, got)
		}
	}
	if strings.Contains(got, "edge-6 ") {
		t.Errorf("a waiting node has a line before others:\n%s", got)
	}
}

// TestStatusWithoutNodes: where nobody can serve, nobody is missed.
func TestStatusWithoutNodes(t *testing.T) {
	for name, test := range map[string]struct {
		fleet fleet.Fleet
		want  string
	}{
		"no proxies": {fleet.Fleet{}, "Serving     no DaemonSet of a proxy was found\n            for Deployments see kubectl ingress-migrate cutover run --help\nNext: name the two DaemonSets with --old and --new\n"},
		"no nodes":   {fleet.Fleet{New: &fleet.Set{Title: "traefik-2.11", Object: &appsv1.DaemonSet{}}}, "Serving     no node is for these proxies\nNext: nothing, the old DaemonSet is gone\n"},
	} {
		t.Run(name, func(t *testing.T) {
			s := cutover.NewStatus(&test.fleet, cutover.DefaultSettings(), time.Now())
			if s.Floor != 0 || len(s.Problems) > 0 {
				t.Errorf("floor %d, problems %v", s.Floor, s.Problems)
			}
			var b bytes.Buffer
			if err := writeStatus(&b, s, ui.Palette{}, time.Now(), 80, 0); err != nil {
				t.Fatal(err)
			}
			if got := b.String(); !strings.HasSuffix(got, test.want) {
				t.Errorf("it ends otherwise than with\n%s\n%s", test.want, got)
			}
		})
	}
}
