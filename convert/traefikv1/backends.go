package traefikv1

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
)

// backend is where a frontend's requests go: the pods of all Services that paths
// of its key list, and what the annotations of the last of them ask.
type backend struct {
	namespace, key string
	members        []*member
	firstMember    [1]*member // room for what members nearly always are
	// last is the Service whose annotations hold for the whole backend; nil: unknown.
	last   *corev1.Service
	lastAt place
	// lasts are the last Services of the Ingresses before the one of lastAt.
	lasts []lasting

	// What the annotations of the Service ask, see serviceannotations.go.
	sticky    *ir.Sticky
	maxConn   *ir.InFlightReq
	breaker   *ir.CircuitBreaker
	buffering *ir.Buffering
	flush     string
	// servers is the number of servers, 0 when it is not known.
	servers int
}

// member is one Service of a backend.
type member struct {
	at       place
	name     string
	port     networkingv1.ServiceBackendPort
	service  *corev1.Service // nil: not known
	protocol string          // annotation protocol, unescaped
	https    bool            // what Traefik 1.7 detects from the port
	// pods are the servers, nil when they are not known.
	pods []string
	// podsKnown: pods is what there is.
	podsKnown bool
	// noServers: Traefik 1.7 has no server for it and answers 503.
	noServers bool
}

// take adds the Service of one path. service is nil when the input does not have it.
func (b *backend) take(t *translator, at place, service *corev1.Service, serviceName string, port networkingv1.ServiceBackendPort) {
	if b.lastAt.src != nil && b.lastAt.src != at.src {
		b.lasts = append(b.lasts, lasting{b.last, b.lastAt})
	}
	b.last, b.lastAt = service, at
	m := t.made.work.members.New()
	m.at, m.name, m.port, m.service = at, serviceName, normalPort(port), service
	defer b.addMember(m)
	if service == nil {
		m.protocol = at.src.ann.str("protocol", "")
		if at.src.unchecked.First(serviceName) {
			at.src.say(diag.INotChecked, at.backendField(), "Service "+serviceName+" is not part of the input and taken to exist")
		}
		m.checkProtocol()
		return
	}
	found := findPort(service, port)
	if found == nil {
		m.noServers = true
		at.src.add(diag.New(diag.W503, at.src.object(), at.backendField(),
			"Service "+serviceName+" has no port "+portText(port)+": Traefik 1.7 answers 503, the target 404"))
		return
	}
	m.protocol = at.src.ann.str("protocol", "")
	m.https = found.Port == 443 || strings.HasPrefix(found.Name, "https")
	if !m.checkProtocol() {
		return
	}
	m.countPods(t, found)
}

// lasting is a Service whose annotations would hold if its Ingress were loaded last.
type lasting struct {
	service *corev1.Service // nil: unknown
	at      place
}

// reportLasts says that another Ingress decides with its Service, or not, what the
// annotations of Services ask: the Ingress that Traefik 1.7 loads last.
func (b *backend) reportLasts() {
	for i, one := range b.lasts {
		other := lasting{b.last, b.lastAt}
		if i+1 < len(b.lasts) {
			other = b.lasts[i+1]
		}
		if one.service == nil || other.service == nil {
			continue
		}
		names := serviceDifferences(one.service, other.service)
		if len(names) == 0 {
			continue
		}
		text := "shares host and path with Ingress %s, whose Service has another " + strings.Join(names, ", ") + "; in Traefik 1.7 the one that is loaded last decides"
		other.at.src.say(diag.WMerge, other.at.field(), fmt.Sprintf(text, one.at.src.Name))
		one.at.src.say(diag.WMerge, one.at.field(), fmt.Sprintf(text, other.at.src.Name))
	}
}

// serviceDifferences are the names of annotations in which two Services of one
// backend differ.
func serviceDifferences(a, b *corev1.Service) (names []string) {
	if len(a.Annotations) == 0 && len(b.Annotations) == 0 {
		return nil
	}
	first, second := newAnnotations(a.Annotations), newAnnotations(b.Annotations)
	for _, known := range registry {
		if known.Family != familyService || slices.Contains(names, known.Name) {
			continue
		}
		av, aok := first.peek(known.Name)
		bv, bok := second.peek(known.Name)
		if aok != bok || av != bv {
			names = append(names, known.Name)
		}
	}
	slices.Sort(names)
	return names
}

// addMember keeps one entry per Service: a second port of the same Service has
// the same pod names and so replaces the first one in Traefik 1.7.
func (b *backend) addMember(m *member) {
	for i, other := range b.members {
		if other.name != m.name || m.noServers {
			continue
		}
		if other.port != m.port && !other.noServers {
			m.at.src.say(diag.WPodNameCollision, m.at.backendField(),
				"Service "+m.name+" is listed with two ports; Traefik 1.7 keeps one server per pod name, so port "+portText(m.port)+" replaces "+portText(other.port))
		}
		b.members[i] = m
		return
	}
	if b.members == nil {
		b.members = b.firstMember[:0]
	}
	b.members = append(b.members, m)
}

// checkProtocol refuses a protocol that Traefik 1.7 does not know.
func (m *member) checkProtocol() bool {
	switch m.protocol {
	case "", "http", "https", "h2c":
		return true
	}
	m.noServers = true
	m.at.src.sayOf(diag.W503, "protocol", "protocol is none of http, https, h2c: Traefik 1.7 has no server for Service "+m.name)
	return false
}

// countPods lists the servers of a port as Traefik 1.7 names them.
func (m *member) countPods(t *translator, port *corev1.ServicePort) {
	if m.service.Spec.Type == corev1.ServiceTypeExternalName {
		m.pods, m.podsKnown = []string{m.service.Spec.ExternalName}, true
		m.at.src.say(diag.IExtNamePort, m.at.backendField(), "Service "+m.name+" is an ExternalName, which the target only serves with allowExternalNameServices")
		return
	}
	if !t.in.EndpointsKnown {
		return
	}
	m.podsKnown = true
	endpoints := t.endpoints[name{m.service.Namespace, m.service.Name}]
	if endpoints == nil {
		return
	}
	for _, subset := range endpoints.Subsets {
		number := endpointPort(*port, subset.Ports)
		if number == 0 {
			continue
		}
		for _, address := range subset.Addresses {
			pod := address.IP + ":" + strconv.Itoa(int(number))
			if address.TargetRef != nil && address.TargetRef.Name != "" {
				pod = address.TargetRef.Name
			}
			m.pods = append(m.pods, pod)
		}
	}
}

// endpointPort is the port of a subset by equal name; a subset without ports has
// the one of the Service.
func endpointPort(port corev1.ServicePort, ports []corev1.EndpointPort) int32 {
	if len(ports) == 0 {
		return port.Port
	}
	for _, p := range ports {
		if p.Name == port.Name {
			return p.Port
		}
	}
	return 0
}

// findPort finds the port of a Service by number, or by name. A name that is a
// number counts as one.
func findPort(service *corev1.Service, port networkingv1.ServiceBackendPort) *corev1.ServicePort {
	wanted := normalPort(port)
	text := portText(port)
	for i := range service.Spec.Ports {
		p := &service.Spec.Ports[i]
		if p.Port == wanted.Number || p.Name != "" && p.Name == text {
			return p
		}
	}
	return nil
}

// normalPort turns a port name that is a number into a port number.
func normalPort(port networkingv1.ServiceBackendPort) networkingv1.ServiceBackendPort {
	if port.Name == "" {
		return port
	}
	if number, err := strconv.ParseInt(port.Name, 10, 32); err == nil {
		return networkingv1.ServiceBackendPort{Number: int32(number)}
	}
	return networkingv1.ServiceBackendPort{Name: port.Name}
}

func portText(port networkingv1.ServiceBackendPort) string {
	if port.Name != "" {
		return port.Name
	}
	return strconv.Itoa(int(port.Number))
}

// wire checks what the server does with the backend.
func (b *backend) wire(t *translator) []finding {
	b.reportLasts()
	b.removeCollisions()
	for _, m := range b.members {
		b.servers += len(m.pods)
	}
	problems := b.readService()
	if len(b.serving()) == 0 {
		problems = append(problems, finding{code: diag.W503, text: "the route has no server: Traefik 1.7 answers 503"})
	}
	if t.facts.Retry != nil && t.facts.Retry.Attempts != 1 {
		b.reportNoRetry()
	}
	for _, m := range b.members {
		if m.podsKnown && len(m.pods) == 0 && !m.noServers {
			m.at.src.say(diag.WEmptyServices, m.at.backendField(), "Service "+m.name+" has no ready endpoints: Traefik 1.7 answers 503 (or leaves its share to other Services), the target drops the route unless allowEmptyServices is set")
		}
	}
	return problems
}

// speaksTLS tells whether the backend is spoken to over TLS.
func (m *member) speaksTLS() bool {
	if m.protocol != "" {
		return m.protocol == "https"
	}
	return m.https || m.service == nil && m.port.Number == 443
}

// reportNoRetry says that requests are not repeated.
func (b *backend) reportNoRetry() {
	for _, m := range b.serving() {
		if m.mayBeHTTP2() {
			m.at.src.say(diag.WRetryHTTP2, m.at.backendField(), "requests to Service "+m.name+" are not repeated")
		}
	}
}

// mayBeHTTP2 tells whether the backend is spoken to over HTTP/2, which TLS may agree on.
func (m *member) mayBeHTTP2() bool { return m.protocol == "h2c" || m.speaksTLS() }

// removeCollisions replays that Traefik 1.7 keeps one server per pod name: of
// two Services with a pod of one name, the last one has it.
func (b *backend) removeCollisions() {
	if len(b.members) < 2 {
		return
	}
	owner := map[string]*member{}
	for _, m := range b.members {
		for _, pod := range m.pods {
			if other := owner[pod]; other != nil && other != m {
				m.at.src.say(diag.WPodNameCollision, m.at.backendField(),
					"Services "+other.name+" and "+m.name+" both have a pod "+pod+"; Traefik 1.7 only uses the one of "+m.name)
			}
			owner[pod] = m
		}
	}
	for _, m := range b.members {
		kept := m.pods[:0:0]
		for _, pod := range m.pods {
			if owner[pod] == m {
				kept = append(kept, pod)
			}
		}
		m.pods = kept
	}
}

// say records a diagnostic about an annotation of the last Service.
func (b *backend) say(code diag.Code, annotation, text string) {
	object := diag.Object{Kind: "Service", Namespace: b.namespace}
	field := ""
	if b.last != nil {
		object.Name = b.last.Name
		field = annotationField(newAnnotations(b.last.Annotations).key(annotation))
	}
	b.lastAt.src.add(diag.New(code, object, field, text))
}
