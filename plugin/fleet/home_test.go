package fleet

import (
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes/fake"
)

// Journal and Lease are looked for where they were put, when the old DaemonSet is
// gone and the new one is in another namespace.
func TestHome(t *testing.T) {
	edge := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "edge"}}
	leaving := edge.DeepCopy()
	leaving.DeletionTimestamp = &metav1.Time{Time: time.Unix(0, 0)}
	old := func(ds *appsv1.DaemonSet) { ds.Namespace, ds.Name = "edge", "traefik1" }
	fresh := func(record string) func(*appsv1.DaemonSet) {
		return func(ds *appsv1.DaemonSet) {
			ds.Namespace, ds.Name, ds.UID = "ingress", "traefik2", "u2"
			ds.Spec.Template.Spec.Containers[0].Image = "traefik:2.11.50"
			ds.Spec.Template.Spec.Affinity = guarded(nil, New)
			if record != "" {
				ds.Annotations = map[string]string{GuardAnnotation: record}
			}
		}
	}
	set := func(change func(*appsv1.DaemonSet)) *appsv1.DaemonSet {
		ds := daemonSet(nil)
		change(ds)
		return ds
	}
	named := Selection{Old: types.NamespacedName{Namespace: "edge", Name: "traefik1"}}
	for name, test := range map[string]struct {
		objects   []runtime.Object
		selection Selection
		want      string
	}{
		"both are there":            {objects: []runtime.Object{set(old), set(fresh(""))}, want: "edge"},
		"the guard knows":           {objects: []runtime.Object{edge, set(fresh(`{"id":"7f3a","home":"edge"}`))}, want: "edge"},
		"a flag knows":              {objects: []runtime.Object{edge, set(fresh(`{"id":"7f3a"}`))}, selection: named, want: "edge"},
		"nobody knows":              {objects: []runtime.Object{edge, set(fresh(`{"id":"7f3a"}`))}, want: "ingress"},
		"the namespace is gone too": {objects: []runtime.Object{set(fresh(`{"id":"7f3a","home":"edge"}`))}, want: "ingress"},
		"or about to be":            {objects: []runtime.Object{leaving, set(fresh(`{"id":"7f3a","home":"edge"}`))}, want: "ingress"},
	} {
		t.Run(name, func(t *testing.T) {
			f, err := (&Reader{Client: fake.NewClientset(test.objects...), Selection: test.selection, Now: time.Now}).Read(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if got := f.Namespace(); got != test.want {
				t.Errorf("namespace %q, want %q", got, test.want)
			}
		})
	}
}
