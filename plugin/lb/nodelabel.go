package lb

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
)

// NodeLabel takes nodes out of the load balancers of Services of type LoadBalancer by the
// label that cloud controllers obey (KEP-1143). What the cloud does then cannot be seen
// from the cluster: it is given a time for it, counted from when the label was written by
// the API server's clock.
type NodeLabel struct {
	client kubernetes.Interface
	delay  time.Duration
	now    func() time.Time

	mu sync.Mutex
	// back is when nodes were given back; the label that told is gone.
	back map[string]time.Time
}

// NewNodeLabel returns the cloud's load balancers, with the time that they take.
func NewNodeLabel(client kubernetes.Interface, delay time.Duration) *NodeLabel {
	return &NodeLabel{client: client, delay: delay, now: time.Now, back: map[string]time.Time{}}
}

// labelManager writes nothing but the label, so that its time is the label's.
const labelManager = "ingress-migrate-lb"

// Describe implements Drainer.
func (n *NodeLabel) Describe(context.Context) (Facts, error) {
	return Facts{Name: "label " + corev1.LabelNodeExcludeBalancers, DeregistrationDelay: n.delay}, nil
}

// Drain implements Drainer.
func (n *NodeLabel) Drain(ctx context.Context, target Target) error {
	return n.label(ctx, target.Node, "true")
}

// Undrain implements Drainer.
func (n *NodeLabel) Undrain(ctx context.Context, target Target) error {
	if err := n.label(ctx, target.Node, nil); err != nil {
		return err
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if _, ok := n.back[target.Node]; !ok {
		n.back[target.Node] = n.now()
	}
	return nil
}

func (n *NodeLabel) label(ctx context.Context, node string, value any) error {
	patch, err := json.Marshal(map[string]any{"metadata": map[string]any{"labels": map[string]any{corev1.LabelNodeExcludeBalancers: value}}})
	if err != nil {
		return fmt.Errorf("encoding a label: %w", err)
	}
	if _, err := n.client.CoreV1().Nodes().Patch(ctx, node, types.MergePatchType, patch, metav1.PatchOptions{FieldManager: labelManager}); err != nil {
		return fmt.Errorf("labelling node %s for the cloud's load balancers: %w", node, err)
	}
	return nil
}

// State implements Drainer.
func (n *NodeLabel) State(ctx context.Context, target Target) (State, string, error) {
	node, err := n.client.CoreV1().Nodes().Get(ctx, target.Node, metav1.GetOptions{})
	if err != nil {
		return Unknown, "", fmt.Errorf("reading node %s: %w", target.Node, err)
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if _, ok := node.Labels[corev1.LabelNodeExcludeBalancers]; !ok {
		if at, ok := n.back[target.Node]; ok {
			if left := n.delay - n.now().Sub(at); left > 0 {
				return Initial, fmt.Sprintf("the cloud has %s left to use it again", left.Round(time.Second)), nil
			}
		}
		return InService, "has no label that excludes it", nil
	}
	delete(n.back, target.Node)
	for _, m := range node.ManagedFields {
		if m.Time == nil || m.FieldsV1 == nil || !strings.Contains(m.FieldsV1.GetRawString(), `"f:`+corev1.LabelNodeExcludeBalancers+`"`) {
			continue
		}
		if left := n.delay - n.now().Sub(m.Time.Time); left > 0 {
			return Draining, fmt.Sprintf("the cloud has %s left to leave it out", left.Round(time.Second)), nil
		}
		return Out, "is labelled since " + m.Time.UTC().Format(time.RFC3339), nil
	}
	return Unknown, "is labelled, and nothing tells since when", nil
}
