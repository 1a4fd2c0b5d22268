package kubelet

import (
	"context"
	"fmt"
	goruntime "runtime"
	"sync"

	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/util/retry"
)

// node is the machine: it has processes as long as it has power, and an agent
// as long as its kubelet runs.
type node struct {
	k    *Kubelet
	spec NodeSpec

	// mu serialises start, stop and kill.
	mu    sync.Mutex
	power *machine
	agent *agent
}

func newNode(k *Kubelet, spec NodeSpec) *node {
	return &node{k: k, spec: spec}
}

func (n *node) start(ctx context.Context) error {
	n.mu.Lock()
	if n.agent == nil {
		if n.power == nil {
			n.power = newMachine(n.k.options.Starter)
		}
		n.agent = startAgent(n, n.power)
	}
	agent := n.agent
	n.mu.Unlock()
	select {
	case <-agent.registered:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("register node %s: %w", n.spec.Name, ctx.Err())
	}
}

func (n *node) stopAgent() {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.agent == nil {
		return
	}
	n.agent.cancel()
	n.agent.wait()
	n.agent = nil
}

// kill first silences the agent, so that it cannot report what happens next.
func (n *node) kill() {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.agent != nil {
		n.agent.cancel()
	}
	if n.power != nil {
		n.power.off()
		n.power = nil
	}
	if n.agent != nil {
		n.agent.wait()
		n.agent = nil
	}
}

func (n *node) processes() []int {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.power == nil {
		return nil
	}
	return n.power.pids()
}

func (n *node) unregister(ctx context.Context) error {
	err := n.k.options.Client.CoreV1().Nodes().Delete(ctx, n.spec.Name, metav1.DeleteOptions{})
	if err != nil && !apierrors.IsNotFound(err) {
		return fmt.Errorf("remove node %s: %w", n.spec.Name, err)
	}
	return nil
}

// register makes the Node and its status what they should be. Controllers write
// to new nodes at once (taints), hence the retries.
func (n *node) register(ctx context.Context) error {
	nodes := n.k.options.Client.CoreV1().Nodes()
	want := n.object()
	created, err := nodes.Create(ctx, want, metav1.CreateOptions{})
	if err == nil {
		return n.writeStatus(ctx, created)
	}
	if !apierrors.IsAlreadyExists(err) {
		return fmt.Errorf("create node %s: %w", n.spec.Name, err)
	}
	return retry.RetryOnConflict(retry.DefaultBackoff, func() error {
		live, err := nodes.Get(ctx, n.spec.Name, metav1.GetOptions{})
		if err != nil {
			return err
		}
		// A returning kubelet restores its own labels and leaves all others, so
		// that what a cutover wrote on the node survives a reboot.
		changed := false
		if live.Labels == nil {
			live.Labels = map[string]string{}
		}
		for _, key := range []string{corev1.LabelHostname, corev1.LabelOSStable, corev1.LabelArchStable} {
			if live.Labels[key] != want.Labels[key] {
				live.Labels[key] = want.Labels[key]
				changed = true
			}
		}
		if changed {
			if live, err = nodes.Update(ctx, live, metav1.UpdateOptions{}); err != nil {
				return err
			}
		}
		return n.writeStatus(ctx, live)
	})
}

func (n *node) object() *corev1.Node {
	labels := map[string]string{
		corev1.LabelHostname:   n.spec.Name,
		corev1.LabelOSStable:   "linux",
		corev1.LabelArchStable: goruntime.GOARCH,
	}
	for key, value := range n.spec.Labels {
		labels[key] = value
	}
	return &corev1.Node{
		ObjectMeta: metav1.ObjectMeta{Name: n.spec.Name, Labels: labels},
		Spec:       corev1.NodeSpec{Taints: n.spec.Taints},
	}
}

// writeStatus says Ready. Nothing else is ever said: a node that is not ready has
// no kubelet to say so.
func (n *node) writeStatus(ctx context.Context, live *corev1.Node) error {
	now := metav1.Now()
	updated := live.DeepCopy()
	updated.Status.Capacity = nodeCapacity()
	updated.Status.Allocatable = nodeCapacity()
	updated.Status.Addresses = []corev1.NodeAddress{
		{Type: corev1.NodeInternalIP, Address: n.spec.Address},
		{Type: corev1.NodeHostName, Address: n.spec.Name},
	}
	updated.Status.NodeInfo = corev1.NodeSystemInfo{
		KubeletVersion: "v1.36.3", OperatingSystem: "linux", Architecture: goruntime.GOARCH,
		OSImage: "ingress-migrate sandbox", ContainerRuntimeVersion: "process://1",
	}
	if n.k.options.Serving != nil {
		updated.Status.DaemonEndpoints.KubeletEndpoint.Port = logPort
	}
	conditions := make([]corev1.NodeCondition, 0, len(updated.Status.Conditions)+1)
	ready := corev1.NodeCondition{
		Type: corev1.NodeReady, Status: corev1.ConditionTrue, Reason: "KubeletReady",
		Message: "the process kubelet runs", LastHeartbeatTime: now, LastTransitionTime: now,
	}
	for _, c := range updated.Status.Conditions {
		if c.Type != corev1.NodeReady {
			conditions = append(conditions, c)
			continue
		}
		if c.Status == corev1.ConditionTrue {
			ready.LastTransitionTime = c.LastTransitionTime
		}
	}
	updated.Status.Conditions = append(conditions, ready)
	_, err := n.k.options.Client.CoreV1().Nodes().UpdateStatus(ctx, updated, metav1.UpdateOptions{})
	return err
}

// nodeCapacity is a promise to the scheduler that nobody checks.
func nodeCapacity() corev1.ResourceList {
	return corev1.ResourceList{
		corev1.ResourceCPU:    resource.MustParse("8"),
		corev1.ResourceMemory: resource.MustParse("16Gi"),
		corev1.ResourcePods:   resource.MustParse("110"),
	}
}

// beat renews the Lease, and says Ready again if a controller that missed us said
// otherwise.
func (n *node) beat(ctx context.Context) error {
	live, err := n.k.options.Client.CoreV1().Nodes().Get(ctx, n.spec.Name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		// Somebody deleted the Node of a kubelet that lives: it registers anew.
		return n.register(ctx)
	}
	if err != nil {
		return err
	}
	if err := n.renew(ctx, live); err != nil {
		return err
	}
	for _, c := range live.Status.Conditions {
		if c.Type == corev1.NodeReady && c.Status == corev1.ConditionTrue {
			return nil
		}
	}
	return n.writeStatus(ctx, live)
}

func (n *node) renew(ctx context.Context, owner *corev1.Node) error {
	leases := n.k.options.Client.CoordinationV1().Leases(corev1.NamespaceNodeLease)
	now := metav1.NowMicro()
	seconds := int32(40)
	lease, err := leases.Get(ctx, n.spec.Name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		_, err = leases.Create(ctx, &coordinationv1.Lease{
			ObjectMeta: metav1.ObjectMeta{
				Name: n.spec.Name, Namespace: corev1.NamespaceNodeLease,
				OwnerReferences: []metav1.OwnerReference{{APIVersion: "v1", Kind: "Node", Name: owner.Name, UID: owner.UID}},
			},
			Spec: coordinationv1.LeaseSpec{HolderIdentity: &n.spec.Name, LeaseDurationSeconds: &seconds, RenewTime: &now},
		}, metav1.CreateOptions{})
		return err
	}
	if err != nil {
		return err
	}
	lease.Spec.RenewTime = &now
	lease.Spec.HolderIdentity = &n.spec.Name
	_, err = leases.Update(ctx, lease, metav1.UpdateOptions{})
	return err
}
