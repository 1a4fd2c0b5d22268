package source

import (
	"encoding/json"
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation"
	kjson "sigs.k8s.io/json"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
)

type classObject struct{ networkingv1.IngressClass }

// decode reads one object of a known kind, and counts any other.
func (r *reader) decode(raw json.RawMessage, h head, at place) {
	gv, err := schema.ParseGroupVersion(h.APIVersion)
	if err != nil {
		r.report(diag.EBadField, r.object(h, at), "apiVersion", "want group/version or version")
		return
	}
	switch gv.Group + "/" + h.Kind {
	case "networking.k8s.io/Ingress", "extensions/Ingress":
		r.ingress(raw, gv, h, at)
	case "networking.k8s.io/IngressClass":
		class := &classObject{}
		if r.plain(raw, h, at, class) {
			r.classes.put(class.Name, class)
		}
	case "/Service":
		service := &corev1.Service{}
		if r.plain(raw, h, at, service) {
			service.Namespace = r.orDefault(service.Namespace)
			r.services.put(service.Namespace+"/"+service.Name, service)
		}
	case "/Endpoints":
		endpoints := &ir.Endpoints{}
		if r.plain(raw, h, at, endpoints) {
			endpoints.Namespace = r.orDefault(endpoints.Namespace)
			r.endpoints.put(endpoints.Namespace+"/"+endpoints.Name, endpoints)
		}
	case "discovery.k8s.io/EndpointSlice":
		slice := &discoveryv1.EndpointSlice{}
		if r.plain(raw, h, at, slice) {
			slice.Namespace = r.orDefault(slice.Namespace)
			r.slices.put(slice.Namespace+"/"+slice.Name, endpointsOf(slice))
		}
	case "/Secret":
		secret := &corev1.Secret{}
		if r.plain(raw, h, at, secret) {
			secret.Namespace = r.orDefault(secret.Namespace)
			r.secrets.put(secret.Namespace+"/"+secret.Name, secretFacts(secret))
		}
	default:
		if !r.traefik(raw, h, gv) {
			r.installation(raw, h, gv)
			r.other(h, gv, at)
		}
	}
}

func (r *reader) orDefault(namespace string) string {
	if namespace == "" {
		return r.namespace
	}
	return namespace
}

// plain decodes an object of which only wrong types matter.
func (r *reader) plain(raw json.RawMessage, h head, at place, into any) bool {
	if err := kjson.UnmarshalCaseSensitivePreserveInts(raw, into); err != nil {
		field, text := fieldError(err)
		r.report(diag.EBadField, r.object(h, at), field, text)
		return false
	}
	return true
}

// other counts a kind that a conversion does not look at. A misspelt Ingress
// must not hide among them.
func (r *reader) other(h head, gv schema.GroupVersion, at place) {
	if strings.EqualFold(h.Kind, "Ingress") && !strings.Contains(gv.Group, ".") || strings.EqualFold(h.Kind, "Ingresses") {
		r.report(diag.EBadField, r.object(h, at), "apiVersion", fmt.Sprintf("%s %s is not an Ingress that Kubernetes knows", h.APIVersion, h.Kind))
		return
	}
	r.report(diag.IOtherKind, r.object(h, at), "", "")
	r.others[h.Kind]++
}

func (r *reader) ingress(raw json.RawMessage, gv schema.GroupVersion, h head, at place) {
	object := r.object(h, at)
	ingress, strict, known, err := decodeIngress(raw, gv)
	if !known || err != nil {
		if field, text := annotationsAreText(raw); field != "" {
			r.report(diag.EBadField, object, field, text)
			return
		}
	}
	if !known {
		r.report(diag.EBadField, object, "apiVersion", gv.String()+" has no Ingress; it is in networking.k8s.io/v1, networking.k8s.io/v1beta1 and extensions/v1beta1")
		return
	}
	if err != nil {
		field, text := fieldError(err)
		r.report(diag.EBadField, object, field, text)
		return
	}
	for _, err := range strict {
		field, text := fieldError(err)
		r.report(diag.EBadField, object, field, text)
	}
	if field, text := identity(ingress); field != "" {
		r.report(diag.EBadField, object, field, text)
		return
	}
	ingress.Namespace = r.orDefault(ingress.Namespace)
	ingress.ManagedFields = nil
	r.addIngress(ir.Ingress{Ingress: ingress, File: at.file})
}

// addIngress drops what was read before in the same words: dumps of more than
// one API group hold every Ingress once per group. Different definitions of one
// Ingress are the conversion's to judge.
func (r *reader) addIngress(ingress ir.Ingress) {
	key := ingress.Namespace + "/" + ingress.Name
	if i, ok := r.latest[key]; ok {
		old := r.ingresses[i]
		if equality.Semantic.DeepEqual(old.Spec, ingress.Spec) && equality.Semantic.DeepEqual(old.Annotations, ingress.Annotations) {
			return
		}
	}
	r.latest[key] = len(r.ingresses)
	r.ingresses = append(r.ingresses, ingress)
}

// annotationsAreText finds the annotation that was not quoted: the decoder's own
// error names only the map.
func annotationsAreText(raw json.RawMessage) (field, text string) {
	var h struct {
		Metadata struct {
			Annotations map[string]any `json:"annotations"`
		} `json:"metadata"`
	}
	if err := kjson.UnmarshalCaseSensitivePreserveInts(raw, &h); err != nil {
		return "", "" // The full decoding says it better.
	}
	for key, value := range h.Metadata.Annotations {
		if _, isText := value.(string); isText || value == nil {
			continue
		}
		// Of several the smallest key, so that the report is the same every time.
		if field == "" || annotationField(key) < field {
			field = annotationField(key)
			text = fmt.Sprintf("want text, have %s: put the value in quotes", valueWord(value))
		}
	}
	return field, text
}

func annotationField(key string) string { return "metadata.annotations[" + key + "]" }

func valueWord(value any) string {
	switch value.(type) {
	case bool:
		return "true or false"
	case map[string]any:
		return "a mapping"
	case []any:
		return "a list"
	}
	return "a number"
}

// identity checks what the names of emitted objects are made of.
func identity(ingress *networkingv1.Ingress) (field, text string) {
	if ingress.Name == "" {
		return "metadata.name", "an Ingress without a name cannot be converted, because routes are named after it"
	}
	if len(validation.IsDNS1123Subdomain(ingress.Name)) > 0 {
		return "metadata.name", "want lower-case letters, digits, '-' and '.' (an RFC 1123 subdomain)"
	}
	if ingress.Namespace != "" && len(validation.IsDNS1123Label(ingress.Namespace)) > 0 {
		return "metadata.namespace", "want lower-case letters, digits and '-' (an RFC 1123 label)"
	}
	return "", ""
}
