package setup

import (
	"context"
	"fmt"
	"strings"
	"time"

	"k8s.io/client-go/discovery"

	"github.com/ingress-migrate/kubectl-ingress-migrate/webhook/cluster"
)

const askForKinds = 2 * time.Second

// waitForKinds returns when the API server serves every kind that is written.
// Until then the process is alive and not ready; waits is told what for.
func waitForKinds(ctx context.Context, c Config, waits func(what string)) error {
	client, err := discovery.NewDiscoveryClientForConfig(c.REST)
	if err != nil {
		return fmt.Errorf("make client: %w", err)
	}
	ticker := time.NewTicker(askForKinds)
	defer ticker.Stop()
	last := ""
	for {
		missing := missingKinds(client, c.group())
		if missing == "" {
			return nil
		}
		if missing != last {
			c.Log.Info("waiting for Traefik's custom resource definitions: install them", "missing", missing)
			waits(missing)
			last = missing
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("stopped while waiting for %s: %w", missing, ctx.Err())
		case <-ticker.C:
		}
	}
}

func missingKinds(client discovery.DiscoveryInterface, group string) string {
	gv := group + "/v1alpha1"
	served := map[string]bool{}
	resources, err := client.ServerResourcesForGroupVersion(gv)
	if err == nil {
		for _, resource := range resources.APIResources {
			served[resource.Kind] = true
		}
	}
	var missing []string
	for _, kind := range cluster.Kinds(group) {
		if !served[kind.Kind] {
			missing = append(missing, kind.Kind)
		}
	}
	if len(missing) == 0 {
		return ""
	}
	return strings.Join(missing, ", ") + " of " + gv
}
