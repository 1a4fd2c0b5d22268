package emit

import (
	"github.com/traefik/traefik/v2/pkg/provider/kubernetes/crd/traefikio/v1alpha1"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
)

// sharedServices finds Services that weighted groups use with different
// settings. Traefik's CRD provider files the members of every group under
// namespace-name-port, so the last group read decides for all of them
// (buildServicesLB in its pkg/provider/kubernetes/crd/kubernetes_http.go).
type sharedServices struct {
	settings map[sharedKey]string
}

type sharedKey struct{ namespace, name, port string }

func (s *sharedServices) check(o *owner, in *ir.Service, out *v1alpha1.Service) {
	unweighted := *out
	unweighted.Weight = nil
	settings := string(content(unweighted.LoadBalancerSpec, nil))
	key := sharedKey{o.ref.Namespace, in.Name, out.Port.String()}
	before, seen := s.settings[key]
	if !seen {
		if s.settings == nil {
			s.settings = make(map[sharedKey]string)
		}
		s.settings[key] = settings
		return
	}
	if before != settings {
		o.report(diag.WSharedService, "", "Service "+in.Name+" port "+key.port+" is a member of another weighted group with other settings").Value = in.Name
	}
}
