package bench

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sync/errgroup"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/yaml"

	"github.com/ingress-migrate/kubectl-ingress-migrate/test/sandbox"
)

// BenchmarkCompletion completes names, as a shell does that starts the program
// for it, where one namespace of a real API server has all the Ingresses of a
// big cluster. Beside it stands --help, which asks nobody.
func BenchmarkCompletion(b *testing.B) {
	const ingresses = 20000
	cluster, err := sandbox.Start(b.Context(), sandbox.Options{Dir: b.TempDir(), Log: os.Stderr})
	if err != nil {
		b.Fatal(err)
	}
	defer func() {
		if err := cluster.Stop(); err != nil {
			b.Errorf("stopping the sandbox: %v", err)
		}
	}()
	config := cluster.RESTConfig()
	config.QPS, config.WarningHandler = -1, rest.NoWarnings{}
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		b.Fatal(err)
	}
	if err := fill(b.Context(), client, ingresses); err != nil {
		b.Fatal(err)
	}
	for name, c := range map[string]struct {
		args  []string
		lines int
	}{
		"all names":  {[]string{"__complete", "scan", ""}, ingresses + 2},
		"one prefix": {[]string{"__complete", "scan", "app-1234"}, 1 + 10 + 2},
		"help":       {[]string{"--help"}, 0},
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				cmd := exec.CommandContext(b.Context(), os.Args[0], c.args...)
				cmd.Env = append(os.Environ(), "KUBECONFIG="+cluster.Kubeconfig(), asPlugin+"="+filepath.Join(b.TempDir(), "status"))
				said, err := cmd.CombinedOutput()
				if err != nil {
					b.Fatalf("%v\n%s", err, said)
				}
				if lines := strings.Count(string(said), "\n"); c.lines > 0 && lines != c.lines {
					b.Fatalf("%d lines, want %d", lines, c.lines)
				}
			}
		})
	}
}

// fill creates n Ingresses in the namespace default.
func fill(ctx context.Context, client kubernetes.Interface, n int) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(32)
	for i, document := range strings.Split(string(Manifests(n)), "---\n") {
		group.Go(func() error {
			var ingress networkingv1.Ingress
			if err := yaml.Unmarshal([]byte(document), &ingress); err != nil {
				return fmt.Errorf("document %d: %w", i, err)
			}
			ingress.Namespace = metav1.NamespaceDefault
			_, err := client.NetworkingV1().Ingresses(ingress.Namespace).Create(ctx, &ingress, metav1.CreateOptions{})
			return err
		})
	}
	return group.Wait()
}
