package compare

import (
	"net/url"
	"path"
	"regexp"
	"strconv"
	"strings"

	networkingv1 "k8s.io/api/networking/v1"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/oracle/judge"
)

// nginxConcerns reports whether a finding on an Ingress of ingress-nginx can have
// to do with r: one on a path with that path, one on the host with all of it. Of a
// canary whose host has no routes the controller serves the paths for stray requests,
// whose host no Ingress has.
func nginxConcerns(ingress *networkingv1.Ingress, d diag.Diagnostic, r judge.Request, stray bool) bool {
	stray = stray && d.Code == diag.ENginxCanary
	found := rulePath.FindStringSubmatch(d.Field)
	if found == nil && ingress.Spec.DefaultBackend != nil {
		return true
	}
	for i, rule := range ingress.Spec.Rules {
		if found != nil && strconv.Itoa(i) != found[1] || !nginxHost(ingress, rule.Host, r.Host) && !stray {
			continue
		}
		ofAll := found != nil && found[2] == "" && (d.Code == diag.WNginxRedirect || d.Code == diag.WNginxCORS)
		unknown := d.Code == diag.WNginxImplicit || ofAll // paths without a rule
		if rule.HTTP == nil || unknown || strings.Contains(d.Field, "app-root") || strings.Contains(d.Field, "from-to-www-redirect") {
			return true
		}
		for j, p := range rule.HTTP.Paths {
			if (found == nil || found[2] == "" || strconv.Itoa(j) == found[2]) && nginxPath(p.Path, r.Target) {
				return true
			}
		}
	}
	return false
}

// nginxHost: the host of the rule, its counterpart with www, or one of the
// aliases of the Ingress.
func nginxHost(ingress *networkingv1.Ingress, rule, host string) bool {
	if hostMatches(rule, host) || hostMatches("www."+rule, host) || hostMatches(strings.TrimPrefix(rule, "www."), host) {
		return true
	}
	for alias := range strings.SplitSeq(ingress.Annotations["nginx.ingress.kubernetes.io/server-alias"], ",") {
		if strings.HasPrefix(alias, "~") || hostMatches(alias, host) {
			return true
		}
	}
	return false
}

// meta is where a path that may be an expression ends to be literal.
var meta = regexp.MustCompile(`[\\.+*?()|\[\]{}^$]`)

// nginxPath: the cleaned target begins like the path, in any case.
func nginxPath(rule, target string) bool {
	raw, _, _ := strings.Cut(target, "?")
	requested, err := url.PathUnescape(raw)
	if err != nil {
		requested = raw
	}
	if strings.Contains(rule, "|") {
		return true
	}
	literal := meta.Split(rule, 2)[0]
	if literal != rule && literal != "" {
		literal = literal[:len(literal)-1]
	}
	return strings.HasPrefix(strings.ToLower(path.Clean(requested)), strings.ToLower(strings.TrimSuffix(literal, "/")))
}
