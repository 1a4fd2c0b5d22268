package chart

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"helm.sh/helm/v4/pkg/chart/common"
	"helm.sh/helm/v4/pkg/chart/common/util"
	"helm.sh/helm/v4/pkg/chart/v2/loader"
	"helm.sh/helm/v4/pkg/engine"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	yamlutil "k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/install"
)

// objects are by kind, namespace and name.
type objects map[string]map[string]any

func (all objects) add(t *testing.T, o *unstructured.Unstructured) {
	t.Helper()
	key := o.GetKind() + " " + o.GetNamespace() + "/" + o.GetName()
	if all[key] != nil {
		t.Errorf("%s is there twice", key)
	}
	// What a decoder makes of numbers is not a difference.
	raw, err := json.Marshal(o.Object)
	if err != nil {
		t.Fatal(err)
	}
	var plain map[string]any
	if err := json.Unmarshal(raw, &plain); err != nil {
		t.Fatal(err)
	}
	all[key] = plain
}

func (all objects) decode(t *testing.T, text []byte) {
	t.Helper()
	documents := yamlutil.NewYAMLOrJSONDecoder(bytes.NewReader(text), 4096)
	for {
		o := &unstructured.Unstructured{}
		err := documents.Decode(o)
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatalf("%v in\n%s", err, text)
		}
		if o.Object != nil {
			all.add(t, o)
		}
	}
}

// render is helm template.
func render(t *testing.T, namespace, kubernetes string, values map[string]any) (objects, error) {
	t.Helper()
	texts, err := rendered(t, namespace, kubernetes, values)
	all := objects{}
	for name, text := range texts {
		if strings.HasSuffix(name, ".yaml") {
			all.decode(t, []byte(text))
		}
	}
	return all, err
}

// rendered are the texts of the chart's files.
func rendered(t *testing.T, namespace, kubernetes string, values map[string]any) (map[string]string, error) {
	t.Helper()
	loaded, err := loader.LoadDir(chart)
	if err != nil {
		t.Fatal(err)
	}
	capabilities := common.DefaultCapabilities.Copy()
	version, err := common.ParseKubeVersion(kubernetes)
	if err != nil {
		t.Fatal(err)
	}
	capabilities.KubeVersion = *version
	given, err := util.ToRenderValues(loaded, values, common.ReleaseOptions{Name: "edge", Namespace: namespace, Revision: 1, IsInstall: true}, capabilities)
	if err != nil {
		return nil, err
	}
	return engine.Render(loaded, given)
}

func must(t *testing.T, namespace, kubernetes string, values map[string]any) objects {
	t.Helper()
	all, err := render(t, namespace, kubernetes, values)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// installed is what `webhook install` and `webhook manifests` make, without the
// Namespace: Helm installs into one that is there, or makes it.
func installed(t *testing.T, s install.Settings) objects {
	t.Helper()
	all := objects{}
	made, err := install.Objects(s)
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range made {
		if o.GetKind() != "Namespace" {
			all.add(t, o)
		}
	}
	return all
}

func compare(t *testing.T, who string, want, got objects) {
	t.Helper()
	for _, key := range slices.Sorted(maps.Keys(want)) {
		if diff := cmp.Diff(want[key], got[key]); diff != "" {
			t.Errorf("%s (-%s +chart):\n%s", key, who, diff)
		}
	}
	for key := range got {
		if want[key] == nil {
			t.Errorf("the chart alone has %s", key)
		}
	}
}

// builds is what kustomize makes of folders that exist beside the given objects as base.
func builds(t *testing.T, base objects, folder string) objects {
	t.Helper()
	fs := filesys.MakeFsInMemory()
	write := func(path string, content []byte) {
		if err := fs.WriteFile(path, content); err != nil {
			t.Fatal(err)
		}
	}
	var names []string
	for key, o := range base {
		raw, err := json.Marshal(o)
		if err != nil {
			t.Fatal(err)
		}
		name := strings.NewReplacer(" ", "-", "/", "-").Replace(key) + ".yaml"
		names = append(names, name)
		write("base/"+name, raw)
	}
	resources, err := json.Marshal(map[string]any{"resources": names})
	if err != nil {
		t.Fatal(err)
	}
	write("base/kustomization.yaml", resources)
	files, err := filepath.Glob(filepath.Join(source, folder, "*.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		write(folder+"/"+filepath.Base(file), raw)
	}
	built, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(fs, folder)
	if err != nil {
		t.Fatal(err)
	}
	text, err := built.AsYaml()
	if err != nil {
		t.Fatal(err)
	}
	all := objects{}
	all.decode(t, text)
	return all
}
