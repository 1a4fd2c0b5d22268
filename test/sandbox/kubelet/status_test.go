package kubelet

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
)

func TestPhase(t *testing.T) {
	running := corev1.ContainerState{Running: &corev1.ContainerStateRunning{}}
	ended := func(code int32) corev1.ContainerState {
		return corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{ExitCode: code}}
	}
	waiting := corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{}}
	containers := func(states ...corev1.ContainerState) corev1.PodStatus {
		var s corev1.PodStatus
		for _, state := range states {
			s.ContainerStatuses = append(s.ContainerStatuses, corev1.ContainerStatus{State: state})
		}
		return s
	}
	crashed := corev1.PodStatus{ContainerStatuses: []corev1.ContainerStatus{{State: waiting, LastTerminationState: ended(1)}}}
	brokenInit := corev1.PodStatus{InitContainerStatuses: []corev1.ContainerStatus{{State: ended(1)}}, ContainerStatuses: containers(waiting).ContainerStatuses}

	for name, c := range map[string]struct {
		policy corev1.RestartPolicy
		status corev1.PodStatus
		last   bool
		want   corev1.PodPhase
	}{
		"nothing started":              {corev1.RestartPolicyAlways, containers(waiting), false, corev1.PodPending},
		"deleted before it started":    {corev1.RestartPolicyAlways, containers(waiting), true, corev1.PodFailed},
		"running":                      {corev1.RestartPolicyAlways, containers(running), false, corev1.PodRunning},
		"one of two":                   {corev1.RestartPolicyNever, containers(ended(1), running), false, corev1.PodRunning},
		"back-off":                     {corev1.RestartPolicyAlways, crashed, false, corev1.PodRunning},
		"will be restarted":            {corev1.RestartPolicyAlways, containers(ended(0)), false, corev1.PodRunning},
		"job done":                     {corev1.RestartPolicyNever, containers(ended(0), ended(0)), false, corev1.PodSucceeded},
		"job failed":                   {corev1.RestartPolicyNever, containers(ended(0), ended(1)), false, corev1.PodFailed},
		"job tries again":              {corev1.RestartPolicyOnFailure, containers(ended(1)), false, corev1.PodRunning},
		"init failed for good":         {corev1.RestartPolicyNever, brokenInit, false, corev1.PodFailed},
		"init tries again":             {corev1.RestartPolicyAlways, brokenInit, false, corev1.PodPending},
		"deleted, ended well":          {corev1.RestartPolicyAlways, containers(ended(0)), true, corev1.PodSucceeded},
		"deleted, had to be killed":    {corev1.RestartPolicyAlways, containers(ended(137)), true, corev1.PodFailed},
		"deleted while in the backoff": {corev1.RestartPolicyAlways, crashed, true, corev1.PodFailed},
	} {
		t.Run(name, func(t *testing.T) {
			pod := &corev1.Pod{Spec: corev1.PodSpec{RestartPolicy: c.policy}}
			if got := phase(pod, c.status, c.last); got != c.want {
				t.Errorf("phase %s, want %s", got, c.want)
			}
		})
	}
}
