//go:build !traefik36

package opinion

import (
	"regexp"
	"slices"
	"strings"

	networkingv1 "k8s.io/api/networking/v1"

	"github.com/ingress-migrate/kubectl-ingress-migrate/test/oracle/compare"
)

// certified: the oldest Ingress of the server with TLS names a certificate for it.
func (s *situation) certified() bool {
	for _, ingress := range s.ofServer() { // in the order of their age
		if !hasTLS(ingress) {
			continue
		}
		for _, tls := range ingress.Spec.TLS {
			if slices.Contains(tls.Hosts, s.server()) {
				return tls.SecretName == "crt"
			}
		}
		return slices.ContainsFunc(ingress.Spec.TLS, func(tls networkingv1.IngressTLS) bool { return tls.SecretName == "crt" })
	}
	return false
}

// regexHost: the paths of the host's server are expressions.
func (s *situation) regexHost() bool {
	return slices.ContainsFunc(s.ofServer(), func(ingress *networkingv1.Ingress) bool {
		return ingress.Annotations[prefix+"canary"] != "true" && (ingress.Annotations[prefix+"use-regex"] == "true" || has(ingress, "rewrite-target"))
	})
}

// matching are the places of the server that can take the request.
func (s *situation) matching() []place {
	server, regex := s.server(), s.regexHost()
	return slices.DeleteFunc(s.places(), func(p place) bool {
		if p.host != server {
			return true
		}
		if regex {
			expression, err := regexp.Compile("(?i)^" + p.path)
			return err == nil && !expression.MatchString(s.path)
		}
		return s.path != p.path && !(strings.HasPrefix(s.path, strings.TrimSuffix(p.path, "/")+"/") && !p.exact)
	})
}

// partialRewrite: a place that can take the request rewrites what its expression
// matches alone.
func (s *situation) partialRewrite() bool {
	return slices.ContainsFunc(s.matching(), func(p place) bool {
		target := p.ingress.Annotations[prefix+"rewrite-target"]
		return target != "" && (!strings.HasSuffix(p.path, "(.*)") && !strings.HasSuffix(p.path, "(.+)") || groupThenText.MatchString(target) || strings.Contains(target, "$0"))
	})
}

// groupThenText is a group that Go reads another name of.
var groupThenText = regexp.MustCompile(`\$[0-9][0-9a-zA-Z_]`)

// otherService: not both answers are from pods of one Service.
func (s *situation) otherService() bool {
	return s.before.Seen == nil || s.after.Seen == nil || compare.Service(s.before.Seen.Pod) != compare.Service(s.after.Seen.Pod)
}

// leadsTo: a path of the Ingress leads to the Service, as pods call it.
func leadsTo(ingress *networkingv1.Ingress, service string) bool {
	return slices.ContainsFunc(ingress.Spec.Rules, func(rule networkingv1.IngressRule) bool {
		return rule.HTTP != nil && slices.ContainsFunc(rule.HTTP.Paths, func(p networkingv1.HTTPIngressPath) bool {
			return isService(ingress.Namespace, p.Backend.Service, service)
		})
	})
}

// isService: the backend of an Ingress is the Service, as pods call it.
func isService(namespace string, b *networkingv1.IngressServiceBackend, service string) bool {
	return strings.HasSuffix(namespace+"/"+b.Name, service)
}

// ofOlderCanary: a canary of the server that is read before the ordinary Ingress of
// the place has its Service and port.
func (s *situation) ofOlderCanary(p place) bool {
	if p.ingress.Annotations[prefix+"canary"] == "true" {
		return false
	}
	for _, ingress := range s.ofServer() { // in the order of their age
		if ingress == p.ingress {
			return false
		}
		if ingress.Namespace != p.ingress.Namespace || ingress.Annotations[prefix+"canary"] != "true" {
			continue
		}
		for _, rule := range ingress.Spec.Rules {
			if rule.Host == s.server() && rule.HTTP != nil && slices.ContainsFunc(rule.HTTP.Paths, func(of networkingv1.HTTPIngressPath) bool { return *of.Backend.Service == *p.backend }) {
				return true
			}
		}
	}
	return false
}

// toTLS: a Location is the requested URL with https.
func (s *situation) toTLS(location string) bool {
	raw, _, _ := strings.Cut(s.request.Target, "?")
	return strings.HasPrefix(strings.ToLower(location), "https://"+s.host) && strings.Contains(location, strings.TrimSuffix(raw, "/"))
}

// server is the host of the rules that ingress-nginx asks; empty: those for any.
func (s *situation) server() string {
	best := ""
	for _, ingress := range s.all {
		for _, rule := range ingress.Spec.Rules {
			if rule.Host == s.host || best == "" && covers(rule.Host, s.host) {
				best = rule.Host
			}
		}
	}
	return best
}

// wider: there are rules for a host that includes the server's, or a default backend.
func (s *situation) wider() bool {
	server := s.server()
	return slices.ContainsFunc(s.all, func(ingress *networkingv1.Ingress) bool {
		return len(ingress.Spec.Rules) == 0 || slices.ContainsFunc(ingress.Spec.Rules, func(rule networkingv1.IngressRule) bool {
			return rule.Host != server && covers(rule.Host, s.host)
		})
	})
}

// ofServer are the Ingresses with a rule for the server.
func (s *situation) ofServer() []*networkingv1.Ingress {
	server := s.server()
	return slices.DeleteFunc(slices.Clone(s.all), func(ingress *networkingv1.Ingress) bool {
		return !slices.ContainsFunc(ingress.Spec.Rules, func(rule networkingv1.IngressRule) bool { return rule.Host == server })
	})
}

func hasTLS(ingress *networkingv1.Ingress) bool { return len(ingress.Spec.TLS) > 0 }

func (s *situation) serverTLS() bool { return slices.ContainsFunc(s.ofServer(), hasTLS) }

// everyTLS: each Ingress of the server has TLS, and one of them takes every path.
func (s *situation) everyTLS() bool {
	root := slices.ContainsFunc(s.places(), func(p place) bool { return p.host == s.server() && p.path == "/" && !p.exact })
	return root && !slices.ContainsFunc(s.ofServer(), func(ingress *networkingv1.Ingress) bool { return !hasTLS(ingress) })
}
