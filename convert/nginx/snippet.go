package nginx

import (
	"regexp"
	"slices"
	"strings"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
)

// snippetsOn tells whether the controller uses snippets. Without its ConfigMap
// they are taken to be on: an Ingress with a snippet was written to have it.
func (t *translator) snippetsOn() bool {
	return !t.facts.ConfigMapKnown || t.config.boolean("allow-snippet-annotations", false)
}

func (t *translator) readSnippets(s *source, x *settings) {
	t.readGlobalSnippets(x)
	if !t.snippetsOn() {
		return
	}
	if text, ok := s.ann.find("configuration-snippet"); ok {
		t.readSnippet(s, x, "configuration-snippet", text)
	}
	if text, ok := s.ann.find("server-snippet"); ok {
		s.protects(x, "server-snippet", text)
	}
	if s.ann.has("stream-snippet") {
		s.sayOf(diag.ENginxSnippet, "stream-snippet", "TCP and UDP services are not converted")
	}
}

// readGlobalSnippets withholds every route when configuration for all hosts may
// keep requests out. What else it does is named once, by Settings.
func (t *translator) readGlobalSnippets(x *settings) {
	for _, key := range []string{"http-snippet", "location-snippet", "server-snippet"} {
		for _, directive := range directives(t.config.text(key, "")) {
			if slices.Contains(definitions, directive[0]) || !protective.MatchString(strings.Join(directive, " ")) {
				continue
			}
			x.withhold(finding{
				code: diag.ENginxSnippet, field: "ConfigMap " + key, value: directive[0],
				text: "the snippet for all hosts looks as if it protects something, and Traefik cannot run it; leave the key out of the ConfigMap if it does not",
			})
			break
		}
	}
}

// definitions are directives that refuse nothing until another one refers to
// what they define.
var definitions = []string{"geo", "limit_conn_zone", "limit_req_zone", "log_format", "map", "server", "split_clients", "upstream"}

// readSnippet converts headers with fixed values, and nothing else.
func (t *translator) readSnippet(s *source, x *settings, name, text string) {
	var rest []string
	converted := 0
	for _, directive := range directives(text) {
		if len(directive) > 0 && x.takeDirective(directive) {
			converted++
			continue
		}
		rest = append(rest, strings.Join(directive, " "))
	}
	if len(rest) == 0 {
		return
	}
	s.protects(x, name, strings.Join(rest, ";\n")+";")
}

// takeDirective converts one directive, or returns false.
//
//	more_set_headers "Name: value" …   header for the client
//	add_header Name value [always]     header for the client
//	proxy_set_header Name value        header for the backend
func (x *settings) takeDirective(words []string) bool {
	for _, word := range words {
		if strings.Contains(word, "$") {
			return false
		}
	}
	switch {
	case words[0] == "more_set_headers" && len(words) > 1:
		headers := map[string]string{}
		for _, word := range words[1:] {
			name, value, ok := strings.Cut(word, ":")
			if name = strings.TrimSpace(name); !ok || !headerName.MatchString(name) {
				return false
			}
			headers[name] = strings.TrimSpace(value)
		}
		for name, value := range headers {
			x.setResponse(name, value)
		}
		return true
	case words[0] == "add_header" && (len(words) == 3 || len(words) == 4 && words[3] == "always") && headerName.MatchString(words[1]):
		x.setResponse(words[1], words[2])
		return true
	case words[0] == "proxy_set_header" && len(words) == 3 && headerName.MatchString(words[1]) && !strings.EqualFold(words[1], "Connection"):
		x.setRequest(words[1], words[2])
		return true
	}
	return false
}

var headerName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]*$`)

// protective are directives that may keep requests out. Anything in an if block
// or in Lua may as well.
var protective = regexp.MustCompile(`(?i)\b(deny|allow|auth_|satisfy|limit_|return|if\s*\(|lua|modsecurity|SecRule|ssl_|valid_referers|internal|access_by|rewrite|secure_link|geoip|map)`)

func (s *source) protects(x *settings, name, text string) {
	if protective.MatchString(text) {
		x.withhold(s.of(name, finding{code: diag.ENginxSnippet, text: "the snippet looks as if it protects something, and Traefik cannot run it"}))
		return
	}
	s.sayOf(diag.ENginxSnippet, name, "the routes are emitted without it")
}

// directives splits nginx configuration into directives of words. A block is kept
// as one directive, so that nobody takes a part of it for unconditional.
func directives(text string) [][]string {
	var all [][]string
	var words []string
	var word strings.Builder
	inWord, depth := false, 0
	flush := func() {
		if inWord {
			words = append(words, word.String())
			word.Reset()
			inWord = false
		}
	}
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch {
		case c == '#' && !inWord:
			for i < len(text) && text[i] != '\n' {
				i++
			}
		case (c == '"' || c == '\'') && !inWord:
			inWord = true
			for i++; i < len(text) && text[i] != c; i++ {
				if text[i] == '\\' && i+1 < len(text) {
					i++
				}
				word.WriteByte(text[i])
			}
		case c == '{' || c == '}':
			flush()
			words = append(words, string(c))
			if c == '{' {
				depth++
			} else {
				depth--
			}
			if depth <= 0 {
				all, words, depth = append(all, words), nil, 0
			}
		case c == ';' && depth == 0:
			flush()
			if len(words) > 0 {
				all, words = append(all, words), nil
			}
		case c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == ';':
			flush()
		default:
			inWord = true
			word.WriteByte(c)
		}
	}
	flush()
	if len(words) > 0 {
		all = append(all, words)
	}
	return all
}
