package kubelet

import (
	"context"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
)

// worker takes one pod from being bound to being gone. It is the pod's only
// worker while it runs; an agent that starts anew makes a new one, which finds the
// record of the old one.
type worker struct {
	agent  *agent
	record *podRecord
	number int // workers of an agent are counted in the order of their begin

	mu       sync.Mutex
	pod      *corev1.Pod // the newest version seen
	vanished bool
	rejected *rejection
	// settled pods were over before this worker began: they are left alone.
	settled bool
	// changed tells the worker that the object changed, dirty that the status of
	// the processes did.
	changed, dirty chan struct{}
	// ending is closed when the pod shall end.
	ending     chan struct{}
	endingOnce sync.Once
	// startGate is held while a process is being started.
	startGate  sync.Mutex
	gateClosed bool
}

func newWorker(a *agent, pod *corev1.Pod) (*worker, error) {
	address := a.node.spec.Address
	if !pod.Spec.HostNetwork {
		var err error
		if address, err = a.node.k.addresses.take(pod.UID); err != nil {
			return nil, err
		}
	}
	w := &worker{
		agent: a, pod: pod,
		changed: make(chan struct{}, 1), dirty: make(chan struct{}, 1), ending: make(chan struct{}),
	}
	w.record = a.machine.pod(pod.UID, func() *podRecord {
		r := &podRecord{
			uid: pod.UID, pod: pod, address: address,
			dir:        filepath.Join(a.node.k.options.Dir, "pods", pod.Namespace+"_"+pod.Name),
			containers: map[string]*container{},
		}
		for _, c := range pod.Spec.InitContainers {
			// Init containers run again after a reboot, so nothing is continued.
			r.containers[c.Name] = newContainer(pod, c, nil)
		}
		for _, c := range pod.Spec.Containers {
			r.containers[c.Name] = newContainer(pod, c, pod.Status.ContainerStatuses)
		}
		return r
	})
	w.settled = isOver(pod) && !w.record.hasProcess()
	w.judge(pod)
	return w, nil
}

// latest is the newest version of the object.
func (w *worker) latest() *corev1.Pod {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.pod
}

// observe notes a version of the object unless a newer one is known. It reports
// whether it did.
func (w *worker) observe(pod *corev1.Pod) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if version(pod) < version(w.pod) {
		return false
	}
	w.pod = pod
	return true
}

// update takes a version of the object from the watch.
func (w *worker) update(pod *corev1.Pod) {
	if !w.observe(pod) {
		return
	}
	w.judge(pod)
	poke(w.changed)
	poke(w.dirty)
}

// judge begins the end of a pod that is being deleted, or that somebody else
// declared to be over.
func (w *worker) judge(pod *corev1.Pod) {
	if pod.DeletionTimestamp != nil {
		w.end()
	}
}

// vanish notes that the object is gone: what is left of the pod has to end, and
// nothing can be told to the API any more.
func (w *worker) vanish() {
	w.mu.Lock()
	w.vanished = true
	w.mu.Unlock()
	w.end()
	poke(w.changed)
}

func (w *worker) isVanished() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.vanished
}

func (w *worker) end() { w.endingOnce.Do(func() { close(w.ending) }) }

// run returns true when nothing is left of the pod, false when the agent is
// stopped; then processes live on.
func (w *worker) run(ctx context.Context) bool {
	var background sync.WaitGroup
	defer background.Wait()
	// The status is told until the pod is gone, which is later than its end.
	statusCtx, stopStatus := context.WithCancel(ctx)
	defer stopStatus()
	background.Go(func() { w.report(statusCtx) })

	// active ends when the pod shall end: whatever starts something obeys it.
	active, stop := context.WithCancel(ctx)
	defer stop()
	select {
	case <-w.ending:
		stop()
	default:
	}
	var life sync.WaitGroup
	life.Go(func() { w.live(ctx, active) })
	select {
	case <-ctx.Done():
		life.Wait()
		return false
	case <-w.ending:
	}
	stop()
	w.closeGate()
	if !w.terminate(ctx) {
		life.Wait()
		return false
	}
	life.Wait()
	if ctx.Err() != nil {
		return false
	}
	stopStatus()
	background.Wait()
	w.cleanUp()
	return w.bury(ctx)
}

// closeGate lets nothing start any more: whoever was starting has started when it
// returns, so that terminate sees every process there will be.
func (w *worker) closeGate() {
	w.startGate.Lock()
	defer w.startGate.Unlock()
	w.gateClosed = true
}

// live does what a pod does before it ends. It returns early when active ends,
// but not before the processes that it watches are over, unless ctx ends.
func (w *worker) live(ctx, active context.Context) {
	if w.settled {
		return
	}
	if w.admit() && w.prepare(active) && w.initialise(ctx, active) {
		pod := w.latest()
		var all sync.WaitGroup
		for _, spec := range pod.Spec.Containers {
			c := w.record.containers[spec.Name]
			all.Go(func() { w.supervise(ctx, active, c) })
		}
		all.Go(func() { w.refresh(active) })
		all.Wait()
		return
	}
	// The kubelet may have been restarted while the pod was ending: then there are
	// processes, though nothing may start.
	var all sync.WaitGroup
	for _, c := range w.record.containers {
		if c.process() != nil {
			all.Go(func() { w.supervise(ctx, active, c) })
		}
	}
	all.Wait()
}

// initialise runs the init containers one after the other. It reports whether
// all of them succeeded.
func (w *worker) initialise(ctx, active context.Context) bool {
	for _, spec := range w.latest().Spec.InitContainers {
		c := w.record.containers[spec.Name]
		w.supervise(ctx, active, c)
		if code, over := c.exit(); !over || code != 0 || active.Err() != nil {
			return false
		}
	}
	return true
}

// supervise keeps a container running according to its restart policy.
func (w *worker) supervise(ctx, active context.Context, c *container) {
	delay := time.Duration(0)
	for {
		if c.process() == nil {
			if active.Err() != nil || !w.mayRun(c) {
				return
			}
			if _, over := c.exit(); over {
				delay = w.backOff(active, c, delay)
			}
			if active.Err() != nil {
				return
			}
			if !w.startContainer(active, c) {
				if !sleep(active, retryDelay*2) {
					return
				}
				continue
			}
		}
		if !w.attend(ctx, active, c) {
			return
		}
	}
}

// attend probes a running container until it is over. It reports false when the
// agent is stopped before.
func (w *worker) attend(ctx, active context.Context, c *container) bool {
	p := c.process()
	probing, stop := context.WithCancel(ctx)
	var probes sync.WaitGroup
	w.startProbes(probing, active, c, &probes)
	over := true
	select {
	case <-p.Done():
	case <-ctx.Done():
		over = false
	}
	stop()
	probes.Wait()
	if !over {
		return false
	}
	c.setEnded()
	poke(w.dirty)
	return true
}

// mayRun applies the restart policy.
func (w *worker) mayRun(c *container) bool {
	code, over := c.exit()
	if !over {
		return true
	}
	policy := w.latest().Spec.RestartPolicy
	if w.isInit(c) {
		return code != 0 && policy != corev1.RestartPolicyNever
	}
	return policy == corev1.RestartPolicyAlways || (policy == corev1.RestartPolicyOnFailure && code != 0)
}

func (w *worker) isInit(c *container) bool {
	for _, spec := range w.latest().Spec.InitContainers {
		if spec.Name == c.spec.Name {
			return true
		}
	}
	return false
}

// backOff waits before a restart and returns the wait before the next one. The
// first restart is at once, as a real kubelet's. A container that ran for twice
// the longest wait has proven itself.
func (w *worker) backOff(ctx context.Context, c *container, delay time.Duration) time.Duration {
	initial := w.agent.node.k.options.CrashBackOff
	longest := 10 * initial
	if c.lastRun() > 2*longest {
		delay = 0
	}
	if delay == 0 {
		return initial
	}
	if c.setWaiting("CrashLoopBackOff", "back-off "+delay.String()+" restarting failed container "+c.spec.Name) {
		w.event(corev1.EventTypeWarning, "BackOff", "Back-off restarting failed container "+c.spec.Name)
	}
	poke(w.dirty)
	sleep(ctx, delay)
	return min(2*delay, longest)
}

func (w *worker) event(kind, reason, message string) {
	w.agent.recorder.Event(w.latest(), kind, reason, message)
}

func isOver(pod *corev1.Pod) bool {
	return pod.Status.Phase == corev1.PodSucceeded || pod.Status.Phase == corev1.PodFailed
}

func version(pod *corev1.Pod) uint64 {
	v, _ := strconv.ParseUint(pod.ResourceVersion, 10, 64)
	return v
}

// poke leaves a note; one note is enough.
func poke(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
