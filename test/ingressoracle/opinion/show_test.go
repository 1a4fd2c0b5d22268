//go:build !traefik36

package opinion

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/ingress-migrate/kubectl-ingress-migrate/test/oracle/world"
)

// show writes the Ingresses of a set in a few lines.
func show(set *world.Set) string {
	var b strings.Builder
	for _, ingress := range set.Ingresses {
		fmt.Fprintf(&b, "%s, %s", world.ID(ingress), ingress.CreationTimestamp.Format("01-02"))
		for _, name := range slices.Sorted(maps.Keys(ingress.Annotations)) {
			fmt.Fprintf(&b, " %s=%q", strings.TrimPrefix(name, prefix), ingress.Annotations[name])
		}
		for _, tls := range ingress.Spec.TLS {
			fmt.Fprintf(&b, " tls %v %s", tls.Hosts, tls.SecretName)
		}
		if d := ingress.Spec.DefaultBackend; d != nil {
			fmt.Fprintf(&b, " default %s", d.Service.Name)
		}
		b.WriteString("\n")
		for _, rule := range ingress.Spec.Rules {
			if rule.HTTP == nil {
				fmt.Fprintf(&b, "  %q\n", rule.Host)
				continue
			}
			for _, p := range rule.HTTP.Paths {
				kind := "-"
				if p.PathType != nil {
					kind = string(*p.PathType)
				}
				fmt.Fprintf(&b, "  %q %q %s -> %s:%d%s\n", rule.Host, p.Path, kind, p.Backend.Service.Name, p.Backend.Service.Port.Number, p.Backend.Service.Port.Name)
			}
		}
	}
	return b.String()
}
