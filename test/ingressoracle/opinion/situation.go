//go:build !traefik36

package opinion

import (
	"net"
	"net/url"
	"path"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"

	"github.com/ingress-migrate/kubectl-ingress-migrate/test/oracle/judge"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/oracle/world"
)

const prefix = "nginx.ingress.kubernetes.io/"

// situation is one request with the answers of both.
type situation struct {
	request       judge.Request
	before, after judge.Answer
	// host of the request in lower case without port, path as nginx matches it.
	host, path string
	// all are the Ingresses of the set, here those with a rule or an alias for the host.
	all, here []*networkingv1.Ingress
	services  []*corev1.Service
}

func newSituation(set *world.Set, r judge.Request, before, after judge.Answer) *situation {
	s := &situation{request: r, before: before, after: after, host: strings.ToLower(r.Host), all: set.Ingresses, services: set.Services}
	if host, _, err := net.SplitHostPort(s.host); err == nil {
		s.host = host
	}
	raw, _, _ := strings.Cut(r.Target, "?")
	s.path = raw
	if decoded, err := url.PathUnescape(raw); err == nil {
		s.path = path.Clean(decoded)
		if strings.HasSuffix(decoded, "/") && s.path != "/" {
			s.path += "/"
		}
	}
	for _, ingress := range set.Ingresses {
		if len(ingress.Spec.Rules) == 0 || slices.ContainsFunc(ingress.Spec.Rules, s.isOf) || s.isAlias(ingress) {
			s.here = append(s.here, ingress)
		}
	}
	return s
}

// isOf: the rule can have to do with the host.
func (s *situation) isOf(rule networkingv1.IngressRule) bool {
	return covers(rule.Host, s.host) || covers("www."+rule.Host, s.host) || covers(strings.TrimPrefix(rule.Host, "www."), s.host)
}

func (s *situation) isAlias(ingress *networkingv1.Ingress) bool {
	for alias := range strings.SplitSeq(ingress.Annotations[prefix+"server-alias"], ",") {
		if alias != "" && (strings.HasPrefix(alias, "~") || covers(strings.TrimSpace(alias), s.host)) {
			return true
		}
	}
	return false
}

// covers: a rule for pattern is one for host, whatever other rules there are.
func covers(pattern, host string) bool {
	if domain, ok := strings.CutPrefix(pattern, "*"); ok {
		label, found := strings.CutSuffix(host, domain)
		return found && label != "" && !strings.Contains(label, ".")
	}
	return pattern == "" || pattern == host
}

// annotated: an Ingress of the host has one of the annotations.
func (s *situation) annotated(names ...string) bool {
	return slices.ContainsFunc(s.here, func(ingress *networkingv1.Ingress) bool { return has(ingress, names...) })
}

func has(ingress *networkingv1.Ingress, names ...string) bool {
	return slices.ContainsFunc(names, func(name string) bool { return ingress.Annotations[prefix+name] != "" })
}

// place is a path of a rule.
type place struct {
	ingress *networkingv1.Ingress
	host    string
	path    string
	exact   bool
	backend *networkingv1.IngressServiceBackend
}

// places are the paths of all rules for the host, aliases left out.
func (s *situation) places() []place {
	var out []place
	for _, ingress := range s.here {
		for _, rule := range ingress.Spec.Rules {
			if !covers(rule.Host, s.host) || rule.HTTP == nil {
				continue
			}
			for _, p := range rule.HTTP.Paths {
				at := place{ingress: ingress, host: rule.Host, path: p.Path, exact: p.PathType != nil && *p.PathType == networkingv1.PathTypeExact, backend: p.Backend.Service}
				if at.path == "" {
					at.path = "/"
				}
				out = append(out, at)
			}
		}
	}
	return out
}

// challenge: the path is one of ACME, in any case where paths are expressions.
func (s *situation) challenge() bool {
	requested := s.path
	if s.regexHost() {
		requested = strings.ToLower(requested)
	}
	return strings.HasPrefix(requested, "/.well-known/acme-challenge")
}

// absoluteRewrite: a path that matches is rewritten to a URL, which is a redirect.
func (s *situation) absoluteRewrite() bool {
	return slices.ContainsFunc(s.matching(), func(p place) bool {
		return strings.HasPrefix(p.ingress.Annotations[prefix+"rewrite-target"], "https://")
	})
}

// leads: ingress-nginx makes location of a redirect to target, whose host it takes from
// the request where it is a path.
func (s *situation) leads(target, location string) bool {
	if strings.HasPrefix(target, "/") {
		_, location, _ = strings.Cut(location, "://"+s.host)
	}
	return target != "" && target == location
}

// exists tells whether a Service of the set has the port.
func (s *situation) exists(b *networkingv1.IngressServiceBackend, namespace string) bool {
	return slices.ContainsFunc(s.services, func(service *corev1.Service) bool {
		return service.Namespace == namespace && service.Name == b.Name && slices.ContainsFunc(service.Spec.Ports, func(port corev1.ServicePort) bool {
			return port.Port == b.Port.Number || port.Name == b.Port.Name && port.Name != "" || port.TargetPort.IntVal == b.Port.Number && b.Port.Number != 0
		})
	})
}
