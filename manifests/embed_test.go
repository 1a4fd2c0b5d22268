package manifests_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/emit"
	"github.com/ingress-migrate/kubectl-ingress-migrate/manifests"
)

// TestBaseIsWhatKustomizeBuilds: `kubectl apply -k` and `webhook install` put the
// same objects into a cluster.
func TestBaseIsWhatKustomizeBuilds(t *testing.T) {
	built, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(filesys.MakeFsOnDisk(), "base")
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]map[string]any{}
	for _, resource := range built.Resources() {
		object, err := resource.Map()
		if err != nil {
			t.Fatal(err)
		}
		want[resource.GetKind()+"/"+resource.GetName()] = plain(object).(map[string]any)
	}
	base, err := manifests.Base()
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]map[string]any{}
	for _, object := range base {
		got[object.GetKind()+"/"+object.GetName()] = plain(object.Object).(map[string]any)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("base (-kustomize +embedded):\n%s", diff)
	}
}

// plain makes one type of the integers that two decoders read.
func plain(value any) any {
	switch value := value.(type) {
	case map[string]any:
		for key := range value {
			value[key] = plain(value[key])
		}
	case []any:
		for i := range value {
			value[i] = plain(value[i])
		}
	case int:
		return int64(value)
	}
	return value
}

// TestRightsOnWhatIsWritten: neither a kind too few, which would stop the webhook at the
// first object of it, nor one too many.
func TestRightsOnWhatIsWritten(t *testing.T) {
	var want []string
	for _, kind := range emit.Kinds() {
		resource, _ := meta.UnsafeGuessKindToResource(schema.GroupVersionKind{Kind: kind})
		want = append(want, resource.Resource)
	}
	slices.Sort(want)
	base, err := manifests.Base()
	if err != nil {
		t.Fatal(err)
	}
	for _, object := range base {
		if object.GetKind() != "ClusterRole" {
			continue
		}
		var role rbacv1.ClusterRole
		if err := runtime.DefaultUnstructuredConverter.FromUnstructured(object.Object, &role); err != nil {
			t.Fatal(err)
		}
		for _, rule := range role.Rules {
			if slices.Contains(rule.APIGroups, emit.Group) {
				if diff := cmp.Diff(want, rule.Resources); diff != "" {
					t.Errorf("-kinds of the output +rights: %s", diff)
				}
				return
			}
		}
	}
	t.Error("no rights on Traefik's objects")
}

// TestImagesAreVersions: an image is one program for ever, and one place says which.
func TestImagesAreVersions(t *testing.T) {
	base, err := manifests.Base()
	if err != nil {
		t.Fatal(err)
	}
	version := regexp.MustCompile(`^[a-z0-9./-]+:v\d+\.\d+\.\d+(-[a-z0-9.]+)?(@sha256:[0-9a-f]{64})?$`)
	for _, object := range base {
		containers, _, err := unstructured.NestedSlice(object.Object, "spec", "template", "spec", "containers")
		if err != nil {
			t.Fatal(err)
		}
		for _, container := range containers {
			if image := container.(map[string]any)["image"].(string); !version.MatchString(image) {
				t.Errorf("%s %s: image %s is not a version", object.GetKind(), object.GetName(), image)
			}
		}
	}
	files, err := filepath.Glob("*/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if regexp.MustCompile(`image: \S+:\S+`).Match(text) {
			t.Errorf("%s says the version of an image itself", file)
		}
	}
}

// TestRegistrationIsLast: nothing is registered before it can answer.
func TestRegistrationIsLast(t *testing.T) {
	base, err := manifests.Base()
	if err != nil {
		t.Fatal(err)
	}
	for i, object := range base {
		if last := i == len(base)-1; (object.GetKind() == "MutatingWebhookConfiguration") != last {
			t.Errorf("object %d of %d is a %s", i+1, len(base), object.GetKind())
		}
	}
}
