package emitnginx

import (
	"maps"
	"slices"
	"strings"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
)

// settings are what only the controller's ConfigMap can say.
func (all *owners) settings(any bool) []diag.Diagnostic {
	if !any {
		return nil
	}
	about := diag.Object{Kind: "ConfigMap", Name: "ingress-nginx-controller"}
	out := []diag.Diagnostic{
		diag.New(diag.WToNginxConfigMap, about, "data.hsts", `set to "false": nginx sends Strict-Transport-Security with every answer over TLS, Traefik does not`),
		diag.New(diag.IToNginxDefaults, about, "", ""),
	}
	if all.forwarded {
		out = append(out, diag.New(diag.WToNginxConfigMap, about, "data.use-forwarded-headers",
			`set to "true" if a load balancer ends TLS: otherwise the redirect to https goes on for ever`))
	}
	names := map[string]bool{}
	for _, o := range all.list {
		for _, g := range o.groups {
			for name := range g.headers {
				names[name] = true
			}
		}
	}
	if len(names) > 0 {
		out = append(out, diag.New(diag.WToNginxConfigMap, about, "data.global-allowed-response-headers",
			"has to list "+strings.Join(slices.Sorted(maps.Keys(names)), ",")+": nginx answers 503 otherwise"))
	}
	return out
}
