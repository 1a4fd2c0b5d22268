package fleet

import (
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// crashed is a container that was started anew, the run before having lasted so long.
func crashed(restarts int32, lasted time.Duration, state corev1.ContainerState) corev1.ContainerStatus {
	end := time.Date(2026, 3, 1, 2, 0, 0, 0, time.UTC)
	return corev1.ContainerStatus{
		Name: "traefik", RestartCount: restarts, State: state,
		LastTerminationState: corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{
			ExitCode: 1, StartedAt: metav1.NewTime(end.Add(-lasted)), FinishedAt: metav1.NewTime(end),
		}},
	}
}

// A kubelet says CrashLoopBackOff only while it waits; a pod crashes between two waits, too.
func TestCrashLoop(t *testing.T) {
	runs := corev1.ContainerState{Running: &corev1.ContainerStateRunning{}}
	waits := func(why string) corev1.ContainerState {
		return corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: why}}
	}
	just := func(restarts int32, lasted time.Duration) corev1.ContainerStatus {
		s := crashed(restarts, lasted, corev1.ContainerState{})
		s.State, s.LastTerminationState = s.LastTerminationState, corev1.ContainerState{}
		return s
	}
	ready := func(p *corev1.Pod) {
		p.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue}}
	}
	ending := func(p *corev1.Pod) { p.DeletionTimestamp = &metav1.Time{} }
	waiting := func(p *corev1.Pod) { p.Spec.NodeName = "" }
	for name, tc := range map[string]struct {
		status []corev1.ContainerStatus
		change func(*corev1.Pod)
		loop   bool
		stuck  bool
	}{
		"starts for the first time":       {status: []corev1.ContainerStatus{{State: runs}}},
		"crashed once":                    {status: []corev1.ContainerStatus{crashed(1, time.Second, runs)}},
		"backs off":                       {status: []corev1.ContainerStatus{crashed(1, time.Second, waits("CrashLoopBackOff"))}, loop: true, stuck: true},
		"runs between two back-offs":      {status: []corev1.ContainerStatus{crashed(2, time.Second, runs)}, loop: true, stuck: true},
		"has just ended":                  {status: []corev1.ContainerStatus{just(2, time.Second)}, loop: true, stuck: true},
		"nobody knows how long it ran":    {status: []corev1.ContainerStatus{{RestartCount: 2, State: runs}}, loop: true, stuck: true},
		"ran for days before":             {status: []corev1.ContainerStatus{crashed(5, 40*time.Hour, runs)}},
		"ran for days, and has ended now": {status: []corev1.ContainerStatus{just(5, 40*time.Hour)}},
		"its sidecar crashes":             {status: []corev1.ContainerStatus{crashed(1, 40*time.Hour, runs), crashed(3, time.Second, runs)}, loop: true, stuck: true},
		"is ready by now":                 {status: []corev1.ContainerStatus{crashed(4, time.Second, runs)}, change: ready},
		"is ending":                       {status: []corev1.ContainerStatus{crashed(4, time.Second, waits("CrashLoopBackOff"))}, change: ending},
		"is on no node":                   {status: []corev1.ContainerStatus{crashed(4, time.Second, runs)}, change: waiting},
		"cannot get its image":            {status: []corev1.ContainerStatus{{State: waits("ImagePullBackOff")}}, stuck: true},
	} {
		pod := &corev1.Pod{Spec: corev1.PodSpec{NodeName: "edge-1"}, Status: corev1.PodStatus{Phase: corev1.PodRunning, ContainerStatuses: tc.status}}
		if tc.change != nil {
			tc.change(pod)
		}
		p := podOf(pod, &Set{Side: New, Object: &appsv1.DaemonSet{Spec: appsv1.DaemonSetSpec{Template: corev1.PodTemplateSpec{Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "traefik"}}}}}}})
		if got := p.CrashLoop(); got != tc.loop {
			t.Errorf("%s: crash loop %v, want %v", name, got, tc.loop)
		}
		if got := p.Stuck(); got != tc.stuck {
			t.Errorf("%s: stuck %v, want %v", name, got, tc.stuck)
		}
	}
}
