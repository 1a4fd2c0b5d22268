package kubelet

import (
	"fmt"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/ingress-migrate/kubectl-ingress-migrate/test/sandbox/process"
)

// container is the state of one container: its process, how it last ended and
// what it waits for.
type container struct {
	spec corev1.Container
	uid  string // of the pod, part of the container's id

	mu       sync.Mutex
	proc     *process.Process
	imageID  string
	runs     int // processes started since the record was made
	pulls    int // tries to find the image
	restarts int32
	waiting  *corev1.ContainerStateWaiting
	// ended describes the newest run that is over, previous the one before.
	ended, previous *corev1.ContainerStateTerminated
	ready, started  bool
}

// newContainer continues what the API says of a container whose processes are
// gone: after a reboot it counts on and knows that the last run ended badly.
func newContainer(pod *corev1.Pod, spec corev1.Container, statuses []corev1.ContainerStatus) *container {
	c := &container{spec: spec, uid: string(pod.UID)}
	for i := range statuses {
		s := &statuses[i]
		if s.Name != spec.Name {
			continue
		}
		c.restarts = s.RestartCount
		c.imageID = s.ImageID
		switch {
		case s.State.Terminated != nil:
			c.ended = s.State.Terminated
		case s.State.Running != nil:
			c.ended = &corev1.ContainerStateTerminated{
				ExitCode: 255, Reason: "Unknown", ContainerID: s.ContainerID,
				StartedAt: s.State.Running.StartedAt, FinishedAt: now(),
			}
		default:
			c.ended = s.LastTerminationState.Terminated
		}
	}
	return c
}

// now has the API's precision, so that what is read back is what was written.
func now() metav1.Time { return metav1.Now().Rfc3339Copy() }

func (c *container) process() *process.Process {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.proc
}

func (c *container) running() bool {
	p := c.process()
	return p != nil && p.Running()
}

// setRunning notes a new process.
func (c *container) setRunning(p *process.Process, imageID string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ended != nil {
		c.restarts++
		c.previous, c.ended = c.ended, nil
	}
	c.proc, c.imageID = p, imageID
	c.runs++
	c.waiting = nil
	c.ready = c.spec.ReadinessProbe == nil && c.spec.StartupProbe == nil
	c.started = c.spec.StartupProbe == nil
}

// setEnded notes that the process is over; it may be called again.
func (c *container) setEnded() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.proc == nil || c.proc.Running() {
		return
	}
	c.ended = c.termination()
	c.proc = nil
	c.ready, c.started = false, false
}

// termination describes the end of the current process, which is over.
func (c *container) termination() *corev1.ContainerStateTerminated {
	exit := c.proc.Exit()
	t := &corev1.ContainerStateTerminated{
		ExitCode:    int32(exit.Code),
		Reason:      "Completed",
		StartedAt:   metav1.NewTime(c.proc.Started()).Rfc3339Copy(),
		FinishedAt:  metav1.NewTime(exit.At).Rfc3339Copy(),
		ContainerID: c.id(),
	}
	if exit.Code != 0 {
		t.Reason = "Error"
	}
	return t
}

// id is unique per run.
func (c *container) id() string {
	return fmt.Sprintf("process://%s/%s/%d-%d", c.uid, c.spec.Name, c.restarts, c.runs)
}

// setWaiting notes why no process runs. It reports whether that is news.
func (c *container) setWaiting(reason, message string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	news := c.waiting == nil || c.waiting.Reason != reason || c.waiting.Message != message
	c.waiting = &corev1.ContainerStateWaiting{Reason: reason, Message: message}
	return news
}

func (c *container) clearWaiting() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.waiting = nil
}

func (c *container) setReady(ready bool) (changed bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	changed = c.ready != ready
	c.ready = ready
	return changed
}

func (c *container) setStarted() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.started = true
	if c.spec.ReadinessProbe == nil {
		c.ready = true
	}
}

func (c *container) isStarted() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.started
}

// exit is how the container ended, if no process runs and one has.
func (c *container) exit() (code int32, over bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.proc != nil || c.ended == nil {
		return 0, false
	}
	return c.ended.ExitCode, true
}

// status is what the API is told. idle is the reason to give for a container
// that has not been tried yet.
func (c *container) status(idle string) corev1.ContainerStatus {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := corev1.ContainerStatus{
		Name: c.spec.Name, Image: c.spec.Image, ImageID: c.imageID, RestartCount: c.restarts,
	}
	ended, previous := c.ended, c.previous
	alive := c.proc != nil && c.proc.Running()
	if c.proc != nil && !alive {
		// Over, but not noted yet: a dead process is never reported as running.
		ended, previous = c.termination(), c.ended
	}
	started := alive && c.started
	s.Started = &started
	s.Ready = alive && c.ready
	switch {
	case alive:
		s.ContainerID = c.id()
		s.State.Running = &corev1.ContainerStateRunning{StartedAt: metav1.NewTime(c.proc.Started()).Rfc3339Copy()}
		s.LastTerminationState.Terminated = previous
	case c.waiting != nil && c.proc == nil:
		s.State.Waiting = c.waiting
		s.LastTerminationState.Terminated = ended
	case ended != nil:
		s.ContainerID = ended.ContainerID
		s.State.Terminated = ended
		s.LastTerminationState.Terminated = previous
		// A completed init container counts as ready.
	default:
		s.State.Waiting = &corev1.ContainerStateWaiting{Reason: idle}
	}
	return s
}

// lastRun is how long the newest run that is over lasted.
func (c *container) lastRun() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ended == nil {
		return 0
	}
	return c.ended.FinishedAt.Sub(c.ended.StartedAt.Time)
}

// alternate is true every other time: a missing image shows two reasons in turn.
func (c *container) alternate() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.pulls++
	return c.pulls%2 == 0
}
