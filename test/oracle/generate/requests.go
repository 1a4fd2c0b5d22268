package generate

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/ingress-migrate/kubectl-ingress-migrate/test/oracle/judge"
)

// maxRequests of one set.
const maxRequests = 24

// requests derives what to ask from the rules: each host and path itself, below
// it, beside it, with and without its slash, encoded, by other methods, over
// both schemes, with what matters to the annotations.
func (g maker) requests() []judge.Request {
	var out []judge.Request
	for _, ingress := range g.set.Ingresses {
		for _, rule := range ingress.Spec.Rules {
			if rule.HTTP == nil {
				out = append(out, g.vary(request(hostOf(rule.Host), "/")))
				continue
			}
			for _, p := range rule.HTTP.Paths {
				host := hostOf(rule.Host)
				base := pathOf(p.Path)
				targets := []string{
					base, strings.TrimSuffix(base, "/") + "/", strings.TrimSuffix(base, "/") + "/x?q=1&r=%20", base + "bar", strings.TrimSuffix(base, "/"),
					base + "%2Fy", escapeLast(base), base + "?a=1", "/", base + "/x/y", strings.ToUpper(base), base + "/a%20b",
				}
				g.Shuffle(len(targets), func(i, j int) { targets[i], targets[j] = targets[j], targets[i] })
				for _, target := range targets[:min(len(targets), 5)] {
					out = append(out, g.vary(request(host, target)))
				}
				// The bare path always, by the most ordinary request.
				out = append(out, request(host, base))
				if g.chance(6) {
					out = append(out, g.vary(request(host, pick(g.source, "/"+base, "/x/.."+base, base+"//x", "/."+base, base+"/../x", base+"?a=1;b=2", base+"%23x"))))
				}
			}
		}
		if ingress.Spec.DefaultBackend != nil {
			out = append(out, g.vary(request("nobody.test", "/any")), request("t.co", "/"))
		}
	}
	out = append(out, g.vary(request("other.test", "/foo")))
	if g.chance(3) {
		out = append(out, g.vary(request(pick(g.source, "h.test.", "x.y.w.test", "w.test", "H.TEST", "h.test:8080", "g.test"), pick(g.source, "/foo", "/", "/foo/"))))
	}
	out = slices.DeleteFunc(out, func(r judge.Request) bool {
		_, err := url.ParseRequestURI(r.Target)
		return err != nil
	})
	if len(out) > maxRequests {
		g.Shuffle(len(out), func(i, j int) { out[i], out[j] = out[j], out[i] })
		out = out[:maxRequests]
	}
	return out
}

func request(host, target string) judge.Request {
	if !strings.HasPrefix(target, "/") {
		target = "/" + target
	}
	return judge.Request{Method: http.MethodGet, Host: host, Target: target, Header: http.Header{}}
}

// hostOf is a host that a rule's host matches, or nearly.
func hostOf(rule string) string {
	if rule == "" {
		return "any.test"
	}
	return strings.Replace(rule, "*", "y", 1)
}

// pathOf is a path that a rule's path matches, or nearly, as it is sent.
func pathOf(rule string) string {
	p := strings.NewReplacer("{id:[0-9]+}", "12", "{id:[0-9]{2}}", "12", "{id}", "7", "{a:[a-z]+}", "ab", "{b}", "c", "{x:.*}", "z", `\\`, `\`, "/i[0-9]+$", "/i9", "^/(foo|bar)$", "/bar", "^/", "/").Replace(rule)
	p, _, _ = strings.Cut(p, ",")
	if strings.Contains(p, "%") {
		return p
	}
	return (&url.URL{Path: p}).EscapedPath()
}

// escapeLast writes the last letter of a path as an escape.
func escapeLast(p string) string {
	if p == "" || p[len(p)-1] == '/' {
		return p + "%41"
	}
	return fmt.Sprintf("%s%%%02X", p[:len(p)-1], p[len(p)-1])
}

// vary changes a request in ways that matter to some annotation.
func (g maker) vary(r judge.Request) judge.Request {
	r.TLS = g.chance(3)
	switch g.IntN(24) {
	case 0:
		r.Method, r.Body = http.MethodPost, pick(g.source, 0, 5, 20)
	case 1:
		r.Method = pick(g.source, http.MethodHead, http.MethodPut, http.MethodDelete, http.MethodOptions)
	case 2:
		r.Host, _, _ = strings.Cut(r.Host, ":")
		r.Host += ":8080"
	case 3:
		r.Header.Set("X-Forwarded-Proto", pick(g.source, "https", "http"))
	case 4:
		r.Header.Set("X-Forwarded-For", pick(g.source, "10.1.2.3", "1.2.3.4, 10.1.2.3", "unknown"))
	case 5:
		r.Header.Set("X-Forwarded-Prefix", "/client")
	case 6:
		r.Header.Set("X-Forwarded-Host", "elsewhere.test")
	case 7:
		r.Header.Set("X-A", "client")
	case 8:
		r.Header.Set("X-Del", "client")
	case 9:
		r.Header.Set("X-Auth-User", "mallory")
	case 10:
		r.Target += pick(g.source, "?status=503", "?status=404", "?location=http%3A%2F%2Fh.test%2Fx")
	}
	switch g.IntN(4) {
	case 0:
		r.Header.Set("Authorization", basic(pick(g.source, goodUser, goodUser, "alice:wrong", "bob:secret")))
	case 1:
		r.Header.Set("X-Secret", pick(g.source, "open", "open", "login", "shut"))
	}
	if r.Header.Get("Authorization") != "" || r.Header.Get("X-Secret") != "" || g.chance(2) {
		return r
	}
	r.Header.Set("X-Key", pick(g.source, "k1", "k2"))
	return r
}

// basic is what a client sends for a user and password.
func basic(user string) string { return "Basic " + base64.StdEncoding.EncodeToString([]byte(user)) }
