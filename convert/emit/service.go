package emit

import (
	"encoding/json"

	"github.com/traefik/traefik/v2/pkg/config/dynamic"
	"github.com/traefik/traefik/v2/pkg/provider/kubernetes/crd/traefikio/v1alpha1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
)

// noopService is Traefik's own service that answers 418. A route whose filters
// answer every request themselves still needs a service, or Traefik disables it.
const noopService = "noop@internal"

// service returns the entry that stands for the whole backend in a route or
// middleware: the Service itself, or a TraefikService when there are several or
// one cookie over them.
func (o *owner) service(b ir.Backend) v1alpha1.Service {
	switch {
	case b.Mirror != nil:
		return v1alpha1.Service{LoadBalancerSpec: v1alpha1.LoadBalancerSpec{Name: o.mirroring(b), Kind: "TraefikService"}}
	case len(b.Services) == 0:
		return v1alpha1.Service{LoadBalancerSpec: v1alpha1.LoadBalancerSpec{Name: noopService, Kind: "TraefikService"}}
	case len(b.Services) == 1 && b.Sticky == nil:
		return o.one(&b.Services[0])
	}
	return v1alpha1.Service{LoadBalancerSpec: v1alpha1.LoadBalancerSpec{Name: o.weighted(b), Kind: "TraefikService"}}
}

// services is what a route with the backend lists. Routes that share their one
// Service share the list: they come from one path, for plain text and for TLS.
func (o *owner) services(b ir.Backend) []v1alpha1.Service {
	const few = 16
	if len(b.Services) != 1 || b.Sticky != nil || b.Mirror != nil {
		return o.all.made.services.One(o.service(b))
	}
	for i := range o.all.listed {
		if l := &o.all.listed[i]; l.of == &b.Services[0] {
			return l.services
		}
	}
	services := o.all.made.services.One(o.one(&b.Services[0]))
	if len(o.all.listed) < few {
		o.all.listed = append(o.all.listed, listedService{&b.Services[0], services})
	}
	return services
}

// listedService is a Service and the list that it is in.
type listedService struct {
	of       *ir.Service
	services []v1alpha1.Service
}

func (o *owner) one(s *ir.Service) v1alpha1.Service {
	spec := v1alpha1.LoadBalancerSpec{
		Name: s.Name, Port: intstr.FromInt32(s.PortNumber), Scheme: s.Scheme, PassHostHeader: s.PassHostHeader,
	}
	if s.PortName != "" {
		spec.Port = intstr.FromString(s.PortName)
	}
	if s.Sticky != nil {
		spec.Sticky = o.sticky(s.Sticky)
	}
	if s.FlushInterval != "" {
		spec.ResponseForwarding = &dynamic.ResponseForwarding{FlushInterval: s.FlushInterval}
	}
	if s.Transport != nil {
		spec.ServersTransport = o.transport(s.Transport)
	}
	if s.TransportName != "" {
		spec.ServersTransport = s.TransportName
	}
	spec.NativeLB = s.NativeLB
	spec.Strategy = o.strategy(s.Strategy)
	return v1alpha1.Service{LoadBalancerSpec: spec}
}

// weighted makes the TraefikService for b, once for equal backends, and returns its name.
func (o *owner) weighted(b ir.Backend) string {
	spec := v1alpha1.TraefikServiceSpec{Weighted: &v1alpha1.WeightedRoundRobin{}}
	if b.Sticky != nil {
		spec.Weighted.Sticky = o.sticky(b.Sticky)
		if b.Sticky.SameSite != "" && o.all.target.Version == V2 {
			o.loseSticky("SameSite " + b.Sticky.SameSite + ", since it is over several Services") // pkg/server/service/loadbalancer/wrr
		}
	}
	for i := range b.Services {
		s := o.one(&b.Services[i])
		s.Weight = b.Services[i].Weight
		o.all.shared.note(o, &b.Services[i], &s)
		spec.Weighted.Services = append(spec.Weighted.Services, s)
	}
	name, isNew := o.named("weighted", content(spec, v3Cookies(b)))
	if isNew {
		object := &v1alpha1.TraefikService{Spec: spec}
		o.meta("TraefikService", name, &object.TypeMeta, &object.ObjectMeta)
		o.weightedServices = append(o.weightedServices, withCookies(object, weightedCookies(b), o.all.target))
	}
	return name
}

func (o *owner) transport(t *ir.Transport) string {
	spec := v1alpha1.ServersTransportSpec{
		ServerName: t.ServerName, InsecureSkipVerify: t.InsecureSkipVerify,
		RootCAsSecrets: t.RootCASecrets, CertificatesSecrets: t.CertificatesSecrets,
		DisableHTTP2: t.DisableHTTP2,
	}
	if t.DialTimeout != "" {
		timeout := intstr.FromString(t.DialTimeout)
		spec.ForwardingTimeouts = &v1alpha1.ForwardingTimeouts{DialTimeout: &timeout}
	}
	name, isNew := o.named("transport", content(spec, nil))
	if isNew {
		object := &v1alpha1.ServersTransport{Spec: spec}
		o.meta("ServersTransport", name, &object.TypeMeta, &object.ObjectMeta)
		o.transports = append(o.transports, object)
	}
	return name
}

// content is what a name's second hash is taken of: the spec as JSON (map keys
// are sorted there), and what Traefik 2's types have no field for.
func content(spec any, extra []ir.Sticky) []byte {
	text, err := json.Marshal(spec)
	if err != nil {
		// Strings, numbers and maps of strings always marshal; if that ever
		// changes, equal specs would merely stop sharing one object's name.
		text = append(text, err.Error()...)
	}
	for _, s := range extra {
		if more, err := json.Marshal(s); err == nil {
			text = append(text, more...)
		}
	}
	return text
}
