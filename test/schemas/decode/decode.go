// Package decode reads objects into the very types that Traefik reads them into,
// and accepts nothing that is not part of them.
package decode

import (
	"fmt"

	legacy "github.com/traefik/traefik/v2/pkg/provider/kubernetes/crd/traefikcontainous/v1alpha1"
	two "github.com/traefik/traefik/v2/pkg/provider/kubernetes/crd/traefikio/v1alpha1"
	three "github.com/traefik/traefik/v3/pkg/provider/kubernetes/crd/traefikio/v1alpha1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
)

// Decoder decodes objects of one target.
type Decoder struct{ decoder runtime.Decoder }

// Traefik2 knows the kinds of both groups of Traefik 2.
func Traefik2() (Decoder, error) { return newDecoder(two.AddToScheme, legacy.AddToScheme) }

// Kubernetes knows Ingresses and the ConfigMaps that their annotations name: what
// a conversion away from Traefik gives.
func Kubernetes() (Decoder, error) {
	return newDecoder(networkingv1.AddToScheme, corev1.AddToScheme)
}

// Traefik3 knows the kinds of Traefik 3.
func Traefik3() (Decoder, error) { return newDecoder(three.AddToScheme) }

func newDecoder(kinds ...func(*runtime.Scheme) error) (Decoder, error) {
	scheme := runtime.NewScheme()
	for _, add := range kinds {
		if err := add(scheme); err != nil {
			return Decoder{}, fmt.Errorf("types of Traefik: %w", err)
		}
	}
	return Decoder{serializer.NewCodecFactory(scheme, serializer.EnableStrict).UniversalDeserializer()}, nil
}

// Check reports a field that is unknown or twice, or a value of the wrong type.
func (d Decoder) Check(document []byte) error {
	_, _, err := d.decoder.Decode(document, nil, nil)
	return err
}
