package fleet

import (
	"slices"
	"strconv"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// wants tells whether a DaemonSet with this template places a pod on the node,
// as its controller judges: node name, selector, required affinity and taints;
// never ports, resources or readiness.
// (k8s.io/kubernetes pkg/controller/daemon NodeShouldRunDaemonPod.)
func wants(spec corev1.PodSpec, node *corev1.Node) bool {
	if spec.NodeName != "" && spec.NodeName != node.Name {
		return false
	}
	for key, value := range spec.NodeSelector {
		if have, ok := node.Labels[key]; !ok || have != value {
			return false
		}
	}
	if required := requiredTerms(spec.Affinity); required != nil {
		if !slices.ContainsFunc(required.NodeSelectorTerms, func(t corev1.NodeSelectorTerm) bool { return matchesTerm(t, node) }) {
			return false
		}
	}
	for _, taint := range node.Spec.Taints {
		// The controller tolerates what happens to a node by itself; such a node
		// is still one of ours.
		if taint.Effect == corev1.TaintEffectPreferNoSchedule || slices.Contains(toleratedTaints, taint.Key) {
			continue
		}
		if !slices.ContainsFunc(spec.Tolerations, func(t corev1.Toleration) bool { return tolerates(t, taint) }) {
			return false
		}
	}
	return true
}

// MayRun tells whether pods of a template could be placed on the node, as far as its
// labels and taints decide it.
func (n *Node) MayRun(spec corev1.PodSpec) bool {
	return wants(spec, &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: n.Name, Labels: n.Labels}, Spec: corev1.NodeSpec{Taints: n.Taints}})
}

// toleratedTaints come and go with a node's health, not with its purpose.
var toleratedTaints = []string{
	corev1.TaintNodeNotReady, corev1.TaintNodeUnreachable, corev1.TaintNodeUnschedulable,
	corev1.TaintNodeMemoryPressure, corev1.TaintNodeDiskPressure, corev1.TaintNodePIDPressure,
	corev1.TaintNodeNetworkUnavailable,
}

func requiredTerms(a *corev1.Affinity) *corev1.NodeSelector {
	if a == nil || a.NodeAffinity == nil {
		return nil
	}
	return a.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution
}

// matchesTerm: a term without expressions matches nothing.
func matchesTerm(term corev1.NodeSelectorTerm, node *corev1.Node) bool {
	if len(term.MatchExpressions) == 0 && len(term.MatchFields) == 0 {
		return false
	}
	for _, e := range term.MatchExpressions {
		if !matchesExpression(e, node.Labels) {
			return false
		}
	}
	for _, e := range term.MatchFields {
		if e.Key != metav1.ObjectNameField || !matchesExpression(e, map[string]string{metav1.ObjectNameField: node.Name}) {
			return false
		}
	}
	return true
}

func matchesExpression(e corev1.NodeSelectorRequirement, labels map[string]string) bool {
	value, ok := labels[e.Key]
	switch e.Operator {
	case corev1.NodeSelectorOpIn:
		return ok && slices.Contains(e.Values, value)
	case corev1.NodeSelectorOpNotIn:
		return !ok || !slices.Contains(e.Values, value)
	case corev1.NodeSelectorOpExists:
		return ok
	case corev1.NodeSelectorOpDoesNotExist:
		return !ok
	case corev1.NodeSelectorOpGt, corev1.NodeSelectorOpLt:
		if !ok || len(e.Values) != 1 {
			return false
		}
		have, err1 := strconv.ParseInt(value, 10, 64)
		want, err2 := strconv.ParseInt(e.Values[0], 10, 64)
		if err1 != nil || err2 != nil {
			return false
		}
		return e.Operator == corev1.NodeSelectorOpGt && have > want || e.Operator == corev1.NodeSelectorOpLt && have < want
	}
	return false
}

func tolerates(t corev1.Toleration, taint corev1.Taint) bool {
	if t.Effect != "" && t.Effect != taint.Effect {
		return false
	}
	if t.Key != "" && t.Key != taint.Key {
		return false
	}
	if t.Operator == corev1.TolerationOpExists {
		return true
	}
	return t.Key != "" && t.Value == taint.Value
}
