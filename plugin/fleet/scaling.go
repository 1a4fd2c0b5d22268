package fleet

import (
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// Scaling is what autoscalers have written on a node.
type Scaling struct {
	// Leaving is the taint by which one says that it removes the node; empty: none.
	Leaving string
	// Karpenter: the node is one of Karpenter's.
	Karpenter bool
	// Kept: somebody told autoscalers to leave it alone.
	Kept bool
}

// What tells autoscalers to leave a node alone, with value "true".
const (
	// KeepClusterAutoscaler is for the cluster autoscaler (its FAQ: "How can I prevent
	// Cluster Autoscaler from scaling down a particular node?").
	KeepClusterAutoscaler = "cluster-autoscaler.kubernetes.io/scale-down-disabled"
	// KeepKarpenter is for Karpenter (its documentation: disruption, node-level controls).
	KeepKarpenter = "karpenter.sh/do-not-disrupt"
)

// leavingTaints are set before a node is removed: cluster-autoscaler's
// utils/taints ToBeDeletedTaint and DeletionCandidateTaint, Karpenter's
// pkg/apis/v1 DisruptedTaintKey and the key that it had before 1.0.
var leavingTaints = []string{
	"ToBeDeletedByClusterAutoscaler", "DeletionCandidateOfClusterAutoscaler", "karpenter.sh/disrupted", "karpenter.sh/disruption",
}

func scalingOf(n *corev1.Node) Scaling {
	s := Scaling{Kept: n.Annotations[KeepClusterAutoscaler] == "true" || n.Annotations[KeepKarpenter] == "true"}
	for _, t := range n.Spec.Taints {
		if slices.Contains(leavingTaints, t.Key) {
			s.Leaving = t.Key
		}
	}
	for key := range n.Labels {
		if strings.HasPrefix(key, "karpenter.sh/") {
			s.Karpenter = true
		}
	}
	return s
}
