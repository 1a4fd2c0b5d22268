package static

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
)

// around is what a key needs to count in Traefik 1.7: sections that are switched
// on, and an entry point with TLS. Keys of keysText are added to it one by one.
const around = `
[entryPoints.one]
address = ":80"
[entryPoints.two]
address = ":443"
[entryPoints.two.tls]
minVersion = "VersionTLS12"
[kubernetes]
`

// An example of each kind, none of which is a default of Traefik 1.7.
func example(key, kind string) string {
	word := key[strings.LastIndexByte(key, '.')+1:]
	switch {
	case word == "entryPoint":
		return `"two"`
	case word == "backend":
		return `"zipkin"`
	case word == "globalTag":
		return `"env:prod"`
	case word == "logLevel":
		return `"INFO"`
	case word == "pushInterval":
		return `"33s"`
	case word == "address":
		return `"127.0.0.1:8123"`
	case word == "labelSelector":
		return `"team=edge"`
	case word == "exposedByDefault", word == "dashboard", word == "watch", word == "strictChecks", word == "checkNewVersion", word == "id128Bit":
		return "false"
	}
	switch kind {
	case "bool":
		return "true"
	case "int":
		return "17"
	case "float":
		return "0.25"
	case "duration":
		return `"33s"`
	case "list":
		return `["10.0.0.0/8"]`
	case "numbers":
		return "[0.5]"
	case "names":
		return `{Some = "drop"}`
	case "any":
		return `"x"`
	}
	return `"example"`
}

// No key disappears: with it the output or the objects are others than without,
// or a finding names it.
func TestNoKeyDisappears(t *testing.T) {
	for line := range strings.Lines(keysText) {
		key, kind, _ := strings.Cut(strings.TrimSpace(line), " ")
		if kind == "table" || kind == "tables" {
			continue
		}
		for _, target := range []Version{V2, V3} {
			t.Run(key+"/"+string(target), func(t *testing.T) { disappears(t, key, kind, target) })
		}
	}
}

func disappears(t *testing.T, key, kind string, target Version) {
	concrete := strings.ReplaceAll(strings.ReplaceAll(strings.ReplaceAll(key, "entryPoints.*", "entryPoints.three"), ".**", ".other"), "[]", "")
	without, with := before(concrete), before(concrete)
	parts := strings.Split(concrete, ".")
	// Everything around the key, then the key itself.
	last := len(parts) - 1
	table := strings.Join(parts[:last], ".")
	if last > 0 && !strings.Contains(around+without, "["+table+"]") {
		if strings.Contains(key, "[]") {
			without, with = without+"[["+table+"]]\n", with+"[["+table+"]]\n"
		} else {
			without, with = without+"["+table+"]\n", with+"["+table+"]\n"
		}
	}
	setting := parts[last] + " = " + example(key, kind) + "\n"
	if last == 0 {
		with = setting + around + with
		without = around + without
	} else {
		with, without = around+with+setting, around+without
	}
	opts := Options{Target: target, Resolver: "letsencrypt", Namespace: "edge"}
	// The section goes last, so that the key can be added at its end.
	a, b := outcome(t, without, opts), outcome(t, with, opts)
	if !reflect.DeepEqual(a.Tree, b.Tree) || !reflect.DeepEqual(a.Objects, b.Objects) {
		return
	}
	for _, d := range b.Diagnostics {
		if names(d, concrete) {
			return
		}
	}
	t.Errorf("%s makes no difference and no finding names it:\n%s", key, with)
}

// before are the parts of a section without which Traefik 1.7 does not look at the key.
func before(key string) string {
	text := ""
	switch {
	case strings.HasPrefix(key, "entryPoints.three"):
		text += "[entryPoints.three]\n"
		if key != "entryPoints.three.address" {
			text += "address = \":8443\"\n"
		}
	case strings.HasPrefix(key, "acme") && key != "acme.storage" && key != "acme.storageFile":
		text += "[acme]\nstorage = \"/acme.json\"\n"
	case strings.HasPrefix(key, "tracing") && key != "tracing.backend":
		backend, _, _ := strings.Cut(strings.TrimPrefix(key, "tracing."), ".")
		if slices.Contains([]string{"jaeger", "zipkin", "dataDog"}, backend) {
			text += fmt.Sprintf("[tracing]\nbackend = %q\n", strings.ToLower(backend))
		}
	}
	return text
}

func outcome(t *testing.T, text string, opts Options) Result {
	t.Helper()
	config, err := Read(Input{File: "traefik.toml", Content: []byte(text)})
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return Convert(config, opts)
}

// names tells whether a finding speaks of a key: it is its field, or its text lists it.
func names(d diag.Diagnostic, key string) bool {
	plain := strings.NewReplacer("[0]", "").Replace(d.Field)
	return strings.EqualFold(plain, key) || slices.ContainsFunc(strings.FieldsFunc(d.Text, func(r rune) bool { return strings.ContainsRune("(), ", r) }), func(word string) bool {
		return strings.EqualFold(strings.ReplaceAll(word, "[0]", ""), key)
	})
}
