package emitnginx

import (
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
)

// services settles where the requests go: one Service, or two of which one gets
// its share as a canary.
func (b *builder) services() {
	backend := b.route.Backend
	services := serving(backend.Services)
	switch {
	case len(services) == 0 && len(backend.Services) > 0:
		services = backend.Services[:1]
	case len(services) == 0:
		// An Ingress needs one, though nobody asks it.
		b.answer.backend = plainService(b.o.all.sibling(b.route))
		return
	case len(services) > 2:
		b.answer.backend = plainService(services[0])
		b.block(diag.EToNginxWeights, strconv.Itoa(len(services))+" Services share the requests, and nginx has one canary beside the main one")
		return
	}
	first := services[0]
	b.answer.backend = plainService(first)
	if len(services) == 2 {
		b.share(services[0], services[1])
	}
	b.protocol(&first)
	for _, other := range services[1:] {
		if b.schemeOf(&other) != b.schemeOf(&first) {
			b.block(diag.EToNginxWeights, "the two Services speak different protocols, and nginx has one for a path")
		}
	}
	b.hostHeader(&first)
	b.balance(&first)
	sticky := backend.Sticky
	if sticky == nil {
		sticky = first.Sticky
	}
	b.sticky(sticky)
	if backend.Mirror != nil {
		b.say(diag.WToNginxBackend, "requests are no longer copied to Service "+backend.Mirror.Service.Name)
	}
}

// serving are the Services that get requests, each once.
func serving(all []ir.Service) []ir.Service {
	out := make([]ir.Service, 0, len(all))
	for _, s := range all {
		if s.Weight != nil && *s.Weight <= 0 {
			continue
		}
		i := slices.IndexFunc(out, func(other ir.Service) bool { return plainService(other) == plainService(s) })
		if i < 0 {
			out = append(out, s)
			continue
		}
		if out[i].Weight != nil && s.Weight != nil {
			sum := *out[i].Weight + *s.Weight
			out[i].Weight = &sum
		}
	}
	return out
}

// plainService is what an Ingress says of a Service.
func plainService(s ir.Service) ir.Service {
	return ir.Service{Name: s.Name, PortNumber: s.PortNumber, PortName: s.PortName}
}

// protocol says how nginx talks to the pods. It detects nothing, Traefik takes
// https for port 443 and for ports that are called https….
func (b *builder) protocol(s *ir.Service) {
	switch b.schemeOf(s) {
	case "https":
		b.set("backend-protocol", "HTTPS")
		b.say(diag.WToNginxBackend, "nginx does not verify the certificate of the backend unless proxy-ssl-secret and proxy-ssl-verify say so")
	case "h2c":
		b.set("backend-protocol", "GRPC")
		b.say(diag.WToNginxBackend, "nginx speaks HTTP/2 to a backend for gRPC alone")
	}
	if s.TransportName != "" {
		b.say(diag.WToNginxBackend, "the ServersTransport "+s.TransportName+" is not read: say with proxy-ssl-* what it says")
	}
}

func (b *builder) schemeOf(s *ir.Service) string {
	if s.Scheme != "" {
		return s.Scheme
	}
	if port := b.o.all.port(b.o.ref.Namespace, s); port.Port == 443 || strings.HasPrefix(port.Name, "https") {
		return "https"
	}
	return "http"
}

// port is what is known of a Service's port.
func (all *owners) port(namespace string, s *ir.Service) corev1.ServicePort {
	if known := all.services[ir.Ref{Namespace: namespace, Name: s.Name}]; known != nil {
		for _, p := range known.Spec.Ports {
			if s.PortName != "" && p.Name == s.PortName || s.PortName == "" && p.Port == s.PortNumber {
				return p
			}
		}
	}
	return corev1.ServicePort{Name: s.PortName, Port: s.PortNumber}
}

func (b *builder) hostHeader(s *ir.Service) {
	if s.PassHostHeader == nil || *s.PassHostHeader {
		return
	}
	known := b.o.all.services[ir.Ref{Namespace: b.o.ref.Namespace, Name: s.Name}]
	if known != nil && known.Spec.Type == corev1.ServiceTypeExternalName {
		b.set("upstream-vhost", known.Spec.ExternalName)
		return
	}
	b.say(diag.WToNginxBackend, "the backend gets the client's Host header in place of its own address")
}

func (b *builder) balance(s *ir.Service) {
	switch s.Strategy {
	case "p2c", "leasttime":
		b.set("load-balance", "ewma")
		b.say(diag.WToNginxBackend, "the least busy pod is chosen by a moving average of its answers' times")
	case "hrw":
		b.set("upstream-hash-by", "$remote_addr")
		b.say(diag.WToNginxBackend, "clients are spread by another hash of their address: each gets a new pod once")
	}
	if s.NativeLB {
		b.set("service-upstream", "true")
	}
	if s.NodePortLB {
		b.say(diag.WToNginxBackend, "requests go to the pods in place of the port on the nodes")
	}
}

func (b *builder) sticky(s *ir.Sticky) {
	if s == nil {
		return
	}
	b.set("affinity", "cookie")
	b.set("session-cookie-name", s.CookieName)
	path := s.Path
	if path == "" {
		path = "/"
	}
	b.set("session-cookie-path", path)
	if s.Secure {
		b.set("session-cookie-secure", "true")
	}
	if s.SameSite != "" {
		b.set("session-cookie-samesite", strings.ToUpper(s.SameSite[:1])+s.SameSite[1:])
	}
	if s.Domain != "" {
		b.set("session-cookie-domain", s.Domain)
	}
	if s.MaxAge != 0 {
		b.set("session-cookie-max-age", strconv.Itoa(s.MaxAge))
	}
	b.say(diag.WToNginxSticky, "")
}
