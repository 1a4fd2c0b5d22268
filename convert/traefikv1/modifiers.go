package traefikv1

import (
	"regexp"
	"strings"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
)

// modifiers are the filters that change the path, in the fixed order of Traefik
// 1.7: strip, add, replace by pattern, replace. src is the Ingress whose
// annotations made the rule.
func (m pathRules) modifiers(src *source) []ir.Filter {
	var filters []ir.Filter
	if len(m.strip) > 0 {
		filters = append(filters, ir.StripPrefix{Prefixes: m.strip, ForceSlash: true})
	}
	if m.addPrefix != "" {
		if !strings.HasPrefix(m.addPrefix, "/") {
			src.sayOf(diag.WAddPrefix, "request-modifier", "AddPrefix without a leading slash: Traefik 1.7 sends / without query to the backend, the target inserts the slash")
		}
		filters = append(filters, ir.AddPrefix{Prefix: m.addPrefix})
	}
	if m.replaceRegex != "" {
		if f, ok := m.replaceByPattern(src); ok {
			filters = append(filters, f)
		}
	}
	if m.replacePath != "" {
		name := "request-modifier"
		if !src.ann.has(name) {
			name = "rule-type"
		}
		if !strings.HasPrefix(m.replacePath, "/") {
			src.sayOf(diag.WRewriteNoSlash, name, "the new path does not begin with a slash: Traefik 1.7 sends / to the backend, Traefik 3 answers 400")
		}
		src.sayOf(diag.WRewriteEncoded, name, "the target puts the percent-encoded path into X-Replaced-Path, Traefik 1.7 the decoded one")
		filters = append(filters, ir.ReplacePath{Path: m.replacePath})
	}
	return filters
}

// replaceByPattern reads "regex replacement". Traefik 1.7 ignores text that is
// not two words, and a pattern that does not compile.
func (m pathRules) replaceByPattern(src *source) (ir.ReplacePathRegex, bool) {
	name := "rewrite-target"
	if src.ann.str("request-modifier", "") != "" && strings.HasPrefix(strings.TrimSpace(src.ann.str("request-modifier", "")), ruleReplacePathRegex) {
		name = "request-modifier"
		if src.ann.has("rewrite-target") {
			src.sayOf(diag.IAnnIgnored, "rewrite-target", "overruled by the ReplacePathRegex of request-modifier")
		}
	}
	f, why := m.rewrite()
	if why != "" {
		src.sayOf(diag.IAnnIgnored, name, why+": Traefik 1.7 does not rewrite")
		return f, false
	}
	text := "the target applies the pattern to the percent-encoded path, Traefik 1.7 to the decoded one"
	if f.Replacement == "$1" && strings.HasSuffix(f.Regex, "(.*)") {
		text += "; and where the result does not begin with a slash, Traefik 1.7 and 2 send /, Traefik 3 answers 400"
	}
	src.sayOf(diag.WRewriteEncoded, name, text)
	if name == "rewrite-target" && losesSlash(f) {
		src.sayOf(diag.WRewriteNoSlash, name, "the rewritten path does not begin with a slash: Traefik 1.7 sends / without the query")
	}
	return f, true
}

// rewrite reads the rewrite of the rule, or says why Traefik 1.7 has none.
func (m pathRules) rewrite() (f ir.ReplacePathRegex, why string) {
	words := strings.Split(m.replaceRegex, " ")
	if len(words) != 2 {
		return f, "not one pattern and one replacement between which there is exactly one space"
	}
	f = ir.ReplacePathRegex{Regex: strings.TrimSpace(words[0]), Replacement: strings.TrimSpace(words[1])}
	if _, err := regexp.Compile(f.Regex); err != nil || f.Replacement == "" {
		return f, "the pattern does not compile or the replacement is empty"
	}
	return f, ""
}

// rewritesRoot tells whether the rewrite changes the path /.
func (m pathRules) rewritesRoot() bool {
	f, why := m.rewrite()
	if why != "" {
		return false
	}
	pattern, err := regexp.Compile(f.Regex)
	return err == nil && pattern.MatchString("/")
}

// keepsRoot tells whether the rewrite leaves the path / as it is, like that of / to /.
func (m pathRules) keepsRoot() bool {
	f, why := m.rewrite()
	if why != "" || m.addPrefix != "" || m.replacePath != "" {
		return false
	}
	pattern, err := regexp.Compile(f.Regex)
	return err == nil && pattern.ReplaceAllString("/", f.Replacement) == "/"
}

// losesSlash tells whether a rewrite "^/path/(.*)" → "target$1" leaves a path without its first slash.
func losesSlash(f ir.ReplacePathRegex) bool {
	if strings.HasPrefix(f.Replacement, "/") {
		return false
	}
	return f.Replacement != "$1" || strings.HasSuffix(f.Regex, "/(.*)")
}
