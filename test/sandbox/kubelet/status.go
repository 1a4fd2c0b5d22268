package kubelet

import (
	"context"
	"encoding/json"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// rejection is why a node refuses a pod that was bound to it.
type rejection struct{ reason, message string }

// report keeps the pod's status in the API equal to what is the case, also when
// somebody else (the node lifecycle controller) has changed it.
func (w *worker) report(ctx context.Context) {
	for {
		if w.isVanished() {
			return
		}
		if err := w.writeStatus(ctx, false); err != nil && ctx.Err() == nil {
			if !apierrors.IsNotFound(err) {
				w.agent.complain("status of pod "+w.latest().Name, err)
			}
			if !sleep(ctx, retryDelay) {
				return
			}
			continue
		}
		select {
		case <-ctx.Done():
			return
		case <-w.dirty:
		}
	}
}

// writeStatus writes the status if the API's differs. last says that the pod is
// over for good.
func (w *worker) writeStatus(ctx context.Context, last bool) error {
	pod := w.latest()
	if w.settled {
		return nil
	}
	want := w.status(pod, last)
	if sameStatus(pod.Status, want) {
		return nil
	}
	body := map[string]any{
		// Conflict, rather than a write to a new pod of the same name.
		"metadata": map[string]any{"uid": pod.UID},
		"status": map[string]any{
			"phase": want.Phase,
			// null removes what a former state said.
			"reason": orNull(want.Reason), "message": orNull(want.Message),
			"hostIP": want.HostIP, "hostIPs": want.HostIPs, "podIP": want.PodIP, "podIPs": want.PodIPs,
			"startTime": want.StartTime, "conditions": conditionPatch(want.Conditions),
			"initContainerStatuses": want.InitContainerStatuses, "containerStatuses": want.ContainerStatuses,
		},
	}
	patch, err := json.Marshal(body)
	if err != nil {
		return fmt.Errorf("encode status: %w", err)
	}
	updated, err := w.agent.node.k.options.Client.CoreV1().Pods(pod.Namespace).Patch(
		ctx, pod.Name, types.StrategicMergePatchType, patch, metav1.PatchOptions{}, "status")
	if err != nil {
		return err
	}
	// Noted, but not acted on: if the API keeps something that we did not ask for,
	// this must not become a loop.
	w.observe(updated)
	return nil
}

// conditionPatch removes what a former state of a condition said.
func conditionPatch(conditions []corev1.PodCondition) []map[string]any {
	var patch []map[string]any
	for _, c := range conditions {
		patch = append(patch, map[string]any{
			"type": c.Type, "status": c.Status, "lastTransitionTime": c.LastTransitionTime,
			"reason": orNull(c.Reason), "message": orNull(c.Message),
		})
	}
	return patch
}

func orNull(text string) any {
	if text == "" {
		return nil
	}
	return text
}

// status is the whole truth about a pod on this node.
func (w *worker) status(pod *corev1.Pod, last bool) corev1.PodStatus {
	w.mu.Lock()
	rejected := w.rejected
	w.mu.Unlock()
	s := corev1.PodStatus{StartTime: pod.Status.StartTime}
	if s.StartTime == nil {
		t := now()
		s.StartTime = &t
	}
	s.HostIP = w.agent.node.spec.Address
	s.HostIPs = []corev1.HostIP{{IP: s.HostIP}}
	if rejected != nil {
		s.Phase, s.Reason, s.Message = corev1.PodFailed, rejected.reason, rejected.message
		s.Conditions = conditions(pod, false, false, false)
		return s
	}
	s.PodIP = w.record.address
	s.PodIPs = []corev1.PodIP{{IP: s.PodIP}}

	initialised := true
	for _, spec := range pod.Spec.InitContainers {
		cs := w.record.containers[spec.Name].status("PodInitializing")
		done := cs.State.Terminated != nil && cs.State.Terminated.ExitCode == 0
		cs.Ready = done
		initialised = initialised && done
		s.InitContainerStatuses = append(s.InitContainerStatuses, cs)
	}
	idle := "ContainerCreating"
	if !initialised {
		idle = "PodInitializing"
	}
	ready := initialised
	for _, spec := range pod.Spec.Containers {
		cs := w.record.containers[spec.Name].status(idle)
		ready = ready && cs.Ready
		s.ContainerStatuses = append(s.ContainerStatuses, cs)
	}
	s.Phase = phase(pod, s, last)
	s.Conditions = conditions(pod, initialised, ready, w.record.prepared.Load())
	return s
}

// phase follows the rules of the pod lifecycle documentation.
func phase(pod *corev1.Pod, s corev1.PodStatus, last bool) corev1.PodPhase {
	policy := pod.Spec.RestartPolicy
	for _, c := range s.InitContainerStatuses {
		if t := c.State.Terminated; t != nil && t.ExitCode != 0 && policy == corev1.RestartPolicyNever {
			return corev1.PodFailed
		}
	}
	begun, over, failed := false, true, false
	for _, c := range s.ContainerStatuses {
		ended := c.State.Terminated
		if ended == nil && c.State.Waiting != nil {
			ended = c.LastTerminationState.Terminated
		}
		begun = begun || c.State.Running != nil || ended != nil
		over = over && c.State.Running == nil && ended != nil
		failed = failed || (ended != nil && ended.ExitCode != 0)
	}
	switch {
	case !begun && last:
		return corev1.PodFailed
	case !begun:
		return corev1.PodPending
	case last && failed:
		return corev1.PodFailed
	case last:
		return corev1.PodSucceeded
	case !over || policy == corev1.RestartPolicyAlways:
		return corev1.PodRunning
	case !failed:
		return corev1.PodSucceeded
	case policy == corev1.RestartPolicyNever:
		return corev1.PodFailed
	default:
		return corev1.PodRunning
	}
}

// conditions are those that a kubelet owns. A strategic merge by type leaves all
// others alone.
func conditions(pod *corev1.Pod, initialised, containersReady, prepared bool) []corev1.PodCondition {
	ready := containersReady
	message := ""
	for _, gate := range pod.Spec.ReadinessGates {
		if !conditionTrue(pod, gate.ConditionType) {
			ready = false
			message = fmt.Sprintf("corresponding condition of pod readiness gate %q is not true", gate.ConditionType)
		}
	}
	return []corev1.PodCondition{
		condition(pod, corev1.PodReadyToStartContainers, prepared, "", ""),
		condition(pod, corev1.PodInitialized, initialised, "ContainersNotInitialized", ""),
		condition(pod, corev1.ContainersReady, containersReady, "ContainersNotReady", ""),
		condition(pod, corev1.PodReady, ready, "ContainersNotReady", message),
	}
}

func condition(pod *corev1.Pod, kind corev1.PodConditionType, ok bool, reason, message string) corev1.PodCondition {
	c := corev1.PodCondition{Type: kind, Status: corev1.ConditionTrue, LastTransitionTime: now()}
	if !ok {
		c.Status, c.Reason, c.Message = corev1.ConditionFalse, reason, message
	}
	for _, old := range pod.Status.Conditions {
		if old.Type == kind && old.Status == c.Status {
			c.LastTransitionTime = old.LastTransitionTime
		}
	}
	return c
}

func conditionTrue(pod *corev1.Pod, kind corev1.PodConditionType) bool {
	for _, c := range pod.Status.Conditions {
		if c.Type == kind {
			return c.Status == corev1.ConditionTrue
		}
	}
	return false
}

func sameStatus(api, want corev1.PodStatus) bool {
	for _, c := range want.Conditions {
		found := false
		for _, a := range api.Conditions {
			found = found || (a.Type == c.Type && a.Status == c.Status && a.Reason == c.Reason && a.Message == c.Message)
		}
		if !found {
			return false
		}
	}
	return api.Phase == want.Phase && api.Reason == want.Reason && api.Message == want.Message &&
		api.HostIP == want.HostIP && api.PodIP == want.PodIP && api.StartTime != nil &&
		equality.Semantic.DeepEqual(api.InitContainerStatuses, want.InitContainerStatuses) &&
		equality.Semantic.DeepEqual(api.ContainerStatuses, want.ContainerStatuses)
}
