package desired

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"maps"
	"strings"

	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// SourceHash is a short hash of what an Ingress says to the controllers: its spec and
// its annotations about ingress. What deploy tools write beside that is not in it.
func SourceHash(ingress *networkingv1.Ingress) string {
	annotations := maps.Clone(ingress.Annotations)
	maps.DeleteFunc(annotations, func(key, _ string) bool {
		ours := strings.HasPrefix(key, "ingress-migrate.io/")
		controllers := strings.Contains(key, "ingress") || strings.HasPrefix(key, "traefik.")
		return ours || !controllers
	})
	raw, err := json.Marshal([]any{ingress.Spec, annotations})
	if err != nil {
		// An Ingress that came from JSON can always be written as JSON again.
		return "unencodable"
	}
	sum := sha256.Sum256(raw)
	return hex.EncodeToString(sum[:8])
}

// WrittenBy says on an object which version of the program writes it, in place.
func WrittenBy(o metav1.Object, version string) { annotate(o, ConverterAnnotation, version) }

// OtherConverter names the version that wrote a live object of ours, when it is another
// one than version and the Ingress has not changed since: a difference to what is wanted
// is then that of the two versions. Empty: it is not known to be.
func OtherConverter(live metav1.Object, ingress *networkingv1.Ingress, version string) string {
	annotations := live.GetAnnotations()
	wrote := annotations[ConverterAnnotation]
	if wrote == "" || wrote == version || annotations[SourceAnnotation] != SourceHash(ingress) {
		return ""
	}
	return wrote
}

// Marked tells whether live carries our labels, annotations and owner, as want does. They
// differ when an Ingress was restored or created anew under an old name. Which version
// wrote it, and when, is no difference: an object that is as it should be is not written.
func Marked(want, live *unstructured.Unstructured) bool {
	return includes(live.GetLabels(), want.GetLabels()) && includes(live.GetAnnotations(), want.GetAnnotations()) &&
		equality.Semantic.DeepEqual(want.GetOwnerReferences(), live.GetOwnerReferences())
}

func includes(have, want map[string]string) bool {
	for key, value := range want {
		if key == ConverterAnnotation || key == SourceAnnotation {
			continue
		}
		if got, ok := have[key]; !ok || got != value {
			return false
		}
	}
	return true
}
