//go:build !traefik36

package opinion

import (
	"cmp"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	networkingv1 "k8s.io/api/networking/v1"

	"github.com/ingress-migrate/kubectl-ingress-migrate/test/oracle/pods"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/oracle/world"
)

// restrict writes a set in the part of the dialect that Traefik's provider reads as
// ingress-nginx does. Of what it reads otherwise it cannot be asked:
//
//	booleans              strings.EqualFold(value, "true") in place of strconv.ParseBool
//	target ports          ports of backends are compared with those of Services alone
//	same host and path    both Ingresses get a router, in place of the older one
//	odd paths             an Ingress with one that is Exact or Prefix is left out, where
//	                      only the webhook of ingress-nginx refuses new ones
//	annotations           those of unread are not read at all
//	values                those that ingress-nginx ignores or refuses are used, see invalid
//	secrets               a location whose users cannot be read is left out, where
//	                      ingress-nginx answers 503 or 401
//	rules without paths   make an expression of the host's paths like any other
//	aliases               with ~ in front they are names, in place of expressions
//	empty paths           match every path, also where they are Exact
//	escapes               paths are compared with what is sent, in place of what it means
func restrict(set *world.Set) {
	slices.SortStableFunc(set.Ingresses, func(a, b *networkingv1.Ingress) int {
		return cmp.Or(a.CreationTimestamp.Compare(b.CreationTimestamp.Time), cmp.Compare(world.ID(b), world.ID(a)))
	})
	seen := map[string]bool{}
	for _, ingress := range set.Ingresses {
		for _, name := range slices.Sorted(maps.Keys(ingress.Annotations)) {
			value := ingress.Annotations[name]
			short := strings.TrimPrefix(name, prefix)
			switch {
			case value == "1" && !strings.Contains(short, "limit") || value == "t":
				ingress.Annotations[name] = "true"
			case slices.Contains(unread[:], short), invalid(short, value):
				delete(ingress.Annotations, name)
			}
		}
		if ingress.Annotations[prefix+"auth-secret"] == "" {
			delete(ingress.Annotations, prefix+"auth-type")
		}
		canary := ingress.Annotations[prefix+"canary"] == "true"
		for i := range ingress.Spec.Rules {
			rule := &ingress.Spec.Rules[i]
			if rule.HTTP == nil {
				continue
			}
			rule.HTTP.Paths = slices.DeleteFunc(rule.HTTP.Paths, func(p networkingv1.HTTPIngressPath) bool {
				exact := p.PathType != nil && *p.PathType == networkingv1.PathTypeExact
				key := fmt.Sprint(rule.Host, " ", cmp.Or(p.Path, "/"), exact)
				was := seen[key]
				seen[key] = was || !canary
				return was && !canary
			})
			if len(rule.HTTP.Paths) == 0 {
				rule.HTTP = nil
				continue
			}
			for j := range rule.HTTP.Paths {
				p := &rule.HTTP.Paths[j]
				p.Path = cmp.Or(p.Path, "/")
				if strings.ContainsAny(p.Path, " %é") {
					p.Path = "/foo"
				}
				if p.Backend.Service.Port.Number == pods.Port {
					p.Backend.Service.Port.Number = 80
				}
				if !strict.MatchString(p.Path) {
					specific := networkingv1.PathTypeImplementationSpecific
					p.PathType = &specific
				}
			}
		}
		if slices.ContainsFunc(ingress.Spec.Rules, func(r networkingv1.IngressRule) bool { return r.HTTP == nil }) {
			delete(ingress.Annotations, prefix+"use-regex")
			delete(ingress.Annotations, prefix+"rewrite-target")
		}
		if d := ingress.Spec.DefaultBackend; d != nil && d.Service.Port.Number == pods.Port {
			d.Service.Port.Number = 80
		}
	}
}

// strict is what ingress-nginx calls a path without expression.
var strict = regexp.MustCompile(`^(?:/[A-Za-z0-9._/-]*)?$`)

// unread are annotations that Traefik's provider does not know, of those that
// generated sets have.
var unread = [...]string{
	"affinity-mode", "denylist-source-range", "disable-proxy-intercept-errors", "limit-rate", "load-balance", "preserve-trailing-slash", "satisfy",
}

// invalid: values that ingress-nginx ignores, or refuses with the Ingress or its
// locations, and Traefik's provider uses.
func invalid(name, value string) bool {
	if value == "" || value == "yes" {
		return true
	}
	switch name {
	case "app-root":
		return !strings.HasPrefix(value, "/") || value == "/" || strings.Contains(value, "?")
	case "rewrite-target", "permanent-redirect", "temporal-redirect", "x-forwarded-prefix", "upstream-vhost":
		return strings.ContainsAny(value, " ?={}") || strings.Contains(value, "$host") || strings.Contains(value, "$request_uri")
	case "server-alias":
		return strings.HasPrefix(value, "~")
	case "allowlist-source-range", "whitelist-source-range":
		return value == "x" || strings.Contains(value, "/33")
	case "auth-url":
		return !strings.Contains(value, "://")
	case "auth-method":
		return value == "BOGUS"
	case "auth-type":
		return value != "basic"
	case "auth-secret-type":
		return true
	case "auth-realm":
		return strings.Contains(value, `"`)
	case "default-backend":
		return value == "nosuch"
	case "backend-protocol":
		return value == "AUTO_HTTP"
	case "auth-secret":
		return value != "auth" && value != "users"
	}
	return value == "x"
}
