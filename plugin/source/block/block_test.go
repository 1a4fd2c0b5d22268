package block_test

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"
	"sigs.k8s.io/yaml"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/source/block"
)

// same wants the library's JSON, or none.
func same(t interface {
	Fatalf(format string, args ...any)
}, text string) (read bool) {
	got, read := block.ToJSON([]byte(text))
	if !read {
		return false
	}
	want, err := yaml.YAMLToJSONStrict([]byte(text))
	if err != nil || string(want) != string(got) {
		t.Fatalf("document:\n%s\nlibrary: %s %v\nblock:   %s", text, want, err, got)
	}
	return true
}

const manifest = `---
# Source: shop/templates/ingress.yaml
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: "shop"
  # why
  annotations:
    kubernetes.io/ingress.class: traefik
    example.com/empty: ""
    example.com/quoted: "a \"b\" \\d # c: d"
    example.com/single: 'it''s: # <&>'
    example.com/range: 10.0.0.0/8, 192.168.0.0/16
    example.com/regex: ^http://(.*)\.example\.com/$
    example.com/version: 1.2.3
    kubectl.kubernetes.io/last-applied-configuration: |
      {"apiVersion":"networking.k8s.io/v1"}

    example.com/lines: |-
      a
        b

      c
  labels: {}

  creationTimestamp: null
spec:
  tls:
    - hosts:
        - a.example.com
        - b.example.com
      secretName:   shop
  rules:
  - http:
      paths:
      - path: /
        backend: {}
      - backend:
          service:
            name: web
            port:
              number: 80
    host: a.example.com
  nothing:
  last: true
`

// Manifests as kubectl, helm and people write them are read here: if they were
// not, reading would merely be slow, and nothing else would tell.
func TestReadsManifests(t *testing.T) {
	if !same(t, manifest) {
		t.Error("left to the library")
	}
	if !same(t, "a: 1\n") || !same(t, "a:\n- b: c\n  d: 0\n- e\n") {
		t.Error("left to the library")
	}
}

// Each of these has a meaning that the words alone do not show, or is wrong.
func TestLeftToTheLibrary(t *testing.T) {
	for _, text := range []string{
		"", "\n", "a", "- a\n", "a: &x b\nc: *x\n", "a: !!str 1\n", "a: {b: c}\n", "a: [b]\n", "a: >\n  b\n", "a: |+\n  b\n", "a: |2\n   b\n",
		"a: b\n  c\n", "a: b # c\n", "a: b\na: c\n", "a: 1.5\n", "a: 0x10\n", "a: 010\n", "a: 1_0\n", "a: 1e3\n", "a: yes\n", "a: Off\n", "a: ~\n",
		"yes: a\n", "1: a\n", "a: \"b\n  c\"\n", "a: 'b\n  c'\n", "a: \"\\n\"\n", "a:\tb\n", "\ta: b\n", "a: b\r\n", "a: ä\n", "? a\n: b\n", "<<: a\n", "a: -\n", "a:\n  -\n",
		"%YAML 1.1\n---\na: b\n", "a: b\n---\nc: d\n", "a: b\n...\n", "a: 'b' c\n", "a: \"b\" \"c\"\n", "a: b: c\n", "a: - b\n", "a:b\n", " a: b\n", "a:\n  b: c\n d: e\n",
		"a:\n- b\n - c\n", "a: @b\n", "a: `b`\n", "a: %b\n", "\"a\": b\n", "a: |\n\n  b\n", "a: |\nb: c\n", "a: 123456789012345678901234567890\n", "a: -1\n", "a: +1\n", "a: .5\n", "a: {}\n  b: c\n",
	} {
		if got, read := block.ToJSON([]byte(text)); read {
			t.Errorf("%q was read as %s", text, got)
		}
	}
}

var words = rapid.OneOf(
	rapid.SampledFrom([]string{
		"a", "b c", "web", "/", "/api", "80", "0", "01", "-1", "+1", "1.5", "1.2.3", "1e3", "0x1f", "0b1", "1_0", "1:30", "2001-01-01", "10.0.0.0/8", "1/2", "true", "True", "false", "null", "~",
		"yes", "No", "on", "off", "y", "n", "off-peak", `""`, `''`, `"a"`, `'a'`, `"a\"b"`, `"a\\"`, `"a\n"`, `'it''s'`, `'a'b'`, `"a"b"`, `"a" # b`, "a # b", "a#b", "a: b", "a:b", "a:", "{}", "[]", "{a: b}", "[a]",
		"&a b", "*a", "!a", "|", "|-", "|+", ">", ">-", "- a", "-a", "?a", "? a", ":a", "@a", "`a`", "%a", "<<", "<a>&", "=", "^a$", "(a|b)", `\d+`, "$1", "...", "---", "#a", "'a", `"a`, "a'", `a"`,
	}),
	rapid.StringMatching(`[ -~]{0,10}`),
	rapid.StringMatching(`[0-9.:_exobTZ/+-]{1,8}`),
)

var keys = rapid.OneOf(
	rapid.SampledFrom([]string{"a", "b", "c", "name", "spec", "kubernetes.io/ingress.class", "y", "no", "null", "1", "<<", `"q"`, "a b", "-a", "a-", "a_b", "?", "!a"}),
	rapid.StringMatching(`[a-zA-Z][a-zA-Z0-9./_-]{0,4}`),
)

// nested writes a node as plain manifests have it, with whatever words.
func nested(t *rapid.T, b *strings.Builder, indent, depth int) {
	pad := strings.Repeat(" ", indent)
	list := depth > 0 && rapid.IntRange(0, 2).Draw(t, "list") == 0
	for i := range rapid.IntRange(1, 3).Draw(t, "entries") {
		if rapid.IntRange(0, 9).Draw(t, "comment") == 0 {
			b.WriteString(rapid.SampledFrom([]string{"\n", "# c\n", pad + "  # c\n", "   \n"}).Draw(t, "line"))
		}
		head := pad + keys.Draw(t, "key") + ":"
		if list {
			head = pad + "- " + rapid.SampledFrom([]string{"", " ", "a: ", "b: ", "- "}).Draw(t, "item")
		}
		b.WriteString(head)
		switch kind := rapid.IntRange(0, 9).Draw(t, "kind"); {
		case kind < 3 && depth < 4 && !list:
			b.WriteString("\n")
			nested(t, b, indent+rapid.IntRange(0, 3).Draw(t, "deeper"), depth+1)
		case kind == 3 && !list:
			fmt.Fprintf(b, " %s\n", rapid.SampledFrom([]string{"|", "|-"}).Draw(t, "literal"))
			for range rapid.IntRange(0, 4).Draw(t, "lines") {
				b.WriteString(strings.Repeat(" ", indent+rapid.IntRange(0, 4).Draw(t, "column")) + rapid.SampledFrom([]string{"", "a", "# b", "- c", "d: e", "  "}).Draw(t, "text") + "\n")
			}
		case kind == 4 && i > 0:
			b.WriteString("\n")
		default:
			b.WriteString(" " + words.Draw(t, "word") + rapid.SampledFrom([]string{"", "", "", " ", "\n  x"}).Draw(t, "after") + "\n")
		}
	}
}

// Whatever is read here is what the library reads.
func TestSameAsTheLibrary(t *testing.T) {
	read := 0
	rapid.Check(t, func(t *rapid.T) {
		var b strings.Builder
		nested(t, &b, 0, 0)
		if same(t, b.String()) {
			read++
		}
	})
	if read == 0 {
		t.Error("not one generated document was read: nothing was compared")
	}
}

// The same for a good manifest with a few characters changed.
func TestSameAsTheLibraryMutated(t *testing.T) {
	pieces := rapid.OneOf(rapid.SampledFrom([]string{"\n", " ", "  ", "\t", ":", ": ", "- ", "#", " #", "'", "\"", "|", "{}", "\n\n", "\\", "a: b\n"}), words)
	rapid.Check(t, func(t *rapid.T) {
		text := manifest
		for range rapid.IntRange(1, 3).Draw(t, "changes") {
			at := rapid.IntRange(0, len(text)).Draw(t, "at")
			end := min(len(text), at+rapid.IntRange(0, 6).Draw(t, "removed"))
			text = text[:at] + pieces.Draw(t, "piece") + text[end:]
		}
		same(t, text)
	})
}

func FuzzSameAsTheLibrary(f *testing.F) {
	f.Add(manifest)
	f.Add("a: |\n  b\n\n\n")
	f.Add("a:\n- b: c\n  d:\n  - e\n")
	f.Fuzz(func(t *testing.T, text string) { same(t, text) })
}
