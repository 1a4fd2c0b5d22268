package fleet

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// revisions fills in the set's current ControllerRevision and those that make the
// same pods. The current one has the highest number: the
// controller raises the number of an old one when its template comes back.
func (r *Reader) revisions(ctx context.Context, s *Set) error {
	selector, err := s.Selector()
	if err != nil {
		return fmt.Errorf("reading the selector of daemonset %s: %w", s.Name, err)
	}
	list, err := r.Client.AppsV1().ControllerRevisions(s.Name.Namespace).List(ctx, metav1.ListOptions{LabelSelector: selector.String()})
	if err != nil {
		return fmt.Errorf("listing controller revisions of daemonset %s: %w", s.Name, err)
	}
	newest, unguarded := int64(-1), int64(-1)
	want, original := normal(s.Object.Spec.Template), s.Unguarded()
	for i := range list.Items {
		cr := &list.Items[i]
		if !metav1.IsControlledBy(cr, s.Object) {
			continue
		}
		hash := cr.Labels[appsv1.DefaultDaemonSetUniqueLabelKey]
		if cr.Revision > newest {
			newest, s.RevisionName, s.Revision = cr.Revision, cr.Name, hash
		}
		template, err := templateOf(cr)
		if err != nil {
			continue
		}
		if equality.Semantic.DeepEqual(want, normal(template)) {
			s.Equivalent = append(s.Equivalent, hash)
		}
		if template.CreationTimestamp = (metav1.Time{}); cr.Revision > unguarded && equality.Semantic.DeepEqual(original, template) {
			unguarded, s.UnguardedRevision = cr.Revision, hash
		}
	}
	slices.Sort(s.Equivalent)
	return nil
}

// templateOf reads what a ControllerRevision keeps: a patch that replaces the
// template (k8s.io/kubernetes pkg/controller/daemon getPatch).
func templateOf(cr *appsv1.ControllerRevision) (corev1.PodTemplateSpec, error) {
	var patch struct {
		Spec struct {
			Template corev1.PodTemplateSpec `json:"template"`
		} `json:"spec"`
	}
	err := json.Unmarshal(cr.Data.Raw, &patch)
	return patch.Spec.Template, err
}

// normal is a template without its required node affinity. Pods get none of it:
// the controller replaces it with the node's name (k8s.io/kubernetes
// pkg/controller/daemon/util ReplaceDaemonSetPodNodeNameNodeAffinity). So pods of
// templates with the same normal form are alike, whatever the guard.
func normal(template corev1.PodTemplateSpec) corev1.PodTemplateSpec {
	out := *template.DeepCopy()
	out.CreationTimestamp = metav1.Time{}
	a := out.Spec.Affinity
	if a != nil && a.NodeAffinity != nil {
		a.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution = nil
	}
	if a != nil && reflect.DeepEqual(a.NodeAffinity, &corev1.NodeAffinity{}) {
		a.NodeAffinity = nil
	}
	if reflect.DeepEqual(a, &corev1.Affinity{}) {
		a = nil
	}
	out.Spec.Affinity = a
	return out
}

// RevisionPatch marks a pod as made from another revision of the set that makes the same
// pods (see Set.Equivalent). It is for those that were made while the guard was on:
// without it a rolling update would replace them for nothing.
func RevisionPatch(s *Set, p Pod, revision string) ([]byte, error) {
	if !slices.Contains(s.Equivalent, p.Revision) {
		return nil, fmt.Errorf("pod %s/%s was made from another template than that of daemonset %s", p.Namespace, p.Name, s.Name)
	}
	return json.Marshal(map[string]any{"metadata": map[string]any{
		"uid":    p.UID,
		"labels": map[string]any{appsv1.DefaultDaemonSetUniqueLabelKey: revision},
	}})
}
