package compare

import (
	"path"
	"slices"
	"strings"

	networkingv1 "k8s.io/api/networking/v1"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/oracle/judge"
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

func (c *circumstances) excused(d Difference) bool {
	if d.Kind == Answerer && c.sameGroup(d) {
		return true // shares are compared by their weights, not by one answer
	}
	if slices.ContainsFunc(c.findings, func(f diag.Diagnostic) bool { return f.Blocking }) && c.withheld() {
		return true
	}
	for _, e := range excuses() {
		if slices.ContainsFunc(c.findings, func(f diag.Diagnostic) bool { return f.Code == e.code }) && e.covers(c, d) {
			return true
		}
	}
	return false
}

// withheld: what answered before has no route now, so the next one answers or none.
func (c *circumstances) withheld() bool {
	return c.after.Seen == nil && c.after.Status == 404 ||
		c.after.Seen != nil && (c.before.Seen == nil || Service(c.before.Seen.Pod) != Service(c.after.Seen.Pod))
}

func (c *circumstances) either(status int) bool {
	return c.before.Status == status || c.after.Status == status
}

// sameGroup: both answers come from Services that share a host and path.
func (c *circumstances) sameGroup(d Difference) bool {
	if c.before.Seen == nil || c.after.Seen == nil {
		return false
	}
	type place struct{ host, path string }
	groups := map[place][]string{}
	for _, ingress := range c.scene.set.Ingresses {
		for _, rule := range ingress.Spec.Rules {
			for _, p := range paths(rule) {
				if p.Backend.Service != nil {
					at := place{rule.Host, p.Path}
					groups[at] = append(groups[at], ingress.Namespace+"/"+p.Backend.Service.Name)
				}
			}
		}
	}
	for _, services := range groups {
		if slices.ContainsFunc(services, isAt(d.Before)) && slices.ContainsFunc(services, isAt(d.After)) {
			return true
		}
	}
	return false
}

// isAt compares a Service at its place with one as pods call it.
func isAt(service string) func(string) bool {
	return func(placed string) bool { return placed == service || strings.HasSuffix(placed, "-"+service) }
}

func paths(rule networkingv1.IngressRule) []networkingv1.HTTPIngressPath {
	if rule.HTTP == nil {
		return nil
	}
	return rule.HTTP.Paths
}

// canonical reports whether a request target's path is one that no proxy cleans:
// no //, no dot segments, no escapes of characters that need none.
func canonical(target string) bool {
	raw, _, _ := strings.Cut(target, "?")
	clean := path.Clean(raw)
	if strings.HasSuffix(raw, "/") && clean != "/" {
		clean += "/"
	}
	if clean != raw {
		return false
	}
	for i := 0; i+2 < len(raw); i++ {
		if raw[i] == '%' && unreserved(raw[i+1:i+3]) {
			return false
		}
	}
	return true
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
