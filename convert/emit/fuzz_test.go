package emit

import (
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
)

// FuzzRule writes rules of any host, path and header. A rule is refused, or
// Traefik reads it, it takes the request that it is about, and no text of a path
// takes part of the rule over: another host is never matched.
func FuzzRule(f *testing.F) {
	for _, path := range []string{"/", "/foo", "/a{b}", "/`) || Host(`victim`) && PathPrefix(`/", `/"`, `/\`, "/{x:[0-9]+}", "/a|/b", "^/i[0-9]+$", "/é", "/\n"} {
		for kind := range uint8(6) {
			f.Add("a.x", path, kind, "X-Name", "value`")
		}
	}
	f.Add("h`x", "/", uint8(1), "", "")
	f.Add("*.a.x", "/x", uint8(0), "X`", `"\`)
	f.Fuzz(func(t *testing.T, host, path string, kind uint8, header, value string) {
		if !utf8.ValidString(host + path + header + value) {
			return // no JSON has it
		}
		hosts := []ir.Host{{Value: host}}
		if strings.HasPrefix(host, "*.") {
			hosts[0].Kind = ir.HostWildcard
		}
		m := ir.Match{Hosts: hosts, Paths: []ir.Path{{Kind: ir.PathKind(kind % 6), Value: path}}}
		if header != "" && value != "" {
			m.Headers = []ir.HeaderMatch{{Name: header, Value: value}}
		}
		for _, v := range []Version{V2, V3} {
			text, problems, err := rule(m, v)
			if err != nil || len(problems) > 0 {
				continue
			}
			took, err := evaluate(text, v, request{host: strings.ToLower(host), path: path, header: header, value: value})
			if err != nil {
				t.Fatalf("%#v gives Traefik %d a rule %s that it cannot read: %v", m, v, text, err)
			}
			literal := m.Paths[0].Kind <= ir.PathSegmentPrefix && hosts[0].Kind == ir.HostExact
			if plain := regexp.MustCompile(`^/[ -~]*$`); literal && !took && plain.MatchString(path) && plain.MatchString("/"+host) {
				t.Fatalf("%#v: rule %s of Traefik %d does not take its own request", m, text, v)
			}
			if took, _ := evaluate(text, v, request{host: "victim", path: "/", header: header, value: value}); took && host != "victim" {
				t.Fatalf("%#v: rule %s of Traefik %d takes a request for another host", m, text, v)
			}
		}
	})
}
