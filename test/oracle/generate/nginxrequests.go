package generate

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/ingress-migrate/kubectl-ingress-migrate/test/oracle/judge"
)

// requests derives what to ask from the rules, as for Traefik 1.7.
func (g *nginx) requests() []judge.Request {
	var out []judge.Request
	for _, ingress := range g.set.Ingresses {
		for _, rule := range ingress.Spec.Rules {
			host := hostOf(rule.Host)
			if rule.HTTP == nil {
				out = append(out, g.vary(request(host, "/")))
				continue
			}
			for _, p := range rule.HTTP.Paths {
				base := g.sample(p.Path)
				bare := strings.TrimSuffix(base, "/")
				targets := []string{
					base, bare + "/", bare + "/x?q=1&r=%20", base + "bar", bare, base + "%2Fy", escapeLast(base), base + "?a=1", "/", base + "/x/y", strings.ToUpper(base), base + "/a%20b", "/zzz",
				}
				g.Shuffle(len(targets), func(i, j int) { targets[i], targets[j] = targets[j], targets[i] })
				for _, target := range targets[:min(len(targets), 5)] {
					out = append(out, g.vary(request(host, target)))
				}
				// The path by the most ordinary requests always.
				secure := request(host, base)
				secure.TLS = true
				out = append(out, request(host, base), secure)
				if g.chance(6) {
					out = append(out, g.vary(request(host, pick(g.source, "/"+base, "/x/.."+base, base+"//x", "/."+base, base+"/../x", base+"?a=1;b=2", base+"%23x"))))
				}
			}
		}
		if ingress.Spec.DefaultBackend != nil {
			out = append(out, g.vary(request("nobody.test", "/any")))
		}
	}
	out = append(out, g.vary(request("other.test", "/foo")))
	for _, host := range []string{"www.h.test", "h.test", "alias.test", "s1.alias.test", "x.y.w.test", "w.test", "a_b.w.test", "H.TEST", "h.test:8080", "x.w.test"} {
		if g.chance(6) {
			out = append(out, g.vary(request(host, pick(g.source, "/foo", "/", "/foo/"))))
		}
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

// sample is a path that a rule's path matches, or nearly, as it is sent.
func (g *nginx) sample(path string) string {
	p := strings.NewReplacer(
		"(/|$)(.*)", pick(g.source, "", "/", "/x/y"), "(.*)", pick(g.source, "", "x", "x/y"), "(.+)", "z/q", ".*", "ab", "[0-9]{2}", "12", "[0-9]+", "3", "(?!x)", "",
		"(a|b)", "a", "(c)?", "c", "(?<name>[a-z]+)", "ab", `\d+`, "77", `\.`, ".", "++", "oo", "$", "", "/a|/b", pick(g.source, "/a", "/b", "/z/b"),
	).Replace(path)
	if p == "" {
		p = "/"
	}
	if strings.Contains(p, "%") {
		return p
	}
	return (&url.URL{Path: p}).EscapedPath()
}

// vary changes a request in ways that matter to some annotation.
func (g *nginx) vary(r judge.Request) judge.Request {
	r.TLS = g.chance(2)
	switch g.IntN(24) {
	case 0:
		r.Method, r.Body = http.MethodPost, pick(g.source, 0, 5, 20, 2000)
	case 1:
		r.Method = pick(g.source, http.MethodHead, http.MethodPut, http.MethodDelete)
	case 2, 3:
		r.Method = http.MethodOptions
	case 4:
		r.Host = strings.TrimSuffix(r.Host, ":8080") + ":8080"
	case 5:
		r.Header.Set("X-Forwarded-Proto", pick(g.source, "https", "http"))
	case 6:
		r.Header.Set("X-Forwarded-For", pick(g.source, "10.1.2.3", "1.2.3.4, 10.1.2.3"))
	case 7:
		r.Header.Set("X-Forwarded-Host", "elsewhere.test")
	case 8:
		r.Header["X_A"] = []string{"client"}
	case 9:
		r.Header.Set("X-Auth-User", "mallory")
	case 10:
		r.Target += pick(g.source, "?status=503", "?status=404", "?location=http%3A%2F%2Fh.test%2Fx")
	case 11:
		r.Header.Set("Proxy", "http://evil.test")
	}
	switch g.IntN(6) {
	case 0:
		r.Header.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(pick(g.source, goodUser, goodUser, "alice:wrong", "bob:secret"))))
	case 1:
		r.Header.Set("X-Secret", pick(g.source, "open", "open", "login", "shut"))
	case 2:
		r.Header.Set("Origin", pick(g.source, "https://a.test", "https://x.foo.test", "https://x.y.foo.test", "https://b.test:8443", "http://evil.test"))
		if r.Method == http.MethodOptions && g.chance(2) {
			r.Header.Set("Access-Control-Request-Method", "GET")
		}
	case 3:
		r.Header.Set("X-Canary", pick(g.source, "always", "never", "yes", "no"))
	case 4:
		r.Header.Set("Cookie", pick(g.source, "ck=always", "ck=never", "a=b; ck=always", "ck=alwaysx", "ck=other"))
	}
	return r
}
