package kubelet

import (
	"context"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// lastChance is what a process gets after SIGTERM when its preStop hook has used
// up the whole grace period, as on a real node.
const lastChance = 2 * time.Second

// terminate ends all processes: preStop, SIGTERM, the grace period, SIGKILL. It
// reports false when the agent is stopped meanwhile.
func (w *worker) terminate(ctx context.Context) bool {
	kill := make(chan struct{})
	var all sync.WaitGroup
	done := make(chan struct{})
	for _, c := range w.record.containers {
		if c.running() {
			w.event(corev1.EventTypeNormal, "Killing", "Stopping container "+c.spec.Name)
			all.Go(func() { w.stopContainer(ctx, c, kill) })
		}
	}
	go func() { all.Wait(); close(done) }()

	grace := w.grace()
	deadline := time.Now().Add(grace)
	timer := time.NewTimer(grace)
	defer timer.Stop()
	for {
		select {
		case <-done:
			return ctx.Err() == nil
		case <-timer.C:
			close(kill)
			<-done
			return ctx.Err() == nil
		case <-w.changed:
			// A second delete may have shortened the grace period; the shorter one
			// counts from now.
			if shorter := w.grace(); shorter < grace {
				grace = shorter
				if until := time.Now().Add(grace); until.Before(deadline) {
					deadline = until
					timer.Reset(grace)
				}
			}
		case <-ctx.Done():
			<-done
			return false
		}
	}
}

// grace is the time from the decision to end the pod to SIGKILL. A deletion by
// force (0 seconds) removes the object at once, but says nothing of the processes:
// the pod's own setting counts then, and one second at least, as in
// pkg/kubelet/pod_workers.go (calculateEffectiveGracePeriod).
func (w *worker) grace() time.Duration {
	pod := w.latest()
	seconds := int64(corev1.DefaultTerminationGracePeriodSeconds)
	if pod.Spec.TerminationGracePeriodSeconds != nil {
		seconds = *pod.Spec.TerminationGracePeriodSeconds
	}
	if by := pod.DeletionGracePeriodSeconds; by != nil && *by > 0 {
		seconds = *by
	}
	return time.Duration(max(seconds, 1)) * time.Second
}

func (w *worker) stopContainer(ctx context.Context, c *container, kill <-chan struct{}) {
	p := c.process()
	late := false
	if hooks := c.spec.Lifecycle; hooks != nil && hooks.PreStop != nil {
		hookCtx, cancel := context.WithCancel(ctx)
		finished := make(chan error, 1)
		go func() { finished <- w.handle(hookCtx, c, hookHandler(hooks.PreStop)) }()
		select {
		case err := <-finished:
			if err != nil {
				w.event(corev1.EventTypeWarning, "FailedPreStopHook", err.Error())
			}
		case <-p.Done():
		case <-kill:
			late = true
		case <-ctx.Done():
		}
		cancel()
	}
	if ctx.Err() != nil {
		return
	}
	_ = p.Signal(syscall.SIGTERM)
	if late {
		p.Stop(ctx, lastChance)
		return
	}
	select {
	case <-p.Done():
	case <-kill:
		p.Kill()
	case <-ctx.Done():
	}
}

// cleanUp removes what the pod had on the node; its logs stay.
func (w *worker) cleanUp() {
	for _, f := range w.record.forwards {
		w.agent.machine.unforward(f)
	}
	w.record.forwards = nil
	if err := os.RemoveAll(w.scratch()); err != nil {
		w.agent.complain("remove a pod's directory", err)
	}
}

// scratch is the pod's directory for everything but logs.
func (w *worker) scratch() string {
	return filepath.Join(w.record.dir, string(w.record.uid))
}

// bury tells the API how the containers ended and lets it forget the pod. It
// reports false when the agent is stopped before.
func (w *worker) bury(ctx context.Context) bool {
	zero := int64(0)
	for !w.isVanished() {
		err := w.writeStatus(ctx, true)
		if err == nil {
			pod := w.latest()
			err = w.agent.node.k.options.Client.CoreV1().Pods(pod.Namespace).Delete(ctx, pod.Name, metav1.DeleteOptions{
				GracePeriodSeconds: &zero,
				// A new pod may have the name already.
				Preconditions: &metav1.Preconditions{UID: &pod.UID},
			})
		}
		if err == nil || apierrors.IsNotFound(err) || apierrors.IsConflict(err) {
			return true
		}
		w.agent.complain("delete pod "+w.latest().Name, err)
		if !sleep(ctx, retryDelay) {
			return false
		}
	}
	return true
}
