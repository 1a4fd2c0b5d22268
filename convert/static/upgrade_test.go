package static

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"
)

// Every key of Traefik 2.11 that is given goes to a key of Traefik 3, or a
// finding names it; and where it goes there is such a key.
func TestEveryKeyOfTraefik2HasAnOutcome(t *testing.T) {
	three := schemaOf(keys3Text)
	for line := range strings.Lines(keys2Text) {
		key, kind, _ := strings.Cut(strings.TrimSpace(line), " ")
		kind, _, _ = strings.Cut(kind, " ")
		if kind == "table" || kind == "tables" {
			continue
		}
		t.Run(key, func(t *testing.T) {
			text := alone(t, key, kind)
			config, err := ReadV2(Input{File: "traefik.yaml", Content: []byte(text)})
			if err != nil {
				t.Fatalf("%v\n%s", err, text)
			}
			result := Upgrade(config)
			i := slices.IndexFunc(result.Settings, func(s *Setting) bool { return s.kind != "table" && s.kind != "unknown" })
			if kind == "switch" { // it is there, or what it stands in is reported
				i = slices.IndexFunc(result.Settings, func(s *Setting) bool { return len(s.Target)+len(s.Codes) > 0 })
			}
			if i < 0 {
				t.Fatalf("it was not read:\n%s", text)
			}
			s := result.Settings[i]
			if len(s.Target)+len(s.Codes) == 0 {
				t.Fatalf("%s disappears:\n%s", s.Key, text)
			}
			for _, target := range s.Target {
				at := three.follow(target)
				switch {
				case late(target):
				case at == nil:
					t.Errorf("it goes to %s, which Traefik 3 does not have", target)
				case at.kind != kind && at.kind != "list" && at.kind != "switch":
					t.Errorf("it goes to %s, which is %s and not %s", target, at.kind, kind)
				}
			}
		})
	}
}

// What is taken out is there in Traefik 2, and not in Traefik 3 unless it says why.
func TestRemovalsAreKeysOfTraefik2(t *testing.T) {
	two := schemaOf(keys2Text)
	for _, r := range removals {
		if two.follow(r.path) == nil {
			t.Errorf("Traefik 2 has no key %s", r.path)
		}
	}
	if !slices.IsSortedFunc(removals, func(a, b removal) int { return strings.Compare(a.path, b.path) }) {
		t.Error("the removals are not sorted")
	}
}

// late are keys that Traefik 3 has since a later version than the list is of.
func late(key string) bool { return strings.HasSuffix(key, ".crossProviderNamespaces") }

// A key that is not given means the same in both.
func TestDefaultsOfTraefik2AreThoseOfTraefik3(t *testing.T) {
	three := schemaOf(keys3Text)
	for line := range strings.Lines(keys2Text) {
		key, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		_, standard, _ := strings.Cut(rest, " ")
		if at := three.follow(strings.NewReplacer("[]", "[0]").Replace(key)); at != nil && at.standard != standard {
			t.Errorf("%s is %q in Traefik 2 and %q in Traefik 3", key, standard, at.standard)
		}
	}
}

// alone is a configuration with one key.
func alone(t *testing.T, key, kind string) string {
	t.Helper()
	value := map[string]any{
		"bool": true, "int": 17, "float": 0.25, "duration": "33s", "list": []string{"10.0.0.0/8"}, "numbers": []float64{0.5},
		"names": map[string]string{"Some": "drop"}, "any": "x", "switch": map[string]any{}, "text": "example",
	}[kind]
	if value == nil {
		t.Fatalf("no example of kind %s", kind)
	}
	words := strings.Split(key, ".")
	for i := len(words) - 1; i >= 0; i-- {
		word, isList := strings.CutSuffix(words[i], "[]")
		switch {
		case word == "*" || word == "**":
			value = map[string]any{"some": value}
		case isList:
			value = map[string]any{word: []any{value}}
		default:
			value = map[string]any{word: value}
		}
	}
	text, err := yaml.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// What Traefik it is of is told from keys that only one of them knows.
func TestDetect(t *testing.T) {
	for name, test := range map[string]struct {
		in   Input
		want string
	}{
		"file of 1.7":      {Input{File: "traefik.toml", Content: []byte("defaultEntryPoints = [\"http\"]\n[kubernetes]\n")}, "v1"},
		"file of 2":        {Input{File: "traefik.toml", Content: []byte("[providers.kubernetesIngress]\n")}, "v2"},
		"YAML":             {Input{File: "-", Content: []byte("api: {}\n")}, "v2"},
		"arguments of 1.7": {Input{Args: []string{"--kubernetes", "--entrypoints=Name:http Address::80"}}, "v1"},
		"arguments of 2":   {Input{Args: []string{"--providers.kubernetesingress", "--entrypoints.web.address=:80"}}, "v2"},
		"environment":      {Input{Env: []string{"TRAEFIK_PING=true"}}, "v2"},
		"image of 1.7":     {Input{Image: "docker.io/traefik:1.7.34-alpine", Args: []string{"--ping"}}, "v1"},
		"image of 2":       {Input{Image: "traefik:v2.11.50@sha256:abc", Args: []string{"--ping"}}, "v2"},
		"image of 3":       {Input{Image: "traefik:v3.6", Args: []string{"--ping"}}, "traefik:v3.6 is Traefik 3 already"},
		"key of 3":         {Input{Content: []byte("[core]\ndefaultRuleSyntax = \"v2\"\n")}, "core is a key of Traefik 3"},
		"either":           {Input{Args: []string{"--ping", "--api"}}, "nothing in it tells Traefik 1.7 from Traefik 2: say --from v1 for Traefik 1.7 or --from v2 for Traefik 2"},
		"both":             {Input{Args: []string{"--kubernetes", "--log.level=INFO"}}, "kubernetes is a key of Traefik 1.7 alone, and log.level of Traefik 2: say --from v1 for Traefik 1.7 or --from v2 for Traefik 2"},
		"neither":          {Input{File: "traefik.yaml", Content: []byte("{\n")}, "reading the configuration of Traefik: traefik.yaml is neither YAML nor TOML"},
	} {
		t.Run(name, func(t *testing.T) {
			version, err := Detect(test.in)
			got := string(version)
			if err != nil {
				got = err.Error()
			}
			if got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}

// Values are told in the output alone.
func TestUpgradeTellsNoValue(t *testing.T) {
	for _, key := range []string{"pilot.token", "providers.http.endpoint", "providers.kubernetesCRD.token", "metrics.influxDB.password", "providers.redis.password", "entryPoints.*.address"} {
		text := strings.ReplaceAll(alone(t, key, "text"), "example", sentinel)
		for _, in := range []Input{
			{File: "traefik.yaml", Content: []byte(text)},
			{Args: []string{fmt.Sprintf("--%s=%s", strings.ReplaceAll(key, "*", "x"), sentinel), "--nosuch=" + sentinel}},
			{File: "traefik.yaml", Content: []byte(text), Args: []string{"--x=" + sentinel}, Env: []string{"TRAEFIK_X=" + sentinel}},
		} {
			config, err := ReadV2(in)
			if err != nil {
				t.Fatal(err)
			}
			result := Upgrade(config)
			result.Tree, result.EntryPoints = nil, nil
			report := fmt.Sprintf("%+v %+v", NewReport(result, in, Options{}), result.Diagnostics)
			if strings.Contains(report, sentinel) {
				t.Errorf("%s is told: %s", key, report)
			}
		}
	}
}
