package emit

import (
	"strings"

	"github.com/traefik/traefik/v2/pkg/provider/kubernetes/crd/traefikio/v1alpha1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
)

// passthrough writes the IngressRouteTCP that leaves TLS to the Service.
func (o *owner) passthrough(p *ir.Passthrough) {
	var match []byte
	for i, host := range p.Hosts {
		if host == "" || strings.ContainsFunc(host, func(r rune) bool { return r > '~' || r == '*' }) {
			o.report(diag.ERuleTarget, "", "TLS passthrough for host "+host+" cannot be written as a rule").Blocking = true
			return
		}
		if i > 0 {
			match = append(match, " || "...)
		}
		match = call(match, "HostSNI", strings.ToLower(host))
	}
	port := intstr.FromInt32(p.Service.PortNumber)
	if p.Service.PortName != "" {
		port = intstr.FromString(p.Service.PortName)
	}
	object := &v1alpha1.IngressRouteTCP{Spec: v1alpha1.IngressRouteTCPSpec{
		EntryPoints: p.EntryPoints,
		Routes: []v1alpha1.RouteTCP{{
			Match:    string(match),
			Services: []v1alpha1.ServiceTCP{{Name: p.Service.Name, Port: port}},
		}},
		TLS: &v1alpha1.TLSTCP{Passthrough: true},
	}}
	name := taggedName(o.ref.Namespace, o.ref.Name, "passthrough-"+strings.Join(p.Hosts, "-"))
	o.meta(routeTCPKind, name, &object.TypeMeta, &object.ObjectMeta)
	o.ingressRoutes = append(o.ingressRoutes, object)
}
