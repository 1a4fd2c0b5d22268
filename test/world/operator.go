package world

import (
	"context"
	"fmt"
	"strings"
)

// proxies is the namespace of every edge here.
const proxies = "kube-system"

// operator returns a shell of somebody who has the rights of manifests/operator and no
// others: what they may not do, no cutover may need.
func (w *World) operator(ctx context.Context) (Shell, error) {
	manifests, err := w.Modern.Quiet(ctx, "kustomize", "manifests/operator")
	if err != nil {
		return Shell{}, err
	}
	manifests = strings.ReplaceAll(manifests, "namespace: traefik\n", "namespace: "+proxies+"\n")
	apply := w.Modern.command(ctx, []byte(manifests), []string{"apply", "-f", "-"})
	if out, err := apply.CombinedOutput(); err != nil {
		return Shell{}, fmt.Errorf("apply the operator's rights: %w\n%s", err, out)
	}
	shell := w.Modern
	shell.kubeconfig, err = w.Sandbox.User("operator", "ingress-migrate:operators")
	return shell, err
}
