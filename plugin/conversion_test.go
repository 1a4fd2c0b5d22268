package plugin

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/emit"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/traefikingress"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/traefikv1"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/install"
)

// parse returns the options that a command line stands for.
func parse(t *testing.T, args ...string) (*conversionFlags, convert.Options) {
	t.Helper()
	flags, cmd := &conversionFlags{}, &cobra.Command{}
	flags.add(cmd)
	if err := cmd.ParseFlags(args); err != nil {
		t.Fatal(err)
	}
	options, err := flags.options()
	if err != nil {
		t.Fatal(err)
	}
	return flags, options
}

func TestConversionFlags(t *testing.T) {
	usual := convert.Options{
		From:      convert.Auto,
		Target:    emit.Target{Version: emit.V2, APIGroup: "traefik.io"},
		TraefikV1: traefikv1.DefaultFacts(),
	}
	everything := convert.Options{
		From:   convert.FromTraefikV1,
		Target: emit.Target{Version: emit.V3, APIGroup: "traefik.io", IngressClass: "new"},
		TraefikV1: traefikv1.Facts{
			EntryPoints: []traefikv1.EntryPoint{
				{Name: "http", Target: "web", Port: 80},
				{Name: "https", Target: "secure", Port: 8443, TLS: true},
				{Name: "alt", Target: "alt", Port: 443, TLS: true},
			},
			EntryPointsKnown: true, DefaultEntryPoints: []string{"http", "https"},
			IngressClass: "old", LabelSelector: "team=a", Namespaces: []string{"a", "b"},
			DisablePassHostHeaders: true, EnablePassTLSCert: true, KeepTrailingSlash: true, AllowMinWeightZero: true,
			Retry: &traefikv1.Retry{Attempts: 3}, PriorityScale: traefikv1.DefaultFacts().PriorityScale,
		},
	}
	cases := map[string]struct {
		args []string
		want convert.Options
	}{
		"nothing": {nil, usual},
		"everything": {[]string{"--from=traefik-v1", "--to=v3", "--target-ingress-class=new",
			"--entry-points=http=web,https=secure:8443:tls", "--entry-points=alt=alt:tls", "--default-entry-points=http,https",
			"--source-ingress-class=old", "--source-selector=team=a", "--source-namespaces=a,b",
			"--source-disable-pass-host-headers", "--source-enable-pass-tls-cert", "--source-keep-trailing-slash",
			"--source-allow-min-weight-zero", "--source-retry-attempts=3"}, everything},
		"arguments of Traefik 3": {[]string{"--from=traefik", "--source-version=3.6", "--source-ingress-class=edge", "--to=v3",
			"--source-args=--providers.kubernetesingress.ingressclass=old --providers.kubernetesingress.strictprefixmatching=true",
			"--source-args=--entrypoints.web.address=:80"}, convert.Options{
			From: convert.FromTraefik, Target: emit.Target{Version: emit.V3, APIGroup: "traefik.io"},
			Traefik: traefikingress.Facts{Version: "3.6", IngressClass: "edge", StrictPrefixMatching: true, EntryPoints: []traefikingress.EntryPoint{{Name: "web"}}},
		}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			if _, got := parse(t, c.args...); !cmp.Equal(c.want, got) {
				t.Errorf("-want +got:\n%s", cmp.Diff(c.want, got))
			}
		})
	}
}

// What `webhook install` stores is what scan, diff, sync and convert go by;
// what the command line says goes before it.
func TestStoredOptions(t *testing.T) {
	_, installed := parse(t, "--from=traefik-v1", "--to=v3", "--target-ingress-class=new", "--entry-points=http=edge,https=secure:tls", "--source-ingress-class=old", "--source-retry-attempts=2")
	objects, err := install.Objects(install.Settings{Conversion: installed})
	if err != nil {
		t.Fatal(err)
	}
	var stored convert.Options
	found := false
	for _, object := range objects {
		if object.GetKind() != "ConfigMap" || object.GetName() != install.ConversionName {
			continue
		}
		data, ok := object.Object["data"].(map[string]any)
		if !ok {
			t.Fatal("the ConfigMap has no data")
		}
		text, _ := data["conversion.yaml"].(string)
		if stored, err = parseStoredOptions(map[string]string{"conversion.yaml": text}); err != nil {
			t.Fatal(err)
		}
		found = true
	}
	if !found {
		t.Fatalf("install has no ConfigMap %s", install.ConversionName)
	}
	onTop := func(flags *conversionFlags) convert.Options {
		merged, err := flags.onTop(stored)
		if err != nil {
			t.Fatal(err)
		}
		return merged
	}
	flags, _ := parse(t)
	if diff := cmp.Diff(installed, onTop(flags)); diff != "" {
		t.Errorf("nothing on the command line, -want +got:\n%s", diff)
	}
	file := filepath.Join(t.TempDir(), "traefik.toml")
	if err := os.WriteFile(file, []byte("defaultEntryPoints = [\"http\"]\n[entryPoints.http]\naddress = \":8080\"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	flags, _ = parse(t, "--source-config", "traefik-v1="+file, "--source-ingress-class=third")
	if merged := onTop(flags); merged.TraefikV1.EntryPoints[0].Port != 8080 || merged.TraefikV1.IngressClass != "third" || merged.Target.Version != emit.V3 {
		t.Errorf("a configuration file on the command line: %+v", merged)
	}
	flags, given := parse(t, "--to=v2", "--source-ingress-class=", "--entry-points=http=web")
	want := installed
	want.Target.Version = emit.V2
	want.TraefikV1.IngressClass = ""
	want.TraefikV1.EntryPoints = given.TraefikV1.EntryPoints
	want.TraefikV1.DefaultEntryPoints = given.TraefikV1.DefaultEntryPoints
	if diff := cmp.Diff(want, onTop(flags)); diff != "" {
		t.Errorf("some on the command line, -want +got:\n%s", diff)
	}
}

func TestStoredOptionsThatCannotBeRead(t *testing.T) {
	for name, data := range map[string]map[string]string{
		"no key":        {},
		"not YAML":      {"conversion.yaml": "a: [b"},
		"unknown field": {"conversion.yaml": "Form: traefik-v1"},
	} {
		if _, err := parseStoredOptions(data); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
