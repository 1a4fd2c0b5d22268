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

func tlsSection(t *ir.TLS) v1alpha1.TLS {
	section := v1alpha1.TLS{SecretName: t.SecretName, CertResolver: t.CertResolver}
	if t.OptionsName != "" {
		section.Options = &v1alpha1.TLSOptionRef{Name: t.OptionsName, Namespace: t.OptionsNamespace}
	}
	for _, domain := range t.Domains {
		section.Domains = append(section.Domains, types.Domain{Main: domain.Main, SANs: slices.Clone(domain.SANs)})
	}
	return section
}

func compareDomains(a, b ir.Domain) int {
	return cmp.Or(strings.Compare(a.Main, b.Main), slices.Compare(a.SANs, b.SANs))
}
