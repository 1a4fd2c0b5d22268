package emit

import (
	"github.com/traefik/traefik/v2/pkg/provider/kubernetes/crd/traefikio/v1alpha1"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
)

// errorPages writes the errors middleware. Traefik 3 (pkg/provider/kubernetes/crd,
// createErrorPageMiddleware) takes the pages from a Kubernetes Service whatever
// the kind says, and disables the router when there is none of the name of a
// TraefikService. So there the Service with the greatest share has all of them.
func (o *owner) errorPages(f ir.ErrorPages) *v1alpha1.ErrorPage {
	pages := &v1alpha1.ErrorPage{Status: f.Status, Query: f.Query}
	services := f.Service.Services
	if o.all.target.Version != V3 || len(services) == 0 {
		pages.Service = o.service(f.Service)
		return pages
	}
	best := &services[0]
	for i := range services[1:] {
		if s := &services[1+i]; share(s) > share(best) {
			best = s
		}
	}
	if len(services) > 1 {
		o.report(diag.WErrPageChain, "", "Traefik 3 takes error pages from one Service only: all come from "+best.Name)
	}
	pages.Service = o.one(best)
	return pages
}

func share(s *ir.Service) int {
	if s.Weight == nil {
		return 1
	}
	return *s.Weight
}
