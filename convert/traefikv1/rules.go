package traefikv1

import (
	"strings"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
)

// The rule types of annotation rule-type, case-sensitive.
const (
	rulePath            = "Path"
	rulePathPrefix      = "PathPrefix"
	rulePathStrip       = "PathStrip"
	rulePathPrefixStrip = "PathPrefixStrip"
	ruleReplacePath     = "ReplacePath"
)

// The request modifiers; ReplacePath is also (deprecated) a rule type.
const (
	ruleAddPrefix        = "AddPrefix"
	ruleReplacePathRegex = "ReplacePathRegex"
)

const (
	ruleHost       = "Host"
	ruleHostRegexp = "HostRegexp"
	anyPathRule    = "PathPrefix:/"
	// wildcardLabel is what Traefik 1.7 puts for the first star of a host.
	wildcardLabel = "{subdomain:[A-Za-z0-9-_]+}"
)

// hostRule is the text of the rule for a host. Its length counts for the priority.
func hostRule(host string) string {
	if strings.Contains(host, "*") {
		return ruleHostRegexp + ":" + strings.Replace(host, "*", wildcardLabel, 1)
	}
	return ruleHost + ":" + host
}

// pathRule is the text of the rule for a path, empty for an empty path. The
// annotations are not even looked at for an empty path.
func pathRule(s *source, path string) (string, *finding) {
	if path == "" {
		return "", nil
	}
	ruleType := s.ann.str("rule-type", rulePathPrefix)
	switch ruleType {
	case rulePath, rulePathPrefix, rulePathStrip, rulePathPrefixStrip, ruleReplacePath:
	default:
		f := s.of("rule-type", finding{code: diag.WUnknownRule, text: "rule-type is none of Path, PathPrefix, PathStrip, PathPrefixStrip, ReplacePath"})
		return "", &f
	}
	rule := ruleType + ":" + path
	if target := s.ann.str("rewrite-target", ""); target != "" {
		if ruleType == ruleReplacePath {
			f := s.of("rewrite-target", dropped("", "rewrite-target does not go with rule-type ReplacePath"))
			return "", &f
		}
		rule += ";" + rewriteRule(path, target)
	}
	if modifier := s.ann.str("request-modifier", ""); modifier != "" {
		text, problem := modifierRule(modifier, ruleType)
		if problem != "" {
			f := s.of("request-modifier", finding{code: diag.WUnknownRule, text: problem})
			return "", &f
		}
		rule += ";" + text
	}
	return rule, nil
}

// rewriteRule is the text for rewrite-target. The path is not escaped.
func rewriteRule(path, target string) string {
	pattern := "^" + path + "(.*)"
	if path == "/" {
		pattern = "^(.*)"
	}
	return ruleReplacePathRegex + ": " + pattern + " " + strings.TrimRight(target, "/") + "$1"
}

// modifierRule is the text for request-modifier, or what is wrong with it. Only
// the first two fields between colons count.
func modifierRule(value, ruleType string) (text, problem string) {
	fields := strings.Split(strings.TrimRight(value, " :"), ":")
	if len(fields) < 2 {
		return "", "request-modifier has no type or no value"
	}
	modifier := strings.TrimSpace(fields[0])
	switch modifier {
	case ruleAddPrefix, ruleReplacePath, ruleReplacePathRegex:
	default:
		return "", "request-modifier is none of AddPrefix, ReplacePath, ReplacePathRegex"
	}
	if ruleType == ruleReplacePath {
		return "", "request-modifier does not go with rule-type ReplacePath"
	}
	return modifier + ":" + strings.TrimSpace(fields[1]), ""
}

// call is one function of a rule with its arguments, between commas.
type call struct{ function, list string }

// arguments yields the arguments without white space around them.
func (c call) arguments(yield func(string) bool) {
	for argument, more := nextField(c.list, ','); argument != ""; argument, more = nextField(more, ',') {
		if !yield(strings.TrimSpace(argument)) {
			return
		}
	}
}

// last is the last argument.
func (c call) last() (last string) {
	for argument := range c.arguments {
		last = argument
	}
	return last
}

// parseRule splits the text of a rule as the server of Traefik 1.7 does: at
// semicolons, then at colons (of which runs collapse), then at commas. It appends
// to calls, and returns a sentence when the text is refused.
func parseRule(calls []call, text string) (_ []call, problem string) {
	for part, more := nextField(text, ';'); part != ""; part, more = nextField(more, ';') {
		function, rest := nextField(part, ':')
		rest = strings.Trim(rest, ":")
		for strings.Contains(rest, "::") {
			rest = strings.ReplaceAll(rest, "::", ":")
		}
		if function == "" {
			return nil, "the rule has an empty part"
		}
		c := call{strings.TrimSpace(function), rest}
		if !knownFunction(c.function) {
			return nil, "the rule has an unknown function (a semicolon separates functions)"
		}
		if strings.Trim(rest, ",") == "" {
			return nil, "a function of the rule has no argument"
		}
		calls = append(calls, c)
	}
	return calls, ""
}

// nextField returns the first piece of text between separators that is not empty,
// and what is behind it.
func nextField(text string, separator byte) (field, rest string) {
	for text != "" && text[0] == separator {
		text = text[1:]
	}
	if end := strings.IndexByte(text, separator); end >= 0 {
		return text[:end], text[end+1:]
	}
	return text, ""
}

func knownFunction(name string) bool {
	switch name {
	case ruleHost, ruleHostRegexp, rulePath, rulePathStrip, "PathStripRegex", rulePathPrefix, rulePathPrefixStrip,
		"PathPrefixStripRegex", "Method", "Headers", "HeadersRegexp", ruleAddPrefix, ruleReplacePath, ruleReplacePathRegex, "Query":
		return true
	}
	return false
}
