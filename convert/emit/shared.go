package emit

import (
	"slices"

	"github.com/traefik/traefik/v2/pkg/provider/kubernetes/crd/traefikio/v1alpha1"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
)

// sharedServices finds Services that weighted groups use with different
// settings. Traefik's CRD provider files the members of every group under
// namespace-name-port, so the last group read decides for all of them
// (buildServicesLB in its pkg/provider/kubernetes/crd/kubernetes_http.go).
type sharedServices struct {
	uses  map[sharedKey][]sharedUse
	order []sharedKey
}

type sharedKey struct{ namespace, name, port string }

// sharedUse is an Ingress with a Service in a weighted group.
type sharedUse struct {
	settings string
	object   diag.Object
}

func (s *sharedServices) note(o *owner, in *ir.Service, out *v1alpha1.Service) {
	unweighted := *out
	unweighted.Weight = nil
	use := sharedUse{string(content(unweighted.LoadBalancerSpec, nil)), o.object()}
	key := sharedKey{o.ref.Namespace, in.Name, out.Port.String()}
	if s.uses == nil {
		s.uses = make(map[sharedKey][]sharedUse)
	}
	uses := s.uses[key]
	if len(uses) == 0 {
		s.order = append(s.order, key)
	}
	if len(uses) == 0 || uses[len(uses)-1] != use { // they come Ingress by Ingress
		s.uses[key] = append(uses, use)
	}
}

// findings say so to all Ingresses with such a Service.
func (s *sharedServices) findings() []diag.Diagnostic {
	var out []diag.Diagnostic
	for _, key := range s.order {
		uses := s.uses[key]
		if !slices.ContainsFunc(uses, func(u sharedUse) bool { return u.settings != uses[0].settings }) {
			continue
		}
		uses = slices.CompactFunc(uses, func(a, b sharedUse) bool { return a.object == b.object })
		for _, u := range uses {
			text := "Service " + key.name + " port " + key.port + " is a member of another weighted group with other settings"
			out = append(out, diag.New(diag.WSharedService, u.object, "", text).WithValue(key.name))
		}
	}
	return out
}
