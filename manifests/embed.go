// Package manifests holds what `kubectl ingress-migrate webhook install` puts into
// a cluster. The folder base is also a plain kustomize base.
package manifests

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"io"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/yaml"
	kyaml "sigs.k8s.io/yaml"
)

//go:embed base/*.yaml
var files embed.FS

// Base returns the objects of the base in the order of its kustomization, which
// is the order in which they have to be created: the registration is the last.
func Base() ([]*unstructured.Unstructured, error) {
	kustomization, err := readKustomization()
	if err != nil {
		return nil, err
	}
	var objects []*unstructured.Unstructured
	for _, name := range kustomization.Resources {
		raw, err := files.ReadFile("base/" + name)
		if err != nil {
			return nil, fmt.Errorf("read the base: %w", err)
		}
		some, err := decode(raw)
		if err != nil {
			return nil, fmt.Errorf("read the base's %s: %w", name, err)
		}
		objects = append(objects, some...)
	}
	for _, object := range objects {
		if err := setImages(object, kustomization.Images); err != nil {
			return nil, fmt.Errorf("set the images of %s %s: %w", object.GetKind(), object.GetName(), err)
		}
	}
	return objects, nil
}

// Tag is that of the webhook's image, which is what the release is called.
func Tag() (string, error) {
	kustomization, err := readKustomization()
	if err != nil {
		return "", err
	}
	if len(kustomization.Images) != 1 || kustomization.Images[0].NewTag == "" {
		return "", errors.New("the base's kustomization names no image with a tag")
	}
	return kustomization.Images[0].NewTag, nil
}

type kustomization struct {
	Resources []string `json:"resources"`
	Images    []image  `json:"images"`
}

func readKustomization() (k kustomization, err error) {
	raw, err := files.ReadFile("base/kustomization.yaml")
	if err == nil {
		err = kyaml.Unmarshal(raw, &k)
	}
	if err != nil {
		return k, fmt.Errorf("read the base's kustomization: %w", err)
	}
	return k, nil
}

// image is what a kustomization says about one image.
type image struct {
	Name   string `json:"name"`
	NewTag string `json:"newTag"`
	Digest string `json:"digest"`
}

// String returns the reference as kustomize writes it.
func (i image) String() string {
	reference := i.Name
	if i.NewTag != "" {
		reference += ":" + i.NewTag
	}
	if i.Digest != "" {
		reference += "@" + i.Digest
	}
	return reference
}

func setImages(o *unstructured.Unstructured, images []image) error {
	path := []string{"spec", "template", "spec", "containers"}
	containers, found, err := unstructured.NestedSlice(o.Object, path...)
	if err != nil || !found {
		return err
	}
	for _, container := range containers {
		container, ok := container.(map[string]any)
		if !ok {
			return fmt.Errorf("a container is %T", container)
		}
		for _, image := range images {
			if container["image"] == image.Name {
				container["image"] = image.String()
			}
		}
	}
	return unstructured.SetNestedSlice(o.Object, containers, path...)
}

func decode(raw []byte) ([]*unstructured.Unstructured, error) {
	var objects []*unstructured.Unstructured
	documents := yaml.NewYAMLOrJSONDecoder(bytes.NewReader(raw), 4096)
	for {
		object := &unstructured.Unstructured{}
		err := documents.Decode(object)
		if errors.Is(err, io.EOF) {
			return objects, nil
		}
		if err != nil {
			return nil, err
		}
		if object.Object != nil {
			objects = append(objects, object)
		}
	}
}
