// Package definitions holds objects against the custom resource definitions of
// Traefik and cert-manager, as an API server does that has them installed.
package definitions

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/cel"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/validation"
	celconfig "k8s.io/apiserver/pkg/apis/cel"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"
)

// file is where a module keeps its definitions: Traefik 2 those of both groups,
// traefik.io and traefik.containo.us, cert-manager those of its certificates.
func file(module string) string {
	if strings.HasPrefix(module, "github.com/cert-manager/") {
		return "deploy/crds/cert-manager.io_certificates.yaml"
	}
	return "docs/content/reference/dynamic-configuration/kubernetes-crd-definition-v1.yml"
}

// kind names what a definition defines.
type kind struct{ apiVersion, name string }

// definition is one served version of a kind, in the forms that the API server's
// own code asks for.
type definition struct {
	structural *schema.Structural
	rules      *cel.Validator
	values     validation.SchemaValidator
}

// Set is the definitions of one module.
type Set struct{ byKind map[kind]definition }

// Read reads the definitions of a release of Traefik or cert-manager out of Go's
// module cache, such as github.com/traefik/traefik/v3@v3.7.13; it is fetched if
// need be.
func Read(ctx context.Context, module string) (*Set, error) {
	documents, err := documents(ctx, module)
	if err != nil {
		return nil, err
	}
	set := &Set{byKind: map[kind]definition{}}
	for _, document := range documents {
		if err := set.add(document); err != nil {
			return nil, fmt.Errorf("definitions of %s: %w", module, err)
		}
	}
	return set, nil
}

// documents are the texts of the definitions of a release.
func documents(ctx context.Context, module string) ([][]byte, error) {
	answer, err := exec.CommandContext(ctx, "go", "mod", "download", "-json", module).Output()
	var found struct{ Dir, Error string }
	if problem := json.Unmarshal(answer, &found); problem != nil || found.Dir == "" {
		return nil, fmt.Errorf("downloading %s: %v %s", module, err, found.Error)
	}
	text, err := os.ReadFile(filepath.Join(found.Dir, filepath.FromSlash(file(module))))
	if err != nil {
		return nil, fmt.Errorf("definitions of %s: %w", module, err)
	}
	documents := bytes.Split(append([]byte("\n"), text...), []byte("\n---\n"))
	return slices.DeleteFunc(documents, func(d []byte) bool { return len(bytes.TrimSpace(d)) == 0 }), nil
}

// Objects are the definitions themselves, to install them.
func Objects(ctx context.Context, module string) ([]client.Object, error) {
	documents, err := documents(ctx, module)
	if err != nil {
		return nil, err
	}
	var objects []client.Object
	for _, document := range documents {
		published, err := parse(document)
		if err != nil {
			return nil, fmt.Errorf("definitions of %s: %w", module, err)
		}
		objects = append(objects, published)
	}
	return objects, nil
}

func parse(document []byte) (*apiextensionsv1.CustomResourceDefinition, error) {
	var published apiextensionsv1.CustomResourceDefinition
	if err := yaml.UnmarshalStrict(document, &published); err != nil {
		return nil, err
	}
	return &published, nil
}

func (s *Set) add(document []byte) error {
	published, err := parse(document)
	if err != nil {
		return err
	}
	var crd apiextensions.CustomResourceDefinition
	if err := apiextensionsv1.Convert_v1_CustomResourceDefinition_To_apiextensions_CustomResourceDefinition(published, &crd, nil); err != nil {
		return err
	}
	for _, version := range published.Spec.Versions {
		if !version.Served {
			continue
		}
		properties, err := apiextensions.GetSchemaForVersion(&crd, version.Name)
		if err != nil {
			return err
		}
		structural, err := schema.NewStructural(properties.OpenAPIV3Schema)
		if err != nil {
			return fmt.Errorf("%s: %w", published.Name, err)
		}
		values, _, err := validation.NewSchemaValidator(properties.OpenAPIV3Schema)
		if err != nil {
			return fmt.Errorf("%s: %w", published.Name, err)
		}
		s.byKind[kind{published.Spec.Group + "/" + version.Name, published.Spec.Names.Kind}] = definition{
			structural: structural, rules: cel.NewValidator(structural, true, celconfig.PerCallLimit), values: values,
		}
	}
	return nil
}
