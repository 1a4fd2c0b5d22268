package emit

import (
	"cmp"
	"slices"
	"strings"

	"github.com/traefik/traefik/v2/pkg/provider/kubernetes/crd/traefikio/v1alpha1"
	"github.com/traefik/traefik/v2/pkg/types"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
)

// priority is never zero, which would mean the length of the match.
func priority(r *ir.Route) int {
	if r.Priority == 0 {
		return 1
	}
	return r.Priority
}

func tlsSection(t *ir.TLS, namespace string) v1alpha1.TLS {
	section := v1alpha1.TLS{SecretName: t.SecretName, CertResolver: t.CertResolver}
	if t.OptionsName != "" {
		section.Options = &v1alpha1.TLSOptionRef{Name: t.OptionsName, Namespace: t.OptionsNamespace}
		if strings.Contains(t.OptionsName, "@") {
			// Options of another provider have none, but Traefik 3.6.12 takes an empty
			// one for another namespace than the route's and drops the route
			// (pkg/provider/kubernetes/crd/kubernetes_http.go); later versions ignore it.
			section.Options.Namespace = namespace
		}
	}
	for _, domain := range t.Domains {
		section.Domains = append(section.Domains, types.Domain{Main: domain.Main, SANs: slices.Clone(domain.SANs)})
	}
	return section
}

func compareDomains(a, b ir.Domain) int {
	return cmp.Or(strings.Compare(a.Main, b.Main), slices.Compare(a.SANs, b.SANs))
}
