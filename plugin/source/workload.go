package source

import (
	"encoding/json"
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	kjson "sigs.k8s.io/json"
)

// Workload is a DaemonSet or Deployment, of which an old controller may be one.
type Workload struct {
	Kind, Namespace, Name string
	Pod                   corev1.PodSpec
}

// String is how a workload is named in texts.
func (w Workload) String() string {
	return strings.ToLower(w.Kind) + " " + w.Namespace + "/" + w.Name
}

// installation keeps what can tell about the old controllers: workloads and
// ConfigMaps. They are no part of a conversion, so what is wrong with them is
// nobody's business here.
func (r *reader) installation(raw json.RawMessage, h head, gv schema.GroupVersion) {
	namespace := r.orDefault(h.Metadata.Namespace)
	switch gv.Group + "/" + h.Kind {
	case "/ConfigMap":
		var object corev1.ConfigMap
		if kjson.UnmarshalCaseSensitivePreserveInts(raw, &object) == nil {
			r.configMaps.put(namespace+"/"+h.Metadata.Name, configMap{namespace + "/" + h.Metadata.Name, object.Data})
		}
	case "apps/DaemonSet", "apps/Deployment", "extensions/DaemonSet", "extensions/Deployment":
		var object struct {
			Spec struct {
				Template corev1.PodTemplateSpec `json:"template"`
			} `json:"spec"`
		}
		if kjson.UnmarshalCaseSensitivePreserveInts(raw, &object) == nil {
			w := Workload{h.Kind, namespace, h.Metadata.Name, object.Spec.Template.Spec}
			r.workloads.put(w.String(), w)
		}
	}
}

type configMap struct {
	name string
	data map[string]string
}

// ConfigMap returns the data of a ConfigMap among the files.
func (l *Loaded) ConfigMap(namespace, name string) (map[string]string, bool) {
	data, ok := l.configMaps[namespace+"/"+name]
	return data, ok
}

// ConfigMapFile reads the manifest of one ConfigMap.
func ConfigMapFile(name string) (map[string]string, error) {
	r := newReader("")
	r.open(name)
	for _, d := range r.diagnostics {
		if d.Object.Kind == "File" || d.Object.Kind == "Document" {
			return nil, fmt.Errorf("reading %s: %s", name, d.Text)
		}
	}
	if len(r.configMaps.values) != 1 {
		return nil, fmt.Errorf("reading %s: it holds %s, want one", name, count(len(r.configMaps.values), "ConfigMap"))
	}
	return r.configMaps.values[0].data, nil
}
