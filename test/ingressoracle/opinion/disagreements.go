//go:build !traefik36

package opinion

import (
	"net/http"
	"slices"
	"strings"

	networkingv1 "k8s.io/api/networking/v1"

	"github.com/ingress-migrate/kubectl-ingress-migrate/test/oracle/compare"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/oracle/trial"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/oracle/world"
)

// disagreement is one respect in which Traefik's provider answers otherwise than
// ingress-nginx.
type disagreement struct {
	// name says what Traefik's provider does.
	name string
	// section of the specification of the dialect that says what ingress-nginx does.
	section string
	covers  func(s *situation, d compare.Difference) bool
}

// known names the disagreement behind a difference.
func known(set *world.Set, asked *trial.Asked, d compare.Difference) string {
	s := newSituation(set, asked.Request, asked.Before, asked.After)
	for _, k := range disagreements() {
		if k.covers(s, d) {
			return k.name + ", section " + k.section
		}
	}
	return ""
}

func disagreements() []disagreement {
	return []disagreement{
		{"no HSTS", "9", func(_ *situation, d compare.Difference) bool {
			return d.Kind == compare.ResponseHeader && d.Name == "Strict-Transport-Security" && d.Before == ""
		}},
		// ingress-nginx takes the slash at the end away: srv_redirect.lua and, from and to
		// www, nginx.tmpl.
		{"slash of the redirect to https or www", "6.2, 8.2", func(s *situation, d compare.Difference) bool {
			to := s.before.Header.Get("Location")
			return s.before.Status == http.StatusPermanentRedirect && strings.HasSuffix(to, "/") &&
				strings.TrimSuffix(to, "/") == s.after.Header.Get("Location")
		}},
		// ingress-nginx redirects all paths of a host that has TLS in any Ingress.
		{"https for the Ingress alone", "8.2", func(s *situation, d compare.Difference) bool {
			return s.toTLS(s.after.Header.Get("Location")) && !s.toTLS(s.before.Header.Get("Location")) && s.serverTLS() && !s.everyTLS()
		}},
		// A request for a host with rules is never answered by those of wider hosts.
		{"no fence", "2.1", func(s *situation, d compare.Difference) bool {
			return s.server() != "" && s.wider() && (s.before.Seen != nil || s.before.Status != http.StatusNotFound)
		}},
		{"https without host", "8.2", func(s *situation, d compare.Difference) bool {
			return s.server() == "" && s.toTLS(s.before.Header.Get("Location")) && !slices.ContainsFunc(s.here, func(ingress *networkingv1.Ingress) bool {
				return ingress.Annotations[prefix+"force-ssl-redirect"] == "true"
			})
		}},
		// ingress-nginx exempts no-tls-redirect-locations.
		{"https for challenges", "4.3", func(s *situation, d compare.Difference) bool {
			return s.challenge() && s.toTLS(s.before.Header.Get("Location"))
		}},
		// ingress-nginx exempts no-auth-locations.
		{"credentials for challenges", "4.3", func(s *situation, d compare.Difference) bool {
			signin := s.before.Status == http.StatusFound && s.annotated("auth-signin")
			return s.challenge() && (s.before.Status == http.StatusUnauthorized || signin)
		}},
		{"Authorization is handed on", "6.3", func(s *situation, d compare.Difference) bool {
			return d.Kind == compare.RequestHeader && d.Name == "Authorization" && d.After == "" && s.annotated("auth-type")
		}},
		// Of the access phase, addresses come first.
		{"credentials before addresses", "3", func(s *situation, d compare.Difference) bool {
			listed := s.annotated("allowlist-source-range", "whitelist-source-range")
			return s.before.Status == http.StatusUnauthorized && s.after.Status == http.StatusForbidden && listed && s.annotated("auth-type")
		}},
		// Without pods ingress-nginx answers 503 before it looks at anything; the output says 404.
		{"answers in front of no pods", "3", func(s *situation, d compare.Difference) bool {
			return s.before.Seen == nil && s.after.Status == http.StatusNotFound && slices.ContainsFunc(s.matching(), func(p place) bool { return !s.exists(p.backend, p.ingress.Namespace) })
		}},
		// ingress-nginx replaces the whole path, and reads $10 as $1 and 0, $0 as nothing.
		{"rewrite of what the expression matches", "2.3", func(s *situation, d compare.Difference) bool {
			return s.partialRewrite() && (d.Kind == compare.Path || d.Kind == compare.RequestHeader && d.Name == "X-Forwarded-Prefix" || s.before.Status == http.StatusBadRequest || s.after.Status == http.StatusBadRequest)
		}},
		{"Exact in a host of expressions", "2.2", func(s *situation, d compare.Difference) bool {
			return s.regexHost() && slices.ContainsFunc(s.matching(), func(p place) bool { return p.exact })
		}},
		{"order by the length of rules", "2.2", func(s *situation, d compare.Difference) bool {
			m := s.matching()
			return len(m) > 1 && (s.otherService() || slices.ContainsFunc(m, func(p place) bool { return p.ingress != m[0].ingress }))
		}},
		{"prefixes that end in a slash", "2.2", func(s *situation, d compare.Difference) bool {
			return slices.ContainsFunc(s.places(), func(p place) bool { return p.path == s.path+"/" })
		}},
		// In ingress-nginx they come before the one to https.
		{"redirects after the one to https", "3", func(s *situation, d compare.Difference) bool {
			to := s.after.Header.Get("Location")
			return s.toTLS(s.before.Header.Get("Location")) && (s.absoluteRewrite() || slices.ContainsFunc(s.ofServer(), func(ingress *networkingv1.Ingress) bool {
				return s.leads(ingress.Annotations[prefix+"permanent-redirect"], to) || s.leads(ingress.Annotations[prefix+"temporal-redirect"], to)
			}))
		}},
		// nginx makes the Location of a redirect absolute: absolute_redirect is on.
		{"redirects to a path alone", "3", func(s *situation, d compare.Difference) bool {
			to := s.before.Header.Get("Location")
			return d.Kind == compare.Location && strings.HasPrefix(to, "/") && s.leads(to, s.after.Header.Get("Location"))
		}},
		// ingress-nginx hands the query on as it is.
		{"semicolons in redirects", "2.3", func(s *situation, d compare.Difference) bool {
			return d.Kind == compare.Location && s.absoluteRewrite() && d.Before == strings.ReplaceAll(d.After, ";", "&")
		}},
		// ingress-nginx answers 503, counts for all paths of an Ingress together, and not
		// what it redirects to https.
		{"limits that answer 429", "6.5", func(s *situation, d compare.Difference) bool {
			return s.before.Status == http.StatusTooManyRequests && slices.ContainsFunc(s.matching(), func(p place) bool {
				return has(p.ingress, "limit-rps", "limit-rpm", "limit-connections")
			})
		}},
		// ingress-nginx protects no redirects.
		{"protection in front of absolute rewrites", "3", func(s *situation, d compare.Difference) bool {
			return s.before.Status >= 400 && s.after.Status >= 300 && s.after.Status < 400 && s.absoluteRewrite()
		}},
		// All hosts of an Ingress share the name of one router.
		{"default backends of several hosts", "2.1", func(s *situation, d compare.Difference) bool {
			return s.before.Status == http.StatusNotFound && slices.ContainsFunc(s.ofServer(), func(ingress *networkingv1.Ingress) bool {
				return ingress.Spec.DefaultBackend != nil && len(ingress.Spec.Rules) > 1
			})
		}},
		// An alias is one of the server in ingress-nginx, with the paths of all Ingresses.
		{"aliases for the paths of one Ingress", "2.1", func(s *situation, d compare.Difference) bool {
			return slices.ContainsFunc(s.all, s.isAlias) && !slices.ContainsFunc(s.all, func(ingress *networkingv1.Ingress) bool {
				return slices.ContainsFunc(ingress.Spec.Rules, func(rule networkingv1.IngressRule) bool { return rule.Host == s.host })
			})
		}},
		// The expression of the path is matched with regard to case, and what follows is kept.
		{"preflights for origins that are none", "6.6", func(s *situation, d compare.Difference) bool {
			return s.request.Method == http.MethodOptions && s.before.Seen == nil && s.before.Status == http.StatusOK && s.after.Seen != nil && s.annotated("cors-allow-origin")
		}},
		{"certificates without hosts", "8.1", func(s *situation, d compare.Difference) bool {
			return d.Kind == compare.Certificate && slices.ContainsFunc(s.all, func(ingress *networkingv1.Ingress) bool {
				return slices.ContainsFunc(ingress.Spec.TLS, func(tls networkingv1.IngressTLS) bool { return len(tls.Hosts) == 0 })
			})
		}},
		{"Services of a canary's default backend", "7.1", func(s *situation, d compare.Difference) bool {
			return s.before.Seen != nil && s.after.Seen == nil && slices.ContainsFunc(s.all, func(ingress *networkingv1.Ingress) bool {
				return ingress.Annotations[prefix+"canary"] == "true" && ingress.Spec.DefaultBackend != nil
			})
		}},
		{"redirects of paths without a rule", "2.1", func(s *situation, d compare.Difference) bool {
			return len(s.matching()) == 0 && s.before.Status == http.StatusNotFound && s.after.Seen == nil && s.after.Status/100 == 3
		}},
		{"redirects in a host of expressions", "6.2", func(s *situation, d compare.Difference) bool {
			return s.regexHost() && s.annotated("permanent-redirect", "temporal-redirect") && s.after.Status >= 300 && s.after.Status < 400
		}},
		// ingress-nginx rewrites nothing for spec.defaultBackend without rules.
		{"rewrites of a default backend", "2.1", func(s *situation, d compare.Difference) bool {
			return (d.Kind == compare.Path || d.Kind == compare.RequestHeader && d.Name == "X-Forwarded-Prefix") && (s.server() == "" || len(s.matching()) == 0) && slices.ContainsFunc(s.all, func(ingress *networkingv1.Ingress) bool {
				return (len(ingress.Spec.Rules) == 0 || ingress.Spec.DefaultBackend != nil) && has(ingress, "rewrite-target")
			})
		}},
		// The default backend of an Ingress without rules comes before rules for /.
		{"rules in front of a default backend", "2.1", func(s *situation, d compare.Difference) bool {
			return s.server() == "" && s.otherService() && slices.ContainsFunc(s.all, func(ingress *networkingv1.Ingress) bool { return len(ingress.Spec.Rules) == 0 })
		}},
		// That of an Ingress without rules is asked with HTTP/1.1.
		{"protocol of a default backend", "2.1", func(s *situation, d compare.Difference) bool {
			return d.Kind == compare.Transport && s.server() == "" && slices.ContainsFunc(s.all, func(ingress *networkingv1.Ingress) bool {
				b := ingress.Spec.DefaultBackend
				return len(ingress.Spec.Rules) == 0 && b != nil && has(ingress, "backend-protocol") && isService(ingress.Namespace, b.Service, compare.Service(s.before.Seen.Pod))
			})
		}},
		// A canary is one of a Service, wherever it is used; the conversion says that it
		// has it on the hosts of the canary alone (W-NGX-CANARY).
		{"canaries on other hosts", "7.1", func(s *situation, d compare.Difference) bool {
			return s.before.Seen != nil && slices.ContainsFunc(s.all, func(ingress *networkingv1.Ingress) bool {
				return ingress.Annotations[prefix+"canary"] == "true" && !slices.Contains(s.ofServer(), ingress) && leadsTo(ingress, compare.Service(s.before.Seen.Pod))
			})
		}},
		// Whose Ingress is read first decides whether its Service is one for canaries alone.
		{"paths whose Service an older canary has", "7.1", func(s *situation, d compare.Difference) bool {
			return s.otherService() && slices.ContainsFunc(s.matching(), s.ofOlderCanary)
		}},
		// Nor redirects.
		{"redirects of a default backend", "2.1", func(s *situation, d compare.Difference) bool {
			return slices.ContainsFunc(s.all, func(ingress *networkingv1.Ingress) bool {
				return len(ingress.Spec.Rules) == 0 && has(ingress, "temporal-redirect", "permanent-redirect", "rewrite-target") && s.server() == "" && s.before.Header.Get("Location") != ""
			})
		}},
		// In ingress-nginx the oldest Ingress of a host decides about its default backend.
		{"default backends of younger Ingresses", "2.1", func(s *situation, d compare.Difference) bool {
			return slices.ContainsFunc(s.ofServer()[min(1, len(s.ofServer())):], func(ingress *networkingv1.Ingress) bool {
				b := ingress.Spec.DefaultBackend
				return b != nil && (len(s.matching()) == 0 || s.before.Seen != nil && isService(ingress.Namespace, b.Service, compare.Service(s.before.Seen.Pod)))
			})
		}},
		// app-root is one of the whole host in ingress-nginx.
		{"app-root for the paths of one Ingress", "3", func(s *situation, d compare.Difference) bool {
			return s.path == "/" && slices.ContainsFunc(s.ofServer(), func(ingress *networkingv1.Ingress) bool {
				root := ingress.Annotations[prefix+"app-root"]
				return root != "" && strings.HasSuffix(s.after.Header.Get("Location"), root)
			})
		}},
		// Traefik chooses among all loaded certificates.
		{"certificates of other hosts", "8.1", func(s *situation, d compare.Difference) bool {
			return d.Kind == compare.Certificate && !s.certified()
		}},
	}
}
