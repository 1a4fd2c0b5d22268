package cutover_test

import (
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
)

// twoTerms wants all nodes by two ways: a guard must be part of both.
func twoTerms(ds *appsv1.DaemonSet) {
	in := func(key string, operator corev1.NodeSelectorOperator, values ...string) corev1.NodeSelectorTerm {
		return corev1.NodeSelectorTerm{MatchExpressions: []corev1.NodeSelectorRequirement{{Key: key, Operator: operator, Values: values}}}
	}
	ds.Spec.Template.Spec.Affinity = &corev1.Affinity{NodeAffinity: &corev1.NodeAffinity{
		RequiredDuringSchedulingIgnoredDuringExecution: &corev1.NodeSelector{NodeSelectorTerms: []corev1.NodeSelectorTerm{
			in(corev1.LabelHostname, corev1.NodeSelectorOpIn, "edge-1", "edge-2"),
			in(corev1.LabelHostname, corev1.NodeSelectorOpNotIn, "edge-1", "edge-2"),
		}},
	}}
}

// without keeps a DaemonSet off nodes, as the original story does.
func without(hosts ...string) *corev1.Affinity {
	return &corev1.Affinity{NodeAffinity: &corev1.NodeAffinity{
		RequiredDuringSchedulingIgnoredDuringExecution: &corev1.NodeSelector{NodeSelectorTerms: []corev1.NodeSelectorTerm{{
			MatchExpressions: []corev1.NodeSelectorRequirement{{Key: corev1.LabelHostname, Operator: corev1.NodeSelectorOpNotIn, Values: hosts}},
		}}},
	}}
}
