package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/ingress-migrate/kubectl-ingress-migrate/test/sandbox/binaries"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/sandbox/kubelet"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/world"
)

// entryPoints tell where the sandbox's entry points are: the ports are high,
// because low ones need privileges.
var entryPoints = fmt.Sprintf("--entry-points=http=web:%d,https=websecure:%d:tls", world.HTTPPort, world.HTTPSPort)

// webhookImage stands for the project's own image on the sandbox's nodes.
const webhookImage = "ghcr.io/ingress-migrate/ingress-migrate-webhook:demo"

// scanBefore shows how much there is to do: everything.
func (s *story) scanBefore(ctx context.Context) error {
	out, err := s.Modern.Quiet(ctx, "ingress-migrate", "scan", "-A", entryPoints)
	if err == nil {
		return fmt.Errorf("scan found nothing to do although no Ingress has been converted yet:\n%s", out)
	}
	lines := strings.Split(strings.TrimSpace(out), "\n")
	fmt.Fprintf(s.Out, "  $ kubectl ingress-migrate scan -A %s\n", entryPoints)
	for i, line := range lines {
		if i < 6 || i >= len(lines)-3 {
			fmt.Fprintf(s.Out, "    %s\n", line)
		} else if i == 6 {
			fmt.Fprintf(s.Out, "    …\n")
		}
	}
	return nil
}

// installWebhook installs the webhook in one line and lets a pipeline that knows
// nothing of it apply more Ingresses.
func (s *story) installWebhook(ctx context.Context) error {
	program, err := binaries.Build(ctx, s.Out, "./cmd/ingress-migrate-webhook")
	if err != nil {
		return err
	}
	s.Sandbox.SetImage(webhookImage, kubelet.Program{Path: program})
	if err := s.Modern.Run(ctx, nil, "ingress-migrate", "webhook", "install", "--image", webhookImage, entryPoints); err != nil {
		return err
	}
	for _, text := range s.shops.Later {
		if err := s.Modern.Run(ctx, text, "apply", "-f", "-"); err != nil {
			return err
		}
	}
	return s.Modern.Run(ctx, nil, "get", "ingresses,ingressroutes.traefik.io", "-n", "tv")
}

// scanUntilClean waits for the webhook's first pass over the Ingresses that are
// older than it, and shows that nothing is left to do. From here on the entry
// points are known: scan asks the webhook's options.
func (s *story) scanUntilClean(ctx context.Context) error {
	if err := world.Poll(ctx, "a clean scan", func() error {
		_, err := s.Modern.Quiet(ctx, "ingress-migrate", "scan", "-A")
		return err
	}); err != nil {
		return err
	}
	return s.Modern.Run(ctx, nil, "ingress-migrate", "scan", "-A")
}
