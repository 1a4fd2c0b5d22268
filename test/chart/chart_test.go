package chart

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"helm.sh/helm/v4/pkg/chart/v2/lint"
	"helm.sh/helm/v4/pkg/chart/v2/lint/support"
	releaseutil "helm.sh/helm/v4/pkg/release/v1/util"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/emit"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/traefikv1"
	"github.com/ingress-migrate/kubectl-ingress-migrate/manifests"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/install"
)

const (
	source = "../../manifests"
	chart  = source + "/chart"
)

// TestChartIsMade: what is made of the base is as the base is now. UPDATE=1 writes it.
func TestChartIsMade(t *testing.T) {
	made, err := Generate(source)
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range slices.Sorted(maps.Keys(made)) {
		file := filepath.Join(chart, path)
		if os.Getenv("UPDATE") != "" {
			if err := os.WriteFile(file, []byte(made[path]), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		have, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(made[path], string(have)); diff != "" {
			t.Errorf("%s (-made +there); UPDATE=1 go test ./... in test/chart writes it anew:\n%s", path, diff)
		}
	}
}

// conversion are the options as the chart's user gives them.
func conversion(t *testing.T, options convert.Options) map[string]any {
	t.Helper()
	raw, err := yaml.Marshal(options)
	if err != nil {
		t.Fatal(err)
	}
	var values map[string]any
	if err := yaml.Unmarshal(raw, &values); err != nil {
		t.Fatal(err)
	}
	return values
}

var base = convert.Options{From: convert.FromTraefikV1, Target: emit.Target{Version: emit.V2, APIGroup: emit.Group}}

const awkward = "a\"] || true || [\"'\\\n: {{ x }} é<"

// TestChartIsWhatInstallMakes: the same objects, whichever way they come into a cluster.
func TestChartIsWhatInstallMakes(t *testing.T) {
	of := func(change func(*convert.Options)) convert.Options {
		options := base
		change(&options)
		return options
	}
	cases := map[string]struct {
		settings   install.Settings
		kubernetes string
		values     map[string]any
	}{
		"as it is":          {settings: install.Settings{Mode: "mirror"}},
		"observe":           {settings: install.Settings{Mode: "observe"}, values: map[string]any{"mode": "observe"}},
		"warn":              {settings: install.Settings{Mode: "warn"}, values: map[string]any{"mode": "warn"}},
		"enforce":           {settings: install.Settings{Mode: "enforce"}, values: map[string]any{"mode": "enforce"}},
		"another namespace": {settings: install.Settings{Mode: "mirror", Namespace: "edge"}},
		"some namespaces": {
			settings: install.Settings{Mode: "mirror", Namespace: "edge", Namespaces: []string{"shop", "cart"}},
			values:   map[string]any{"namespaces": []any{"shop", "cart"}},
		},
		"image and replicas": {
			settings: install.Settings{Mode: "mirror", Image: "registry.example.com/w:1", Replicas: 3},
			values:   map[string]any{"image": "registry.example.com/w:1", "replicas": 3},
		},
		"before matchConditions": {settings: install.Settings{Mode: "mirror"}, kubernetes: "v1.27.9"},
		"a class of its own": {settings: install.Settings{Mode: "mirror", Conversion: of(func(o *convert.Options) {
			o.TraefikV1 = traefikv1.Facts{IngressClass: "edge"}
		})}},
		"a class that is no name": {settings: install.Settings{Mode: "mirror", Conversion: of(func(o *convert.Options) {
			o.TraefikV1 = traefikv1.Facts{IngressClass: awkward}
		})}},
		"another dialect":  {settings: install.Settings{Mode: "mirror", Conversion: of(func(o *convert.Options) { o.From = convert.FromNginx })}},
		"several dialects": {settings: install.Settings{Mode: "mirror", Conversion: of(func(o *convert.Options) { o.From = convert.Auto })}},
		"the legacy group": {settings: install.Settings{Mode: "mirror", Conversion: of(func(o *convert.Options) { o.Target.APIGroup = emit.LegacyGroup })}},
		"traefik 3":        {settings: install.Settings{Mode: "mirror", Conversion: of(func(o *convert.Options) { o.Target.Version = emit.V3 })}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			if c.settings.Conversion.From == "" {
				c.settings.Conversion = base
			}
			if c.settings.Namespace == "" {
				c.settings.Namespace = install.Namespace
			}
			c.settings.MatchConditions = c.kubernetes == ""
			if c.kubernetes == "" {
				c.kubernetes = "v1.28.0"
			}
			values := map[string]any{"conversion": conversion(t, c.settings.Conversion)}
			maps.Copy(values, c.values)
			compare(t, "install", installed(t, c.settings), must(t, c.settings.Namespace, c.kubernetes, values))
		})
	}
}

// TestChartIsWhatOverlaysMake: the same for the parts that kustomize has beside the base.
func TestChartIsWhatOverlaysMake(t *testing.T) {
	plain := installed(t, install.Settings{Mode: "mirror", Conversion: base, MatchConditions: true})
	with := func(key string) objects {
		return must(t, install.Namespace, "v1.28.0", map[string]any{"conversion": conversion(t, base), key: map[string]any{"enabled": true}})
	}
	compare(t, "kustomize", builds(t, plain, "cert-manager"), with("certManager"))
	monitored := builds(t, plain, "monitoring")
	maps.Copy(monitored, plain)
	compare(t, "kustomize", monitored, with("monitoring"))
}

// TestDefaults: what values.yaml says without a word from anybody is what the base says.
// Of the rest TestChartIsWhatInstallMakes tells.
func TestDefaults(t *testing.T) {
	options := func(all objects) (options convert.Options) {
		for key, o := range all {
			if !strings.HasPrefix(key, "ConfigMap ") {
				continue
			}
			text, _, err := unstructured.NestedString(o, "data", "conversion.yaml")
			if err == nil {
				err = yaml.UnmarshalStrict([]byte(text), &options)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		return options
	}
	all := objects{}
	made, err := manifests.Base()
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range made {
		all.add(t, o)
	}
	if diff := cmp.Diff(options(all), options(must(t, "edge", "v1.30.0", nil))); diff != "" {
		t.Errorf("-base +chart:\n%s", diff)
	}
	if diff := cmp.Diff(base, options(all)); diff != "" {
		t.Errorf("-this test +base:\n%s", diff)
	}
}

// everything turns on all that can be turned on.
func everything() map[string]any {
	return map[string]any{
		"certManager": map[string]any{"enabled": true}, "monitoring": map[string]any{"enabled": true},
		"namespaces": []any{"shop", "cart"},
		"pod":        map[string]any{"nodeSelector": map[string]any{"pool": "edge"}, "priorityClassName": "high"},
		"resources":  map[string]any{"limits": map[string]any{"memory": "1Gi"}},
	}
}

// TestAnotherNamespace: what the overlays say of the namespace follows the release.
func TestAnotherNamespace(t *testing.T) {
	for key, o := range must(t, "edge", "v1.30.0", everything()) {
		raw, err := yaml.Marshal(o)
		if err != nil {
			t.Fatal(err)
		}
		text := string(raw)
		for _, mention := range []string{
			"namespace: ingress-migrate\n", "serviceaccount:ingress-migrate:", "webhook.ingress-migrate.svc",
			"- ingress-migrate\n", " ingress-migrate/ingress", "-n ingress-migrate ",
		} {
			if strings.Contains(text, mention) {
				t.Errorf("%s says %q:\n%s", key, mention, text)
			}
		}
		kind, _, _ := strings.Cut(key, " ")
		switch kind {
		case "Role", "ClusterRole":
			if strings.Contains(text, "secrets") || strings.Contains(text, "webhookconfigurations") {
				t.Errorf("%s has rights for a certificate of its own:\n%s", key, text)
			}
		case "Deployment":
			for _, word := range []string{"pool: edge", "priorityClassName: high", "memory: 1Gi", "cpu: 50m", "- --namespaces=cart,shop", "- --cert-dir="} {
				if !strings.Contains(text, word) {
					t.Errorf("no %s in:\n%s", word, text)
				}
			}
		case "PrometheusRule":
			if !strings.Contains(text, "{{ $value | humanizeDuration }}") {
				t.Errorf("Prometheus' own templates are gone:\n%s", text)
			}
		}
	}
}

// TestOrder: Helm registers what it installed before, and removes the registration before
// anything behind it. There are no hooks, whose objects Helm would leave behind.
func TestOrder(t *testing.T) {
	texts, err := rendered(t, "edge", "v1.30.0", map[string]any{"namespaces": []any{"shop"}})
	if err != nil {
		t.Fatal(err)
	}
	delete(texts, "ingress-migrate-webhook/templates/NOTES.txt")
	for name, c := range map[string]struct {
		order releaseutil.KindSortOrder
		at    func(kinds []string) string
	}{
		"install":   {releaseutil.InstallOrder, func(kinds []string) string { return kinds[len(kinds)-1] }},
		"uninstall": {releaseutil.UninstallOrder, func(kinds []string) string { return kinds[0] }},
	} {
		hooks, sorted, err := releaseutil.SortManifests(texts, nil, c.order)
		if err != nil || len(hooks) > 0 {
			t.Fatalf("%d hooks, %v", len(hooks), err)
		}
		var kinds []string
		for _, manifest := range sorted {
			kinds = append(kinds, manifest.Head.Kind)
		}
		if len(kinds) < 10 || c.at(kinds) != "MutatingWebhookConfiguration" {
			t.Errorf("%s: %v", name, kinds)
		}
	}
}

// TestWrongValues: a typo must not install something else than was meant.
func TestWrongValues(t *testing.T) {
	for name, values := range map[string]map[string]any{
		"mode":       {"mode": "mirorr"},
		"unknown":    {"namespace": "shop"},
		"all":        {"namespaces": []any{"*"}},
		"injection":  {"namespaces": []any{"a\n  b: c"}},
		"replicas":   {"replicas": 0},
		"containers": {"pod": map[string]any{"containers": []any{}}},
		"group":      {"conversion": map[string]any{"Target": map[string]any{"Version": 3, "APIGroup": "traefik.containo.us"}}},
	} {
		if all, err := render(t, "edge", "v1.30.0", values); err == nil {
			t.Errorf("%s: rendered %d objects", name, len(all))
		}
	}
}

// TestLint is helm lint --strict.
func TestLint(t *testing.T) {
	for name, values := range map[string]map[string]any{"as it is": nil, "everything": everything()} {
		for _, message := range lint.RunAll(chart, values, "edge").Messages {
			if message.Severity >= support.WarningSev {
				t.Errorf("%s: %v", name, message)
			}
		}
	}
}
