package edge

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/ingress-migrate/kubectl-ingress-migrate/test/sandbox/binaries"
)

// fieldOwner owns what Apply writes.
const fieldOwner = "sandbox-edge"

// crdFile is where Traefik's repository keeps its custom resource definitions.
const crdFile = "docs/content/reference/dynamic-configuration/kubernetes-crd-definition-v1.yml"

// CRDs are the custom resource definitions of the very Traefik 2 that the
// sandbox runs, of both groups, traefik.io and traefik.containo.us.
func CRDs(ctx context.Context) (Deployment, error) { return definitions(ctx, binaries.Traefik2) }

// CRDs3 are those of Traefik 3, of group traefik.io, which Traefik 2 reads as well.
func CRDs3(ctx context.Context) (Deployment, error) { return definitions(ctx, binaries.Traefik3) }

// definitions are read from a program's module.
func definitions(ctx context.Context, of binaries.Program) (Deployment, error) {
	dir, err := binaries.Sources(ctx, of)
	if err != nil {
		return nil, err
	}
	file, err := os.Open(filepath.Join(dir, filepath.FromSlash(crdFile)))
	if err != nil {
		return nil, fmt.Errorf("custom resource definitions of Traefik: %w", err)
	}
	defer file.Close()
	known, err := Scheme()
	if err != nil {
		return nil, err
	}
	return decode(file, known)
}

// Scheme knows the built-in kinds and custom resource definitions.
func Scheme() (*runtime.Scheme, error) {
	known := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{scheme.AddToScheme, apiextensionsv1.AddToScheme} {
		if err := add(known); err != nil {
			return nil, fmt.Errorf("scheme of the edge: %w", err)
		}
	}
	return known, nil
}

// Apply creates or updates objects by server-side apply, in order, and waits
// for custom resource definitions among them to be served.
func Apply(ctx context.Context, config *rest.Config, deployments ...Deployment) error {
	known, err := Scheme()
	if err != nil {
		return err
	}
	cluster, err := client.New(config, client.Options{Scheme: known})
	if err != nil {
		return fmt.Errorf("client of the edge: %w", err)
	}
	objects := slices.Concat(deployments...)
	for _, object := range objects {
		if err := applyOne(ctx, cluster, object); err != nil {
			return err
		}
	}
	for _, object := range objects {
		if definition, ok := object.(*apiextensionsv1.CustomResourceDefinition); ok {
			if err := waitServed(ctx, cluster, definition.Name); err != nil {
				return err
			}
		}
	}
	return nil
}

func applyOne(ctx context.Context, cluster client.Client, object client.Object) error {
	fields, err := runtime.DefaultUnstructuredConverter.ToUnstructured(object)
	if err != nil {
		return fmt.Errorf("applying %s: %w", object.GetName(), err)
	}
	// A typed object always has a status; what is applied must not.
	unstructured.RemoveNestedField(fields, "status")
	u := &unstructured.Unstructured{Object: fields}
	kinds, _, err := cluster.Scheme().ObjectKinds(object)
	if err != nil {
		return fmt.Errorf("applying %s: %w", object.GetName(), err)
	}
	u.SetGroupVersionKind(kinds[0])
	err = cluster.Apply(ctx, client.ApplyConfigurationFromUnstructured(u), client.FieldOwner(fieldOwner), client.ForceOwnership)
	if err != nil {
		return fmt.Errorf("applying %s %s: %w", kinds[0].Kind, client.ObjectKeyFromObject(object), err)
	}
	return nil
}

func waitServed(ctx context.Context, cluster client.Client, name string) error {
	err := wait.PollUntilContextCancel(ctx, 100*time.Millisecond, true, func(ctx context.Context) (bool, error) {
		var definition apiextensionsv1.CustomResourceDefinition
		if err := cluster.Get(ctx, client.ObjectKey{Name: name}, &definition); err != nil {
			return false, err
		}
		return slices.ContainsFunc(definition.Status.Conditions, func(c apiextensionsv1.CustomResourceDefinitionCondition) bool {
			return c.Type == apiextensionsv1.Established && c.Status == apiextensionsv1.ConditionTrue
		}), nil
	})
	if err != nil {
		return fmt.Errorf("waiting for %s to be served: %w", name, err)
	}
	return nil
}
