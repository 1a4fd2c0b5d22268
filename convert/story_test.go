package convert

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/emit"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/emitnginx"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/nginx"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/traefikingress"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/traefikv1"
)

var update = flag.Bool("update", false, "write what the conversion gives into want.yaml and want.diag of the stories")

// A story is a testdata/*.txtar file:
//
//	(comment)       what the story shows
//	input.yaml      Ingresses, IngressClasses, Services, Endpoints, Secrets (metadata and keys count),
//	                Middlewares, TLSOptions, ServersTransports (metadata alone)
//	options.yaml    optional: version, apiGroup, ingressClass, from, controllers, traefikV1 (traefikv1.Facts), nginx (nginx.Facts),
//	                traefik (traefikingress.Facts)
//	want.yaml       the objects
//	want.companions.yaml  those for other systems, if any
//	want.diag       a line per Ingress "namespace/name Verdict", with its dialect where from is auto,
//	                under it its diagnostics:
//	                code severity namespace/name field — text
//	want.settings   optional, findings about the installation: code severity field — text
//
// Services, Endpoints, Secrets and Traefik's objects count as known when the
// story has at least one of the kind. A new story needs input.yaml only: go test ./convert -run Story -update
// writes the rest, for you to read.
func TestStories(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	if len(files) == 0 {
		t.Fatal("no stories in testdata")
	}
	unseen := map[string]bool{}
	for _, kind := range emit.Kinds() {
		unseen[kind] = true
	}
	ran := 0
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			ran++
			for _, o := range runStory(t, file) {
				kind := o.Object.GetObjectKind().GroupVersionKind()
				delete(unseen, kind.Kind)
				if strings.HasPrefix(kind.Group, "traefik.") && !slices.Contains(emit.Kinds(), kind.Kind) {
					t.Errorf("%s is not among emit.Kinds, so neither webhook nor scan would know of %s", kind.Kind, o.Object.GetName())
				}
			}
		})
	}
	if ran < len(files) {
		return // some were asked for
	}
	for kind := range unseen {
		t.Errorf("no story has a %s: emit.Kinds asks for rights that nothing needs", kind)
	}
}

func runStory(t *testing.T, file string) []Output {
	archive, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	parts := map[string][]byte{}
	for _, f := range archive.Files {
		parts[f.Name] = f.Data
	}
	in := readInput(t, parts["input.yaml"])
	opts := readOptions(t, parts["options.yaml"])
	result := Convert(in, opts)
	got := map[string][]byte{
		"want.yaml": writeObjects(t, result.Objects), "want.companions.yaml": writeObjects(t, result.Companions), "want.diag": writeDiagnostics(result, opts),
	}
	names := []string{"want.yaml", "want.companions.yaml", "want.diag"}
	if _, ok := parts["want.settings"]; ok {
		names = append(names, "want.settings")
		got["want.settings"] = writeSettings(result)
	}
	for _, name := range names {
		if *update {
			archive.Files = slices.DeleteFunc(archive.Files, func(f txtar.File) bool { return f.Name == name })
			if len(got[name]) > 0 || name != "want.companions.yaml" {
				archive.Files = append(archive.Files, txtar.File{Name: name, Data: got[name]})
			}
			continue
		}
		if diff := cmp.Diff(string(parts[name]), string(got[name])); diff != "" {
			t.Errorf("%s (-want +got; -update accepts it):\n%s", name, diff)
		}
	}
	if *update {
		if err := os.WriteFile(file, txtar.Format(archive), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return result.Objects
}

func readInput(t testing.TB, text []byte) Input {
	t.Helper()
	var in Input
	for i, doc := range bytes.Split(append([]byte("\n"), text...), []byte("\n---\n")) {
		var kind metav1.TypeMeta
		if err := yaml.Unmarshal(doc, &kind); err != nil {
			t.Fatalf("document %d: %v", i+1, err)
		}
		switch kind.Kind {
		case "":
		case "Ingress":
			ing := decode[networkingv1.Ingress](t, doc)
			in.Ingresses = append(in.Ingresses, ir.Ingress{Ingress: ing, File: fmt.Sprintf("input.yaml:%d", i+1)})
		case "IngressClass":
			in.IngressClasses = append(in.IngressClasses, decode[networkingv1.IngressClass](t, doc))
		case "Service":
			in.Services, in.ServicesKnown = append(in.Services, decode[corev1.Service](t, doc)), true
		case "Endpoints":
			in.Endpoints, in.EndpointsKnown = append(in.Endpoints, decode[ir.Endpoints](t, doc)), true
		case "Secret":
			s := decode[corev1.Secret](t, doc)
			keys := slices.Concat(slices.Collect(maps.Keys(s.Data)), slices.Collect(maps.Keys(s.StringData)))
			slices.Sort(keys)
			in.Secrets = append(in.Secrets, ir.Secret{
				Namespace: s.Namespace, Name: s.Name, Type: s.Type, Keys: keys, Problem: s.Annotations["story/problem"], Users: s.Annotations["story/users"],
			})
			in.SecretsKnown = true
		case "Middleware", "TLSOption", "ServersTransport":
			object := decode[struct {
				metav1.PartialObjectMetadata `json:",inline"`
				Spec                         json.RawMessage
			}](t, doc)
			in.Traefik = append(in.Traefik, ir.TraefikObject{Kind: kind.Kind, Namespace: object.Namespace, Name: object.Name, Spec: string(object.Spec)})
			in.TraefikKnown = true
		default:
			t.Fatalf("document %d: stories do not know kind %s", i+1, kind.Kind)
		}
	}
	return in
}

func decode[T any](t testing.TB, doc []byte) *T {
	t.Helper()
	out := new(T)
	if err := yaml.UnmarshalStrict(doc, out); err != nil {
		t.Fatal(err)
	}
	return out
}

func readOptions(t testing.TB, text []byte) Options {
	t.Helper()
	var file struct {
		Version, APIGroup, IngressClass string
		TraefikV1                       traefikv1.Facts
		From                            Dialect
		Controllers                     *Controllers
		Nginx                           nginx.Facts
		Traefik                         traefikingress.Facts
	}
	if err := yaml.UnmarshalStrict(text, &file); err != nil {
		t.Fatalf("options.yaml: %v", err)
	}
	opts := Options{
		From:      FromTraefikV1,
		Target:    emit.Target{Version: emit.V2, APIGroup: file.APIGroup, IngressClass: file.IngressClass},
		TraefikV1: file.TraefikV1,
		Nginx:     file.Nginx,
		Traefik:   file.Traefik,
	}
	if file.From != "" {
		opts.From, opts.Controllers = file.From, file.Controllers
	}
	switch file.Version {
	case "v3":
		opts.Target.Version = emit.V3
	case ToIngressNginx:
		opts.IngressNginx = &emitnginx.Target{IngressClass: file.IngressClass}
	}
	return opts
}

func writeObjects(t testing.TB, objects []Output) []byte {
	t.Helper()
	var b bytes.Buffer
	for i, o := range objects {
		text, err := yaml.Marshal(o.Object)
		if err != nil {
			t.Fatal(err)
		}
		if i > 0 {
			b.WriteString("---\n")
		}
		b.Write(text)
	}
	return b.Bytes()
}

func writeDiagnostics(result Result, opts Options) []byte {
	var b bytes.Buffer
	for _, report := range result.Ingresses {
		fmt.Fprintf(&b, "%s %s", report.Ingress, report.Verdict)
		switch {
		case opts.From != Auto:
		case report.Dialect == "":
			fmt.Fprintf(&b, " (%s)", report.Why)
		default:
			fmt.Fprintf(&b, " %s", report.Dialect)
		}
		b.WriteByte('\n')
		for _, d := range report.Diagnostics {
			fmt.Fprintf(&b, "%s %s %s %s \u2014 %s\n", d.Code, d.Severity, d.Object, d.Field, d.Text)
		}
	}
	return b.Bytes()
}

func writeSettings(result Result) []byte {
	var b bytes.Buffer
	for _, d := range result.Settings {
		fmt.Fprintf(&b, "%s %s %s \u2014 %s\n", d.Code, d.Severity, d.Field, d.Text)
	}
	return b.Bytes()
}
