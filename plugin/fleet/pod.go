package fleet

import (
	"slices"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// Pod is one pod of either DaemonSet.
type Pod struct {
	Side      Side
	Namespace string
	Name      string
	UID       types.UID
	// Node it runs on or, while unscheduled, is pinned to.
	Node        string
	Phase       corev1.PodPhase
	Ready       bool
	Terminating bool
	// Due is when a terminating pod should have ended; Finalizers keep it beyond that.
	Due        time.Time
	Finalizers []string
	// Bound: the scheduler has given it to its node.
	Bound bool
	// Restarts counts those of all containers. LastRun is how long the shortest of their
	// newest runs lasted that are over; 0: none is, or the kubelet does not know.
	Restarts int32
	LastRun  time.Duration
	// ImageID is what the node calls the image that the proxy's container runs.
	ImageID string
	// IP is the pod's own, or its node's on the host's network; "" before it runs.
	IP string
	// Priority as admitted; classes may have changed since.
	Priority int32
	// Why it does not run, in the API's words: a condition's or container's reason.
	Why string
	// Message is what the scheduler says of a pod that it cannot place.
	Message string
	// PortsTaken: it cannot be scheduled because the host ports are in use.
	PortsTaken bool
	// UpToDate: its DaemonSet's controller counts it as made from the current
	// template. Current: it is what the current template makes, although it may
	// have been made from one that placed pods on other nodes.
	UpToDate bool
	Current  bool
	Revision string
	Created  time.Time
	// ReadySince is zero while it is not ready.
	ReadySince time.Time
}

// Serves tells whether the pod takes requests for good: ready and not leaving.
func (p *Pod) Serves() bool { return p.Ready && !p.Terminating }

// Stuck tells whether a pod waits for something that will not come by itself.
func (p *Pod) Stuck() bool {
	return !p.Terminating && !p.Ready && (p.PortsTaken || p.Phase == corev1.PodFailed || p.CrashLoop() || unstartable(p.Why))
}

func unstartable(why string) bool {
	return why == "ImagePullBackOff" || why == "ErrImagePull" || why == "CreateContainerConfigError"
}

// CrashLoop tells whether the pod starts and crashes in turn. While it backs off the
// kubelet says so; between two back-offs it looks like any pod that is not ready yet, but
// for its restarts. One such pod may become ready slowly all the same: who stops because
// of it waits first until it backs off.
func (p *Pod) CrashLoop() bool {
	// A single restart is an accident. A container that ran for ten minutes has proven
	// itself (k8s.io/kubernetes pkg/kubelet MaxCrashLoopBackOff, of which twice as much
	// resets the back-off): its restarts are of other days.
	const restarts, proven = 2, 10 * time.Minute
	return p.Bound && !p.Ready && !p.Terminating && (p.BacksOff() || p.Restarts >= restarts && p.LastRun < proven)
}

// BacksOff tells whether a container that crashed waits for its next start, so that
// nothing of it runs.
func (p *Pod) BacksOff() bool { return p.Why == "CrashLoopBackOff" }

// podOf describes a pod of the set.
func podOf(p *corev1.Pod, set *Set) Pod {
	out := Pod{
		Side:        set.Side,
		Namespace:   p.Namespace,
		Name:        p.Name,
		UID:         p.UID,
		Node:        targetNode(p),
		Phase:       p.Status.Phase,
		Terminating: p.DeletionTimestamp != nil,
		Bound:       p.Spec.NodeName != "",
		Revision:    p.Labels[appsv1.DefaultDaemonSetUniqueLabelKey],
		Created:     p.CreationTimestamp.Time,
		Why:         p.Status.Reason,
		IP:          p.Status.PodIP,
	}
	if p.DeletionTimestamp != nil {
		out.Due, out.Finalizers = p.DeletionTimestamp.Time, p.Finalizers
	}
	// Either mark makes a pod current: after the old template was put back its
	// pods have the right hash and an old generation.
	// k8s.io/kubernetes pkg/controller/daemon/util IsPodUpdated.
	out.UpToDate = set.Revision == "" || out.Revision == set.Revision ||
		p.Labels["pod-template-generation"] != "" && p.Labels["pod-template-generation"] == set.Object.Annotations[appsv1.DeprecatedTemplateGeneration]
	out.Current = out.UpToDate || slices.Contains(set.Equivalent, out.Revision)
	if p.Spec.Priority != nil {
		out.Priority = *p.Spec.Priority
	}
	for _, c := range p.Status.Conditions {
		switch {
		case c.Type == corev1.PodReady && c.Status == corev1.ConditionTrue:
			out.Ready, out.ReadySince = true, c.LastTransitionTime.Time
		case c.Type == corev1.PodScheduled && c.Status == corev1.ConditionFalse:
			out.Why, out.Message = c.Reason, c.Message
			// k8s.io/kubernetes pkg/scheduler/framework/plugins/nodeports ErrReason
			out.PortsTaken = strings.Contains(c.Message, "didn't have free ports")
		}
	}
	proxy := set.ProxyContainer().Name
	for _, c := range p.Status.ContainerStatuses {
		out.Restarts += c.RestartCount
		if c.Name == proxy {
			out.ImageID = c.ImageID
		}
		if c.State.Waiting != nil && c.State.Waiting.Reason != "" {
			out.Why = c.State.Waiting.Reason
		}
		if run := lastRun(&c); run > 0 && (out.LastRun == 0 || run < out.LastRun) {
			out.LastRun = run
		}
	}
	return out
}

// lastRun is how long a container's newest run lasted that is over, 0 if that is not known.
func lastRun(c *corev1.ContainerStatus) time.Duration {
	ended := c.State.Terminated
	if ended == nil {
		ended = c.LastTerminationState.Terminated
	}
	if ended == nil || ended.StartedAt.IsZero() {
		return 0
	}
	return ended.FinishedAt.Sub(ended.StartedAt.Time)
}

// targetNode is the node of a pod; an unscheduled DaemonSet pod is pinned to one
// by a field term (k8s.io/kubernetes pkg/controller/daemon/util GetTargetNodeName).
func targetNode(p *corev1.Pod) string {
	if p.Spec.NodeName != "" {
		return p.Spec.NodeName
	}
	a := p.Spec.Affinity
	if a == nil || a.NodeAffinity == nil || a.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution == nil {
		return ""
	}
	for _, term := range a.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution.NodeSelectorTerms {
		for _, f := range term.MatchFields {
			if f.Key == metav1.ObjectNameField && f.Operator == corev1.NodeSelectorOpIn && len(f.Values) == 1 {
				return f.Values[0]
			}
		}
	}
	return ""
}

// sortPods puts ready pods first, then those that run, then the rest by name.
func sortPods(pods []Pod) {
	rank := func(p Pod) int {
		switch {
		case p.Serves():
			return 0
		case p.Bound && !p.Terminating:
			return 1
		case p.Terminating:
			return 2
		}
		return 3
	}
	slices.SortFunc(pods, func(a, b Pod) int {
		if d := rank(a) - rank(b); d != 0 {
			return d
		}
		return strings.Compare(a.Name, b.Name)
	})
}
