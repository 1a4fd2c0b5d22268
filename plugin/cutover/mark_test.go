package cutover

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/fake"
	clienttesting "k8s.io/client-go/testing"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/fleet"
)

// revisionsOf are a set's revisions: of its template without the guard, and with it.
func revisionsOf(t *testing.T, ds *appsv1.DaemonSet) []runtime.Object {
	t.Helper()
	var out []runtime.Object
	controller := true
	for i, hash := range []string{"free", "guarded"} {
		template := ds.Spec.Template.DeepCopy()
		if hash == "free" {
			template.Spec.Affinity = nil
		}
		raw, err := json.Marshal(map[string]any{"spec": map[string]any{"template": template}})
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, &appsv1.ControllerRevision{
			ObjectMeta: metav1.ObjectMeta{
				Namespace: ds.Namespace, Name: ds.Name + "-" + hash, Labels: map[string]string{"app": ds.Name, appsv1.DefaultDaemonSetUniqueLabelKey: hash},
				OwnerReferences: []metav1.OwnerReference{{Kind: "DaemonSet", Name: ds.Name, UID: ds.UID, Controller: &controller}},
			},
			Data: runtime.RawExtension{Raw: raw}, Revision: int64(i + 1),
		})
	}
	return out
}

// A pod that was made under the guard is marked as of the template without it, whatever
// conflicts come in between, and one that is gone or another one now is left alone.
func TestMark(t *testing.T) {
	for name, test := range map[string]struct {
		conflicts int
		meanwhile func(*fake.Clientset, *corev1.Pod) error
		want      string
	}{
		"at once":         {want: "free"},
		"after conflicts": {conflicts: 3, want: "free"},
		"it is gone": {meanwhile: func(c *fake.Clientset, p *corev1.Pod) error {
			return c.CoreV1().Pods("edge").Delete(t.Context(), p.Name, metav1.DeleteOptions{})
		}},
		"it is another one": {conflicts: 1, meanwhile: anew, want: "guarded"},
		"gone in a conflict": {conflicts: 1, meanwhile: func(c *fake.Clientset, p *corev1.Pod) error {
			return c.CoreV1().Pods("edge").Delete(t.Context(), p.Name, metav1.DeleteOptions{})
		}},
		"of another template": {meanwhile: nil, want: "strange"},
	} {
		t.Run(name, func(t *testing.T) {
			clock := &jumping{now: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}
			objects := append(edge(fleet.Old, "traefik:1.7"), edge(fleet.New, "traefik:2.11")...)
			pod := objects[2].(*corev1.Pod)
			pod.Labels = map[string]string{"app": "old", appsv1.DefaultDaemonSetUniqueLabelKey: "guarded"}
			if test.want == "strange" {
				pod.Labels[appsv1.DefaultDaemonSetUniqueLabelKey] = "strange"
			}
			objects = append(objects, revisionsOf(t, objects[0].(*appsv1.DaemonSet))...)
			client := fake.NewClientset(objects...)
			s := held(t, client, clock)
			f, err := s.read(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if test.meanwhile != nil {
				if err := test.meanwhile(client, pod); err != nil {
					t.Fatal(err)
				}
			}
			client.PrependReactor("patch", "pods", func(clienttesting.Action) (bool, runtime.Object, error) {
				if test.conflicts--; test.conflicts >= 0 {
					return true, nil, apierrors.NewConflict(corev1.Resource("pods"), pod.Name, errors.New("changed"))
				}
				return false, nil, nil
			})
			if err := s.mark(t.Context(), f.Old, f.Nodes); err != nil {
				t.Error(err)
			}
			got := ""
			if live, err := client.CoreV1().Pods("edge").Get(t.Context(), pod.Name, metav1.GetOptions{}); err == nil {
				got = live.Labels[appsv1.DefaultDaemonSetUniqueLabelKey]
			}
			if got != test.want {
				t.Errorf("marked as of %q, want %q", got, test.want)
			}
		})
	}
}

// anew has another pod of the same name.
func anew(c *fake.Clientset, p *corev1.Pod) error {
	other := p.DeepCopy()
	other.UID = "other"
	return c.Tracker().Update(corev1.SchemeGroupVersion.WithResource("pods"), other, p.Namespace)
}
