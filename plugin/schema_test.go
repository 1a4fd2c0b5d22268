package plugin_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/jsonschema-go/jsonschema"
	"github.com/rogpeppe/go-internal/testscript"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover/parallel"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/install"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/preflight"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/probe"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/scan"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/shift"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/verify"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/versions"
)

// reports are what -o json prints, by the kind of the report.
func reports() map[string]runtime.Object {
	return map[string]runtime.Object{
		scan.Kind:          &scan.Report{},
		preflight.Kind:     &preflight.Report{},
		probe.Kind:         &probe.Report{},
		verify.Kind:        &verify.Report{},
		versions.Kind:      &versions.Report{},
		shift.Kind:         &shift.Report{},
		install.Kind:       &install.Report{},
		cutover.StatusKind: &cutover.Status{},
		cutover.PlanKind:   &cutover.Plan{},
		parallel.PlanKind:  &parallel.Plan{},
	}
}

func severities() []any {
	var names []any
	for s := diag.Exact; s <= diag.Invalid; s++ {
		names = append(names, s.String())
	}
	return names
}

const (
	reportVersion = "ingress-migrate.io/v1alpha1"
	published     = "../docs/reference/schemas"
	schemaID      = "https://github.com/ingress-migrate/kubectl-ingress-migrate/blob/main/docs/reference/schemas/"
)

// schemaOf makes the schema of a kind from its Go type. It allows nothing that the
// type does not have.
func schemaOf(kind string) (*jsonschema.Schema, error) {
	report, ok := reports()[kind]
	if !ok {
		return nil, errors.New("there is no report of the kind " + kind)
	}
	s, err := jsonschema.ForType(reflect.TypeOf(report).Elem(), &jsonschema.ForOptions{TypeSchemas: map[reflect.Type]*jsonschema.Schema{
		reflect.TypeFor[diag.Severity](): {Type: "string", Enum: severities()}, // which writes itself
	}})
	if err != nil {
		return nil, err
	}
	s.Schema, s.Title = "https://json-schema.org/draft/2020-12/schema", kind
	for name, value := range map[string]any{"apiVersion": reportVersion, "kind": kind} {
		s.Properties[name].Const = &value
		if !slices.Contains(s.Required, name) {
			s.Required = append(s.Required, name)
		}
	}
	slices.Sort(s.Required)
	return s, nil
}

// open allows fields that are not known: whoever reads a report has to, because
// fields may be added to a version.
func open(s *jsonschema.Schema) {
	if s.AdditionalProperties != nil && s.AdditionalProperties.Not != nil {
		s.AdditionalProperties = nil
	}
	for _, child := range children(s) {
		open(child)
	}
}

// children are the schemas of a schema's parts by their paths.
func children(s *jsonschema.Schema) map[string]*jsonschema.Schema {
	parts := map[string]*jsonschema.Schema{}
	for name, property := range s.Properties {
		parts["."+name] = property
	}
	if s.Items != nil {
		parts["[]"] = s.Items
	}
	if s.AdditionalProperties != nil {
		parts["[*]"] = s.AdditionalProperties
	}
	return parts
}

// TestPublishedSchemas keeps docs/reference/schemas what reports are. UPDATE=1
// writes what was added; what programs that read reports would stumble over needs
// another version.
func TestPublishedSchemas(t *testing.T) {
	_, version, _ := strings.Cut(reportVersion, "/")
	dir := filepath.Join(published, version)
	for kind := range reports() {
		s, err := schemaOf(kind)
		if err != nil {
			t.Fatal(err)
		}
		open(s)
		s.ID = schemaID + version + "/" + kind + ".json"
		want, err := json.MarshalIndent(s, "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		want = append(want, '\n')
		file := filepath.Join(dir, kind+".json")
		got, err := os.ReadFile(file)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Fatal(err)
		}
		if bytes.Equal(got, want) {
			continue
		}
		if err == nil {
			var before jsonschema.Schema
			if err := json.Unmarshal(got, &before); err != nil {
				t.Fatalf("%s: %v", file, err)
			}
			if broken := breaks(&before, s, ""); len(broken) > 0 {
				t.Errorf("%s: %s\nThis breaks programs that read %s: it needs a new apiVersion, with schemas of its own", kind, strings.Join(broken, "; "), reportVersion)
				continue
			}
		}
		if os.Getenv("UPDATE") == "" {
			t.Errorf("%s is not what %s reports are; UPDATE=1 writes it", file, kind)
			continue
		}
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	// A kind cannot go either.
	files, err := filepath.Glob(filepath.Join(dir, "*.json"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if kind := strings.TrimSuffix(filepath.Base(file), ".json"); reports()[kind] == nil {
			t.Errorf("%s is published, but there are no reports of this kind any more", file)
		}
	}
}

// breaks says what of a report's schema somebody may rely on that is gone.
func breaks(before, after *jsonschema.Schema, path string) []string {
	var broken []string
	types := func(s *jsonschema.Schema) []string {
		return slices.Sorted(slices.Values(append(slices.Clone(s.Types), s.Type)))
	}
	if !slices.Equal(types(before), types(after)) {
		broken = append(broken, path+" is of another type")
	}
	if !reflect.DeepEqual(before.Enum, after.Enum) || !reflect.DeepEqual(before.Const, after.Const) {
		broken = append(broken, path+" has other values")
	}
	for _, name := range before.Required {
		if after.Properties[name] != nil && !slices.Contains(after.Required, name) {
			broken = append(broken, path+"."+name+" may be missing")
		}
	}
	now := children(after)
	for name, part := range children(before) {
		if now[name] == nil {
			broken = append(broken, path+name+" is gone")
			continue
		}
		broken = append(broken, breaks(part, now[name], path+name)...)
	}
	slices.Sort(broken)
	return broken
}

func TestBreaks(t *testing.T) {
	type inner struct {
		A string `json:"a"`
		B int    `json:"b,omitempty"`
	}
	of := func(value any) *jsonschema.Schema {
		s, err := jsonschema.ForType(reflect.TypeOf(value), nil)
		if err != nil {
			t.Fatal(err)
		}
		open(s)
		return s
	}
	before := of(struct {
		Items []inner           `json:"items"`
		Map   map[string]string `json:"map,omitempty"`
	}{})
	for name, c := range map[string]struct {
		after any
		want  string
	}{
		"the same": {struct {
			Items []inner           `json:"items"`
			Map   map[string]string `json:"map,omitempty"`
		}{}, ""},
		"added, and never missing now": {struct {
			Items []struct {
				A string `json:"a"`
				B int    `json:"b"`
				C string `json:"c"`
			} `json:"items"`
			Map map[string]string `json:"map,omitempty"`
		}{}, ""},
		"gone, in a list": {struct {
			Items []struct {
				A string `json:"a"`
			} `json:"items"`
			Map map[string]string `json:"map,omitempty"`
		}{}, ".items[].b is gone"},
		"may be missing": {struct {
			Items []inner           `json:"items,omitempty"`
			Map   map[string]string `json:"map,omitempty"`
		}{}, ".items may be missing"},
		"other values": {struct {
			Items []inner        `json:"items"`
			Map   map[string]int `json:"map,omitempty"`
		}{}, ".map[*] is of another type"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := strings.Join(breaks(before, of(c.after), ""), "; "); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

// schema KIND FILE... holds reports against the schema of their kind, where
// nothing may be added; FILE may be stdout.
func schema(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: schema KIND FILE...")
	}
	s, err := schemaOf(args[0])
	ts.Check(err)
	resolved, err := s.Resolve(nil)
	ts.Check(err)
	for _, file := range args[1:] {
		var report any
		ts.Check(json.Unmarshal([]byte(ts.ReadFile(file)), &report))
		if err := resolved.Validate(report); err != nil {
			ts.Fatalf("%s: %v", file, err)
		}
	}
}
