package compare

import (
	"net/http"
	"path"
	"slices"
	"strings"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/oracle/judge"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/oracle/pods"
)

// circumstances are all there is to know about one request when its differences
// are judged.
type circumstances struct {
	scene         *Scene
	request       judge.Request
	before, after judge.Answer
	// findings are those on the Ingresses that concern the request, and the
	// checklist of the installation.
	findings []diag.Diagnostic
}

// Excuses that are not a code of their own.
const (
	// Shared: both Services have a share of the path. Shares are compared by
	// their weights, not by one answer.
	Shared diag.Code = "(shared path)"
	// Withheld: a blocking finding said that the route is withheld.
	Withheld diag.Code = "(withheld)"
)

// excuse returns the code of the first finding that speaks of d, or nothing. That a
// request which was refused is let through now, only chance excuses, and TLS options
// that the report says are gone.
func (c *circumstances) excuse(d Difference) diag.Code {
	if c.opened() {
		if c.optionless() {
			return diag.WTraefikCrossNS
		}
		return c.chance()
	}
	if c.asksWithoutPods() {
		return diag.WTraefikCrossNS
	}
	known := excuses()
	if c.scene.from == convert.FromNginx {
		known = nginxExcuses()
	} else if c.sameGroup(d.Kind) {
		return Shared
	}
	for _, e := range known {
		if c.found(e.code) && e.covers(c, d) {
			return e.code
		}
	}
	if c.withheld() {
		return Withheld
	}
	return ""
}

func (c *circumstances) found(code diag.Code) bool {
	return slices.ContainsFunc(c.findings, func(f diag.Diagnostic) bool { return f.Code == code })
}

// asksWithoutPods: the guard behind a route that the target drops is there when the
// Service has no pods, which the route of the Ingress is not, and with it the TLS
// options of the host, which ask for a client certificate.
func (c *circumstances) asksWithoutPods() bool {
	return c.request.TLS && c.after.Failure != "" && c.before.Failure == "" && c.before.Seen == nil && c.before.Status == http.StatusNotFound &&
		c.scene.podless() && c.scene.dropped(c.request, "")
}

// says: a finding of a code speaks of something in these words.
func (c *circumstances) says(code diag.Code, words string) bool {
	return slices.ContainsFunc(c.findings, func(f diag.Diagnostic) bool { return f.Code == code && strings.Contains(f.Text, words) })
}

// opened: a request that something refused reaches a pod. Pods never answer 401
// or 403 by themselves, and TLS ends early for want of a client certificate. A path
// that is cleaned now reaches what its clean form reaches, which is open to all.
func (c *circumstances) opened() bool {
	if !canonical(c.request.Target) && c.found(diag.WPathSanitize) {
		return false
	}
	refused := func(status int) bool {
		return status == http.StatusUnauthorized || status == http.StatusForbidden
	}
	closed := c.request.TLS && c.before.Failure != ""
	return (refused(c.before.Status) || closed) && c.after.Seen != nil && !refused(c.after.Status)
}

// optionless: the target cannot name the TLS options of the host, and where Traefik hung
// up a route of a wider host answers, which is open under other names.
func (c *circumstances) optionless() bool {
	service := Service(c.after.Seen.Pod)
	return c.request.TLS && c.before.Failure != "" && c.scene.dropped(c.request, "router.tls.options]") && c.scene.open(service, c.request) && c.scene.wider(service, c.request)
}

// chance is the code of a finding that says that the source itself takes one route or
// the other by chance, and so protects by chance; the other one answers now. Traefik
// 1.7 drops any but one of the Ingresses with a default backend, and whether
// ingress-nginx serves a path depends on the age of another host's canary.
func (c *circumstances) chance() diag.Code {
	for _, f := range c.findings {
		switch f.Code {
		case diag.EMergeXNS, diag.EMultiDefault, diag.ENginxCanary, diag.WPrioTie, diag.WTraefikCollision, diag.WTraefikTie:
			if c.scene.open(Service(c.after.Seen.Pod), c.request) {
				return f.Code
			}
		}
	}
	return ""
}

// withheld: what a withheld route would have answered, the next one answers or
// none; but never a pod that only withheld routes lead to.
func (c *circumstances) withheld() bool {
	if !slices.ContainsFunc(c.findings, func(f diag.Diagnostic) bool { return f.Blocking }) {
		return false
	}
	return c.after.Seen == nil || c.scene.open(Service(c.after.Seen.Pod), c.request)
}

// host is the one asked for, without port.
func (c *circumstances) host() string {
	host, _, _ := strings.Cut(c.request.Host, ":")
	return strings.ToLower(host)
}

func (c *circumstances) either(status int) bool {
	return c.before.Status == status || c.after.Status == status
}

// sameGroup: a host and path has several backends and both answers come from such
// backends, or one of them could not be reached.
func (c *circumstances) sameGroup(kind Kind) bool {
	reached := func(a judge.Answer) bool { return a.Seen != nil }
	switch {
	case reached(c.before) && reached(c.after):
		if kind != Answerer && kind != Transport && kind != Host {
			return false
		}
	case reached(c.before) && unreached(c.after), unreached(c.before) && reached(c.after):
	default:
		return false
	}
	for _, services := range c.scene.groups() {
		in := func(a judge.Answer) bool {
			return unreached(a) || slices.ContainsFunc(services, isAt(Service(a.Seen.Pod)))
		}
		if len(services) > 1 && in(c.before) && in(c.after) {
			return true
		}
	}
	return false
}

// unreached: what was sent to a pod did not arrive as it should.
func unreached(a judge.Answer) bool {
	return a.Seen == nil && (a.Status == http.StatusBadRequest || a.Status == http.StatusInternalServerError || a.Status == http.StatusBadGateway)
}

// severalServices: a host and path that takes the request has several backends.
func (c *circumstances) severalServices() bool {
	type place struct{ host, path string }
	services := map[place]int{}
	for _, ingress := range c.scene.set.Ingresses {
		for _, rule := range ingress.Spec.Rules {
			if rule.HTTP == nil || !hostMatches(rule.Host, c.request.Host) {
				continue
			}
			for _, p := range rule.HTTP.Paths {
				at := place{rule.Host, p.Path}
				if services[at]++; services[at] > 1 && pathMatches(p.Path, c.request.Target) {
					return true
				}
			}
		}
	}
	return false
}

// shared: the pod's Service is one of several of a host and path.
func (c *circumstances) shared(a judge.Answer) bool {
	pod := a.Header.Get(pods.HeaderPod) // what a pod saw of HEAD it cannot say
	if a.Seen != nil {
		pod = a.Seen.Pod
	}
	for _, services := range c.scene.groups() {
		if len(services) > 1 && slices.ContainsFunc(services, isAt(Service(pod))) {
			return true
		}
	}
	return false
}

// isAt compares a Service at its place with one as pods call it.
func isAt(service string) func(string) bool {
	return func(placed string) bool { return placed == service || strings.HasSuffix(placed, "-"+service) }
}

// canonical reports whether a request target's path is one that no proxy cleans:
// no //, no dot segments, no escapes of characters that need none.
func canonical(target string) bool {
	raw, _, _ := strings.Cut(target, "?")
	clean := path.Clean(raw)
	if strings.HasSuffix(raw, "/") && clean != "/" {
		clean += "/"
	}
	return clean == raw && plain(raw) == raw
}

// unreserved reports whether two hexadecimal digits are the code of a letter, a
// digit or one of -._~.
func unreserved(hex string) bool {
	const digits = "0123456789ABCDEF"
	hex = strings.ToUpper(hex)
	high, low := strings.IndexByte(digits, hex[0]), strings.IndexByte(digits, hex[1])
	if high < 0 || low < 0 {
		return false
	}
	b := byte(high<<4 | low)
	return b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b >= '0' && b <= '9' || strings.IndexByte("-._~", b) >= 0
}
