package fleet

import (
	"cmp"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// Port is a host port that a template claims.
type Port struct {
	Name          string
	HostIP        string
	HostPort      int32
	ContainerPort int32
	Protocol      corev1.Protocol
	// Container that declares it.
	Container string
}

// Key is what the scheduler compares: address, protocol, port.
func (p Port) Key() string {
	ip := p.HostIP
	if ip == "" {
		ip = "0.0.0.0"
	}
	return fmt.Sprintf("%s/%s/%d", ip, p.Protocol, p.HostPort)
}

func (p Port) String() string { return fmt.Sprintf("%d/%s", p.HostPort, p.Protocol) }

// Collides tells whether the scheduler keeps pods with these ports off one node:
// 0.0.0.0 meets every address.
func (p Port) Collides(o Port) bool {
	any := func(ip string) bool { return ip == "" || ip == "0.0.0.0" || ip == "::" }
	return p.HostPort == o.HostPort && p.Protocol == o.Protocol && (p.HostIP == o.HostIP || any(p.HostIP) || any(o.HostIP))
}

// PortsOf returns the host ports that the scheduler sees, by number. On the
// host's network a declared container port is a host port, whether it says so or
// not (k8s.io/kubernetes pkg/apis/core/v1 SetDefaults_PodSpec); a port that is
// not declared at all is invisible.
func PortsOf(spec corev1.PodSpec) []Port {
	var ports []Port
	for _, c := range spec.Containers {
		for _, p := range c.Ports {
			host := p.HostPort
			if host == 0 && spec.HostNetwork {
				host = p.ContainerPort
			}
			if host == 0 {
				continue
			}
			protocol := p.Protocol
			if protocol == "" {
				protocol = corev1.ProtocolTCP
			}
			ports = append(ports, Port{Name: p.Name, HostIP: p.HostIP, HostPort: host, ContainerPort: p.ContainerPort, Protocol: protocol, Container: c.Name})
		}
	}
	slices.SortFunc(ports, func(a, b Port) int {
		if a.HostPort != b.HostPort {
			return int(a.HostPort - b.HostPort)
		}
		return strings.Compare(a.Key(), b.Key())
	})
	return ports
}

// WebPorts splits the TCP host ports into those that speak HTTP and HTTPS. What a
// port speaks is not part of a manifest, so this goes by name first and by
// number second; ports for the proxy's own interface are left out.
func (s *Set) WebPorts() (http, https []int32) {
	for _, p := range s.Ports {
		if p.Protocol != corev1.ProtocolTCP {
			continue
		}
		name := strings.ToLower(p.Name)
		switch {
		case has(name, "admin", "traefik", "dashboard", "api", "ping", "metrics", "health", "prom"):
		case has(name, "https", "websecure", "tls", "ssl"):
			https = append(https, p.HostPort)
		case has(name, "http", "web"):
			http = append(http, p.HostPort)
		case p.ContainerPort == 443 || p.ContainerPort == 8443 || p.HostPort == 443 || p.HostPort == 8443:
			https = append(https, p.HostPort)
		case p.HostPort == 8080 && len(s.Ports) > 1: // Traefik's own interface
		default:
			http = append(http, p.HostPort)
		}
	}
	return http, https
}

// MetricsURL is where a pod of the set tells its metrics: at the port that is given, at
// that of the usual annotations, at a port by its name, or at the controller's own
// default. "" when the pod has no address yet.
func (s *Set) MetricsURL(n *Node, p *Pod, given int32) string {
	port, path := given, cmp.Or(s.Object.Spec.Template.Annotations["prometheus.io/path"], "/metrics")
	if port == 0 {
		port = s.metricsPort()
	}
	address := p.IP
	for _, own := range s.Ports {
		// A host port is reached from where pods are not.
		if own.ContainerPort == port || own.HostPort == port {
			address, port = n.Address, own.HostPort
			break
		}
	}
	if address == "" {
		return ""
	}
	return (&url.URL{Scheme: "http", Host: net.JoinHostPort(address, strconv.Itoa(int(port))), Path: path}).String()
}

func (s *Set) metricsPort() int32 {
	if port, err := strconv.ParseUint(s.Object.Spec.Template.Annotations["prometheus.io/port"], 10, 16); err == nil {
		return int32(port)
	}
	for _, names := range [][]string{{"metrics", "prom"}, {"admin", "traefik", "dashboard", "api"}} {
		for _, c := range s.Object.Spec.Template.Spec.Containers {
			for _, p := range c.Ports {
				if has(strings.ToLower(p.Name), names...) {
					return p.ContainerPort
				}
			}
		}
	}
	if strings.Contains(s.Product, "nginx") {
		return 10254 // ingress-nginx, internal/ingress/controller: the port of /healthz, too
	}
	return 8080 // of Traefik's entry point "traefik"
}

func has(name string, parts ...string) bool {
	return slices.ContainsFunc(parts, func(part string) bool { return strings.Contains(name, part) })
}
