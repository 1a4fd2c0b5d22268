package source

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	kjson "sigs.k8s.io/json"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
)

// reader gathers objects from files.
type reader struct {
	namespace string
	ingresses []ir.Ingress
	// latest is the index of the last definition of an Ingress.
	latest      map[string]int
	services    keyed[*corev1.Service]
	endpoints   keyed[*ir.Endpoints]
	slices      keyed[*ir.Endpoints] // one per EndpointSlice, named as the slice
	secrets     keyed[ir.Secret]
	classes     keyed[*classObject]
	objects     keyed[ir.TraefikObject]
	configMaps  keyed[configMap]
	workloads   keyed[Workload]
	diagnostics []diag.Diagnostic
	notes       []string
	// others counts objects that a conversion does not look at, by kind.
	others map[string]int
}

func newReader(namespace string) *reader {
	return &reader{namespace: namespace, latest: map[string]int{}, others: map[string]int{}}
}

// place is where a value was read.
type place struct {
	// file is "path", or "path:document" where a file has several documents.
	file string
	// line is where the document begins.
	line int
	// list is the list kind that items without a kind of their own inherit from.
	list head
}

// head is what every object has; Items makes it a list.
type head struct {
	metav1.TypeMeta `json:",inline"`
	Metadata        struct {
		Name      string `json:"name"`
		Namespace string `json:"namespace"`
	} `json:"metadata"`
	Items []json.RawMessage `json:"items"`
}

// file reads one file's content.
func (r *reader) file(name string, content []byte) {
	documents := split(content)
	for _, d := range documents {
		at := place{file: name, line: d.line}
		if len(documents) > 1 {
			at.file = name + ":" + strconv.Itoa(d.number)
		}
		r.document(d, at)
	}
}

func (r *reader) document(d document, at place) {
	if d.pem != "" {
		r.unreadableDocument(at, "a PEM block ("+d.pem+") stands where an object should")
		return
	}
	if values, ok := jsonStream(d.text); ok {
		for _, value := range values {
			r.value(value, at)
		}
		return
	}
	raw, repeated, err := toJSON(d.text)
	if err != nil {
		r.unreadableDocument(at, yamlError(err, d.line))
		return
	}
	for _, sentence := range repeated {
		var h head
		// Only the name is wanted here; value reports what is wrong with the rest.
		_ = kjson.UnmarshalCaseSensitivePreserveInts(raw, &h)
		r.report(diag.EBadField, r.object(h, at), "", shiftLine(sentence, d.line))
	}
	r.value(raw, at)
}

// value reads one object or list.
func (r *reader) value(raw json.RawMessage, at place) {
	trimmed := bytes.TrimSpace(raw)
	if bytes.Equal(trimmed, []byte("null")) {
		return
	}
	if len(trimmed) == 0 || trimmed[0] != '{' {
		r.unreadableDocument(at, "a "+jsonKind(trimmed)+" stands where an object should")
		return
	}
	var h head
	if err := kjson.UnmarshalCaseSensitivePreserveInts(raw, &h); err != nil {
		field, text := fieldError(err)
		r.report(diag.EBadField, r.object(h, at), field, text)
		return
	}
	h = inherit(h, at.list)
	switch {
	case h.Kind == "" || h.APIVersion == "":
		r.report(diag.EBadField, r.object(h, at), missing(h), "every object needs apiVersion and kind")
	case isList(h):
		for _, item := range h.Items {
			r.value(item, place{file: at.file, line: at.line, list: h})
		}
	default:
		r.decode(raw, h, at)
	}
}

// inherit fills in the kind of an item of a typed list (IngressList), which the
// API leaves out.
func inherit(h, list head) head {
	kind, typed := strings.CutSuffix(list.Kind, "List")
	if typed && kind != "" && h.Kind == "" && h.APIVersion == "" {
		h.Kind, h.APIVersion = kind, list.APIVersion
	}
	return h
}

func isList(h head) bool {
	return strings.HasSuffix(h.Kind, "List") && (h.Items != nil || h.Kind == "List")
}

func missing(h head) string {
	if h.Kind == "" {
		return "kind"
	}
	return "apiVersion"
}

func jsonKind(value []byte) string {
	if len(value) == 0 {
		return "blank"
	}
	switch value[0] {
	case '[':
		return "list"
	case '"':
		return "text"
	case 't', 'f':
		return "boolean"
	}
	return "number"
}

func (r *reader) object(h head, at place) diag.Object {
	kind, name := h.Kind, h.Metadata.Name
	if kind == "" {
		kind = "Document"
	}
	if name == "" {
		name = "<unnamed>"
	}
	namespace := h.Metadata.Namespace
	if namespace == "" && h.Metadata.Name != "" {
		namespace = r.namespace
	}
	return diag.Object{Kind: kind, Namespace: namespace, Name: name, File: at.file}
}

func (r *reader) unreadableDocument(at place, text string) {
	r.report(diag.EBadYAML, diag.Object{Kind: "Document", Name: fmt.Sprintf("line %d", at.line), File: at.file}, "", text)
}

func (r *reader) report(code diag.Code, object diag.Object, field, text string) {
	r.diagnostics = append(r.diagnostics, diag.New(code, object, field, text))
}

// loaded returns what was gathered, in the order in which it was read.
func (r *reader) loaded() Loaded {
	if len(r.others) > 0 {
		total, kinds := 0, []string{}
		for _, kind := range slices.Sorted(maps.Keys(r.others)) {
			total += r.others[kind]
			kinds = append(kinds, fmt.Sprintf("%d %s", r.others[kind], kind))
		}
		r.notes = append(r.notes, fmt.Sprintf("passed over %s that a conversion does not look at: %s", count(total, "object"), strings.Join(kinds, ", ")))
	}
	loaded := Loaded{Diagnostics: r.diagnostics, Notes: r.notes}
	loaded.Input.Ingresses = r.ingresses
	loaded.Input.Services = r.services.values
	loaded.Input.Endpoints = mergeSlices(r.endpoints.values, r.slices.values)
	loaded.Input.Secrets = r.secrets.values
	loaded.Input.Traefik = r.objects.values
	loaded.Workloads = r.workloads.values
	loaded.configMaps = make(map[string]map[string]string, len(r.configMaps.values))
	for _, one := range r.configMaps.values {
		loaded.configMaps[one.name] = one.data
	}
	for _, class := range r.classes.values {
		loaded.Input.IngressClasses = append(loaded.Input.IngressClasses, &class.IngressClass)
	}
	return loaded
}

// keyed keeps values in the order of their first appearance; a later value with
// the same key takes the place of the earlier one, as it does when applied.
type keyed[V any] struct {
	values []V
	index  map[string]int
}

func (k *keyed[V]) put(key string, value V) {
	if i, ok := k.index[key]; ok {
		k.values[i] = value
		return
	}
	if k.index == nil {
		k.index = map[string]int{}
	}
	k.index[key] = len(k.values)
	k.values = append(k.values, value)
}
