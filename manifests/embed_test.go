package manifests_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"

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
