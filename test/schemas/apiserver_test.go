package schemas

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/yaml"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/emit"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/sandbox"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/sandbox/edge"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/schemas/definitions"
)

// A real API server accepts every object of the stories, with the definitions of
// each release of the target in turn, as `kubectl apply --server-side
// --dry-run=server --validate=strict` would send it.
func TestAPIServerAcceptsStories(t *testing.T) {
	s, err := sandbox.Start(t.Context(), sandbox.Options{Log: t.Output()})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := s.Stop(); err != nil {
			t.Error(err)
		}
	}()
	all := stories(t)
	if err := createNamespaces(t.Context(), s.RESTConfig(), all); err != nil {
		t.Fatal(err)
	}
	cluster, err := dynamic.NewForConfig(s.RESTConfig())
	if err != nil {
		t.Fatal(err)
	}
	acceptCertificates(t, s.RESTConfig(), cluster, all)
	for _, release := range slices.Concat(releases[emit.V2], releases[emit.V3]) {
		crds, err := definitions.Objects(t.Context(), release)
		if err != nil {
			t.Fatal(err)
		}
		if err := edge.Apply(t.Context(), s.RESTConfig(), crds); err != nil {
			t.Fatal(err)
		}
		accepted := 0
		for _, story := range all {
			if story.version != kubernetes && !slices.Contains(releases[story.version], release) {
				continue
			}
			for _, document := range story.objects {
				if err := dryRun(t.Context(), cluster, document); err != nil {
					t.Errorf("%s with %s: %v\n%s", story.name, release, err, document)
					continue
				}
				accepted++
			}
		}
		t.Logf("%s: %d objects accepted", release, accepted)
		if err := dryRun(t.Context(), cluster, []byte(refused)); err == nil || !strings.Contains(err.Error(), "nosuch") {
			t.Errorf("%s: an unknown field is accepted: %v", release, err)
		}
		if accepted == 0 {
			t.Errorf("no object for %s", release)
		}
	}
}

// acceptCertificates applies the Certificates with the definition of cert-manager.
func acceptCertificates(t *testing.T, config *rest.Config, cluster dynamic.Interface, all []story) {
	t.Helper()
	crds, err := definitions.Objects(t.Context(), certManager)
	if err != nil {
		t.Fatal(err)
	}
	if err := edge.Apply(t.Context(), config, crds); err != nil {
		t.Fatal(err)
	}
	accepted := 0
	for _, story := range all {
		for _, document := range story.certificates {
			if err := dryRun(t.Context(), cluster, document); err != nil {
				t.Errorf("%s: %v\n%s", story.name, err, document)
				continue
			}
			accepted++
		}
	}
	t.Logf("%s: %d Certificates accepted", certManager, accepted)
}

// refused has a field that no definition has.
const refused = `
apiVersion: traefik.io/v1alpha1
kind: Middleware
metadata: {name: x, namespace: default}
spec: {stripPrefix: {prefixes: [/a], nosuch: true}}
`

// dryRun applies an object without storing it.
func dryRun(ctx context.Context, cluster dynamic.Interface, document []byte) error {
	var object unstructured.Unstructured
	if err := yaml.UnmarshalStrict(document, &object.Object); err != nil {
		return err
	}
	resource, _ := meta.UnsafeGuessKindToResource(object.GroupVersionKind())
	_, err := cluster.Resource(resource).Namespace(object.GetNamespace()).Patch(ctx, object.GetName(), types.ApplyPatchType, document, metav1.PatchOptions{
		DryRun: []string{metav1.DryRunAll}, FieldManager: "schemas", FieldValidation: metav1.FieldValidationStrict,
	})
	return err
}

// createNamespaces makes the namespaces of the objects: without them the API
// server does not look at an object.
func createNamespaces(ctx context.Context, config *rest.Config, all []story) error {
	var names []string
	for _, story := range all {
		for _, document := range slices.Concat(story.objects, story.certificates) {
			var object metav1.PartialObjectMetadata
			if err := yaml.Unmarshal(document, &object); err != nil {
				return fmt.Errorf("%s: %w", story.name, err)
			}
			names = append(names, object.Namespace)
		}
	}
	slices.Sort(names)
	var namespaces edge.Deployment
	for _, name := range slices.Compact(names) {
		namespaces = append(namespaces, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}})
	}
	return edge.Apply(ctx, config, namespaces)
}
