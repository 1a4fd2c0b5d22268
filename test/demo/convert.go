package main

import (
	"context"
	"fmt"
	"strings"
)

// entryPoints tell where the sandbox's entry points are: the ports are high,
// because low ones need privileges.
var entryPoints = fmt.Sprintf("--entry-points=http=web:%d,https=websecure:%d:tls", httpPort, httpsPort)

// scanBefore shows how much there is to do: everything.
func (w *world) scanBefore(ctx context.Context) error {
	out, err := w.modern.quiet(ctx, "ingress-migrate", "scan", "-A", entryPoints)
	if err == nil {
		return fmt.Errorf("scan found nothing to do although no Ingress has been converted yet:\n%s", out)
	}
	lines := strings.Split(strings.TrimSpace(out), "\n")
	fmt.Fprintf(w.out, "  $ kubectl ingress-migrate scan -A %s\n", entryPoints)
	for i, line := range lines {
		if i < 6 || i >= len(lines)-3 {
			fmt.Fprintf(w.out, "    %s\n", line)
		} else if i == 6 {
			fmt.Fprintf(w.out, "    …\n")
		}
	}
	return nil
}

// installWebhook installs the webhook in one line and lets a pipeline that knows
// nothing of it apply more Ingresses.
func (w *world) installWebhook(ctx context.Context) error {
	if err := w.modern.run(ctx, nil, "ingress-migrate", "webhook", "install", "--image", webhookImage, entryPoints); err != nil {
		return err
	}
	if err := w.modern.run(ctx, ingressesAfter, "apply", "-f", "-"); err != nil {
		return err
	}
	return w.modern.run(ctx, nil, "get", "ingresses,ingressroutes.traefik.io", "-n", "tv")
}

// scanUntilClean waits for the webhook's first pass over the Ingresses that are
// older than it, and shows that nothing is left to do. From here on the entry
// points are known: scan asks the webhook's options.
func (w *world) scanUntilClean(ctx context.Context) error {
	if err := poll(ctx, "a clean scan", func() error {
		_, err := w.modern.quiet(ctx, "ingress-migrate", "scan", "-A")
		return err
	}); err != nil {
		return err
	}
	return w.modern.run(ctx, nil, "ingress-migrate", "scan", "-A")
}
