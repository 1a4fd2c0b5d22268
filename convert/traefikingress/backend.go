package traefikingress

import (
	"crypto/sha1"
	"encoding/hex"
	"slices"
	"strconv"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
)

// target is where a path leads.
type target struct {
	service ir.Service
	filters []ir.Filter
	// skipped: the provider passes the path over. dead: it has a router that is
	// not emitted, withheld: although it works. All are said already.
	skipped, dead, withheld bool
	// empty: the provider passes the path over as long as the Service has no
	// endpoints; so does the CRD provider with the route.
	empty bool
}

// backend is where a path leads.
func (t *translator) backend(at place, in *networkingv1.IngressBackend) target {
	switch {
	case in.Resource != nil:
		at.lose(diag.EResourceBackend, at.backendField()+".resource", "a resource backend is not served by Traefik")
		return target{skipped: true}
	case in.Service == nil:
		at.lose(diag.WTraefikDrop, at.backendField(), "there is no backend")
		return target{skipped: true}
	}
	out := ir.Service{Name: in.Service.Name, PortName: in.Service.Port.Name, PortNumber: in.Service.Port.Number}
	s := t.services[name{at.src.Namespace, in.Service.Name}]
	if s == nil {
		if t.in.ServicesKnown {
			at.lose(diag.WNoService, at.backendField(), "Service "+in.Service.Name+" does not exist")
			return target{skipped: true}
		}
		if at.src.unchecked.First(in.Service.Name) {
			at.src.say(diag.INotChecked, at.backendField(), "Service "+in.Service.Name+" is not part of the input: taken to exist, and to have no annotations")
		}
		out.NativeLB = t.facts.NativeLBByDefault
		return target{service: out}
	}
	t.readService(s)
	for _, d := range s.findings {
		at.src.add(d)
	}
	switch {
	case s.refused != "" && !s.registered:
		at.lose(diag.WTraefikDrop, at.backendField(), s.refused)
		return target{skipped: true}
	case !t.fill(at, &out, s):
		return target{skipped: true}
	}
	empty := t.empty(s, &out)
	switch {
	case !empty || !t.facts.AllowEmptyServices:
	case t.source.major == 2 && t.endpoints[name{s.Namespace, s.Name}] == nil:
		// pkg/provider/kubernetes/ingress of Traefik 2: the option is for Endpoints without addresses.
		at.src.say(diag.WTraefikFlag, at.backendField(), "Service "+s.Name+" has no Endpoints object: Traefik 2 has no route to it even with allowEmptyServices, Traefik 3 answers 503")
	default:
		at.src.say(diag.WTraefikFlag, at.backendField(), "Service "+s.Name+" has no endpoints: the target needs allowEmptyServices to answer 503 and not 404")
		empty = false
	}
	switch {
	case s.withheld != "":
		at.withhold(s.withheld, at.backendField(), s.refused+", so requests are answered 403")
	case s.refused != "":
		at.lose(diag.WTraefikDrop, at.backendField(), s.refused)
	}
	return target{service: out, filters: s.filters, dead: s.refused != "", withheld: s.withheld != "", empty: empty}
}

// fill completes a backend with what its Service says.
func (t *translator) fill(at place, out *ir.Service, s *service) bool {
	port := findPort(s.Service, out)
	external := s.Spec.Type == corev1.ServiceTypeExternalName
	switch {
	case external && !t.facts.AllowExternalNameServices:
		at.lose(diag.WTraefikDrop, at.backendField(), "Service "+s.Name+" is an ExternalName, which Traefik does not serve without allowExternalNameServices")
		return false
	case port == nil:
		at.lose(diag.WTraefikDrop, at.backendField(), "Service "+s.Name+" has no port "+portText(out))
		return false
	}
	if external {
		at.src.say(diag.WTraefikFlag, at.backendField(), "Service "+s.Name+" is an ExternalName: the target needs allowExternalNameServices")
	}
	out.Scheme, out.TransportName = s.config.scheme, s.transport
	if pass := s.config.passHostHeader; pass != nil && !*pass {
		out.PassHostHeader = pass
	}
	if s.config.sticky != nil {
		out.Sticky = t.sticky(at, s.config.sticky, out)
	}
	return t.balance(at, out, s)
}

// balance settles which addresses the requests go to.
//
//	         Traefik 2                   Traefik 3
//	first    nativelb                    nodeportlb of a NodePort Service
//	then     ExternalName                ExternalName
//	then     pods                        nativelb (or nativeLBByDefault)
//	then                                 pods
func (t *translator) balance(at place, out *ir.Service, s *service) bool {
	external := s.Spec.Type == corev1.ServiceTypeExternalName
	native := s.config.nativeLB != nil && *s.config.nativeLB
	if t.source.major > 2 {
		if s.config.nodePortLB && s.Spec.Type == corev1.ServiceTypeNodePort {
			if t.facts.DisableClusterScopeResources {
				at.lose(diag.WTraefikDrop, at.backendField(), "Traefik does not look nodes up, which Service "+s.Name+" asks for")
				return false
			}
			out.NodePortLB = true
			return true
		}
		if s.config.nativeLB == nil {
			native = t.facts.NativeLBByDefault && !t.source.before(release{3, 1, 0})
		}
		native = native && !external
	}
	if native && (external || s.Spec.ClusterIP == corev1.ClusterIPNone) {
		at.lose(diag.WTraefikDrop, at.backendField(), "Service "+s.Name+" has no cluster address, which nativelb needs")
		return false
	}
	out.NativeLB = native
	return true
}

// sticky names the cookie: the name that Traefik makes is another one for the
// services of IngressRoutes.
func (t *translator) sticky(at place, in *ir.Sticky, backend *ir.Service) *ir.Sticky {
	if in.CookieName != "" {
		return in
	}
	out := *in
	out.CookieName = cookieName(at.serviceKey(backend) + "@kubernetes")
	at.src.say(diag.ITraefikSticky, at.backendField(), "the sticky cookie of Service "+backend.Name+" is called "+out.CookieName)
	return &out
}

// serviceKey is what the provider calls the service of a backend.
func (p place) serviceKey(backend *ir.Service) string {
	if p.rule < 0 {
		return "default-backend"
	}
	return normalize(p.src.Namespace + "-" + backend.Name + "-" + portText(backend))
}

// cookieName is pkg/server/cookie.GenerateName.
func cookieName(service string) string {
	sum := sha1.Sum([]byte("_TRAEFIK_BACKEND_" + service))
	return "_" + hex.EncodeToString(sum[:])[:5]
}

// findPort is the port of a Service that a backend means; there is no look at
// target ports.
func findPort(s *corev1.Service, backend *ir.Service) *corev1.ServicePort {
	for i := range s.Spec.Ports {
		p := &s.Spec.Ports[i]
		if backend.PortNumber == p.Port || backend.PortName == p.Name && p.Name != "" {
			return p
		}
	}
	return nil
}

func portText(backend *ir.Service) string {
	if backend.PortName != "" {
		return backend.PortName
	}
	return strconv.Itoa(int(backend.PortNumber))
}

// empty tells whether it is known that a Service has no endpoint at the moment.
func (t *translator) empty(s *service, backend *ir.Service) bool {
	port := findPort(s.Service, backend)
	if !t.in.EndpointsKnown || backend.NativeLB || backend.NodePortLB || port == nil || s.Spec.Type == corev1.ServiceTypeExternalName {
		return false
	}
	if e := t.endpoints[name{s.Namespace, s.Name}]; e != nil {
		for _, subset := range e.Subsets {
			if len(subset.Addresses) > 0 && slices.ContainsFunc(subset.Ports, func(p corev1.EndpointPort) bool { return p.Name == port.Name }) {
				return false
			}
		}
	}
	return true
}
