package compare

import (
	"net/url"
	"path"
	"regexp"
	"strconv"
	"strings"

	networkingv1 "k8s.io/api/networking/v1"

	"github.com/ingress-migrate/kubectl-ingress-migrate/test/oracle/judge"
)

// rulePath is how fields of findings name a rule and its path.
var rulePath = regexp.MustCompile(`^spec\.rules\[(\d+)\](?:\.http\.paths\[(\d+)\])?`)

// Concerns reports whether what field of ingress says can have to do with r. A
// default backend takes every request, and TLS options every connection for a host.
func Concerns(ingress *networkingv1.Ingress, field string, r judge.Request) bool {
	onlyRule, onlyPath := -1, -1
	if found := rulePath.FindStringSubmatch(field); found != nil {
		onlyRule, _ = strconv.Atoi(found[1])
		if found[2] != "" {
			onlyPath, _ = strconv.Atoi(found[2])
		}
	}
	if onlyRule < 0 && ingress.Spec.DefaultBackend != nil {
		return true
	}
	anyPath := takesAnyPath(ingress) || r.TLS && strings.HasSuffix(strings.ToLower(field), "router.tls.options]")
	for i, rule := range ingress.Spec.Rules {
		if onlyRule >= 0 && i != onlyRule || !hostMatches(rule.Host, r.Host) {
			continue
		}
		if rule.HTTP == nil {
			return true
		}
		for j, p := range rule.HTTP.Paths {
			if (onlyPath < 0 || j == onlyPath) && (anyPath || pathMatches(p.Path, r.Target)) {
				return true
			}
		}
	}
	return false
}

// takesAnyPath: with rule type ReplacePath the path of an Ingress is not matched.
func takesAnyPath(ingress *networkingv1.Ingress) bool {
	for key, value := range ingress.Annotations {
		if strings.HasSuffix(key, "rule-type") && value == "ReplacePath" {
			return true
		}
	}
	return false
}

func hostMatches(rule, host string) bool {
	rule, host = strings.ToLower(rule), strings.ToLower(host)
	if colon := strings.LastIndex(host, ":"); colon >= 0 {
		host = host[:colon]
	}
	host = strings.TrimSuffix(host, ".")
	_, domain, _ := strings.Cut(host, ".")
	return rule == "" || rule == host || rule == "*."+domain
}

// pathMatches reports whether a target may be taken by a rule for a path: it
// begins like one of its alternatives, up to its first pattern or escape, as it is
// sent, as it is decoded, wholly or as Traefik 3 does, or as it is cleaned.
func pathMatches(rule, target string) bool {
	raw, _, _ := strings.Cut(target, "?")
	requested, err := url.PathUnescape(raw)
	if err != nil {
		requested = raw
	}
	for alternative := range strings.SplitSeq(rule, ",") {
		literal := strings.TrimPrefix(strings.TrimSpace(alternative), "^")
		if end := strings.IndexAny(literal, "{\\;:[(+*|"); end >= 0 {
			literal = literal[:end]
		}
		literal = strings.TrimSuffix(literal, "/")
		for _, form := range []string{raw, requested, plain(raw), path.Clean(requested)} {
			if strings.HasPrefix(form, literal) {
				return true
			}
		}
	}
	return false
}

var escape = regexp.MustCompile(`%[0-9A-Fa-f]{2}`)

// plain is a path with the escapes decoded that need none: RFC 3986, section 2.3.
func plain(raw string) string {
	return escape.ReplaceAllStringFunc(raw, func(e string) string {
		decoded, err := url.PathUnescape(e)
		if err != nil || !unreserved(e[1:]) {
			return e
		}
		return decoded
	})
}
