package nginx

import (
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
)

func portText(b *networkingv1.IngressServiceBackend) string {
	if b.Port.Name != "" {
		return b.Port.Name
	}
	return strconv.Itoa(int(b.Port.Number))
}

// service finds a Service. known is false when the input does not say whether it exists.
func (t *translator) service(namespace, serviceName string) (service *corev1.Service, known bool) {
	service = t.services[name{namespace, serviceName}]
	return service, service != nil || t.in.ServicesKnown
}

// resolveService finds the port as the controller does: the first one whose
// number, target port or name is the one of the Ingress. Traefik knows number and
// name only. It returns false when there is none: Traefik drops the route then.
func (t *translator) resolveService(at place, b *networkingv1.IngressServiceBackend) (ir.Service, bool) {
	out := ir.Service{Name: b.Name, PortNumber: b.Port.Number, PortName: b.Port.Name}
	field := at.field() + ".backend"
	s := at.src
	service, known := t.service(s.Namespace, b.Name)
	switch {
	case service == nil && known:
		s.add(finding{code: diag.WNginx503, field: field, value: b.Name, text: "Service " + b.Name + " does not exist"}.diagnostic(s))
		return out, false
	case service == nil:
		if s.unchecked.First(b.Name) {
			s.say(diag.INotChecked, field, "Service "+b.Name+" is not part of the input and taken to exist")
		}
		return out, true
	case service.Spec.Type == corev1.ServiceTypeExternalName:
		s.say(diag.WNginxExternal, field, "Service "+b.Name+" is of type ExternalName: the target needs providers.kubernetesCRD.allowExternalNameServices")
		return out, true
	}
	if t.in.EndpointsKnown && !t.ready[name{s.Namespace, b.Name}] {
		s.add(finding{code: diag.WNginxEmpty, field: field, value: b.Name, text: "Service " + b.Name + " has no ready pod: nginx answers 503, the target drops the route unless allowEmptyServices is set"}.diagnostic(s))
	}
	wanted := portText(b)
	for i := range service.Spec.Ports {
		port := &service.Spec.Ports[i]
		switch {
		case strconv.Itoa(int(port.Port)) == wanted, port.Name == wanted && wanted != "":
			return out, true
		case port.TargetPort.String() == wanted:
			out.PortNumber, out.PortName = port.Port, ""
			s.add(finding{code: diag.WNginxPort, field: field, value: wanted, text: "port " + wanted + " is the target port of port " + strconv.Itoa(int(port.Port))}.diagnostic(s))
			return out, true
		}
	}
	s.add(finding{code: diag.WNginx503, field: field, value: wanted, text: "Service " + b.Name + " has no port " + wanted}.diagnostic(s))
	return out, false
}

// guessed tells whether Traefik could take the port for one that speaks https: it
// guesses from number 443 and from names that begin with https.
func (t *translator) guessed(namespace string, s *ir.Service) bool {
	if s.PortNumber == 443 || strings.HasPrefix(s.PortName, "https") {
		return true
	}
	service, _ := t.service(namespace, s.Name)
	if service == nil {
		return true
	}
	for i := range service.Spec.Ports {
		port := &service.Spec.Ports[i]
		if port.Port == s.PortNumber || port.Name == s.PortName && s.PortName != "" {
			return port.Port == 443 || strings.HasPrefix(port.Name, "https")
		}
	}
	return false
}

// serviceOn is the Service of a location for requests over http or https.
func (t *translator) serviceOn(l *location, service ir.Service, https bool) ir.Service {
	b := &l.settings().backend
	service.Scheme, service.Transport = b.scheme(https)
	if service.Scheme == "http" && !t.guessed(l.at.src.Namespace, &service) {
		service.Scheme = ""
	}
	service.Strategy = b.strategy
	service.NativeLB = b.nativeLB
	return service
}
