package traefikv1

import (
	"regexp"
	"regexp/syntax"
	"strings"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
)

// Behind a load balancer that terminates TLS, requests come to a plain entry
// point with X-Forwarded-Proto: https. Traefik 1.7 then matches a redirect
// against https://…, the target against http://…. A redirect to https would go on
// for ever in the target. protoEffect says what the header changes.
type protoEffect int

const (
	// protoSame: the redirect is the same with and without the header.
	protoSame protoEffect = iota
	// protoPasses: with the header Traefik 1.7 does not redirect.
	protoPasses
	// protoDiffers: something else, which no route can express.
	protoDiffers
)

// forwardedProto finds the effect by trying URLs that the route can get and URLs
// that the pattern was written for.
func forwardedProto(r ir.RedirectRegex, m ir.Match) protoEffect {
	pattern, err := regexp.Compile(r.Regex)
	if err != nil {
		return protoDiffers
	}
	passes, differs, redirects := 0, 0, 0
	for _, rest := range sampleURLs(r.Regex, m) {
		plain, plainFires := redirectedTo(pattern, r.Replacement, "http://"+rest)
		secure, secureFires := redirectedTo(pattern, r.Replacement, "https://"+rest)
		switch {
		case secureFires:
			redirects++
			if !plainFires || plain != secure {
				differs++
			}
		case plainFires:
			passes++
		}
	}
	switch {
	case differs > 0 || passes > 0 && redirects > 0:
		return protoDiffers
	case passes > 0:
		return protoPasses
	}
	return protoSame
}

// redirectedTo is what Traefik 1.7 does with a URL: a pattern that does not match
// or does not change it lets the request pass.
func redirectedTo(pattern *regexp.Regexp, replacement, url string) (string, bool) {
	if !pattern.MatchString(url) {
		return "", false
	}
	to := pattern.ReplaceAllString(url, replacement)
	return to, to != url
}

// sampleURLs are URLs without their scheme.
func sampleURLs(expression string, m ir.Match) []string {
	var samples []string
	for _, host := range sampleHosts(m) {
		for _, path := range samplePaths(m) {
			samples = append(samples, host+path, host+path+"?sample=1")
		}
	}
	tree, err := syntax.Parse(expression, syntax.Perl)
	if err != nil {
		return samples
	}
	for repeat := range 3 {
		var b strings.Builder
		example(&b, tree, repeat)
		text := b.String()
		for _, scheme := range [...]string{"http://", "https://"} {
			rest, ok := strings.CutPrefix(text, scheme)
			if host, path, _ := strings.Cut(rest, "/"); ok && (requests{m.Hosts, m.Paths}).takes(host, "/"+path) {
				samples = append(samples, rest)
			}
		}
	}
	return samples
}

func sampleHosts(m ir.Match) []string {
	hosts := []string{}
	for _, h := range m.Hosts {
		switch h.Kind {
		case ir.HostExact:
			hosts = append(hosts, h.Value)
		case ir.HostWildcard:
			hosts = append(hosts, "sample"+strings.TrimPrefix(h.Value, "*"))
		}
	}
	if len(hosts) == 0 {
		return []string{"sample.test"}
	}
	return hosts
}

func samplePaths(m ir.Match) []string {
	paths := []string{}
	for _, p := range m.Paths {
		switch p.Kind {
		case ir.PathExact:
			paths = append(paths, p.Value)
		case ir.PathPrefix:
			paths = append(paths, p.Value, strings.TrimSuffix(p.Value, "/")+"/sample")
		}
	}
	if len(paths) == 0 {
		return []string{"/", "/sample"}
	}
	return paths
}

// maxExample bounds the length of an example: repetitions nest.
const maxExample = 2048

// example writes a text that the expression matches, with optional parts
// repeated as given (0, 1, …).
func example(b *strings.Builder, re *syntax.Regexp, repeat int) {
	if b.Len() > maxExample {
		return
	}
	times := 1
	switch re.Op {
	case syntax.OpLiteral:
		b.WriteString(string(re.Rune))
		return
	case syntax.OpCharClass:
		if len(re.Rune) > 0 {
			b.WriteRune(readable(re.Rune))
		}
		return
	case syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		b.WriteByte('.') // a dot that nobody escaped is meant as one
		return
	case syntax.OpAlternate:
		example(b, re.Sub[repeat%len(re.Sub)], repeat)
		return
	case syntax.OpStar, syntax.OpQuest:
		times = min(repeat, 1)
	case syntax.OpPlus:
		times = max(repeat, 1)
	case syntax.OpRepeat:
		times = re.Min
	}
	for range times {
		for _, sub := range re.Sub {
			example(b, sub, repeat)
		}
	}
}

// readable is a character of a class, a letter when there is one.
func readable(ranges []rune) rune {
	for i := 0; i+1 < len(ranges); i += 2 {
		if ranges[i] <= 'a' && 'a' <= ranges[i+1] {
			return 'a'
		}
	}
	return ranges[0]
}
