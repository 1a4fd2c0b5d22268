package kubelet

import (
	"context"
	"fmt"
	"sync"
	"syscall"
	"time"

	corev1 "k8s.io/api/core/v1"
)

// startProbes probes a running container until ctx ends, which is when the
// process is over. Startup and liveness end with active: a pod that is ending is
// not restarted. Readiness goes on, so that a draining pod can be seen to drain.
func (w *worker) startProbes(ctx, active context.Context, c *container, all *sync.WaitGroup) {
	if c.spec.LivenessProbe == nil && c.spec.ReadinessProbe == nil && c.spec.StartupProbe == nil {
		return
	}
	// living ends with the process as well as with the pod.
	living, stop := context.WithCancel(active)
	context.AfterFunc(ctx, stop)
	all.Go(func() {
		defer stop()
		if c.spec.StartupProbe != nil && !c.isStarted() {
			if !w.startup(living, c) {
				return
			}
		}
		var both sync.WaitGroup
		defer both.Wait()
		if c.spec.ReadinessProbe != nil {
			both.Go(func() { w.readiness(ctx, c) })
		}
		if c.spec.LivenessProbe != nil {
			both.Go(func() { w.liveness(living, c) })
		}
		<-ctx.Done()
	})
}

// startup returns true once the probe succeeded; a container that fails it too
// often is killed.
func (w *worker) startup(ctx context.Context, c *container) bool {
	succeeded := false
	w.probe(ctx, c, c.spec.StartupProbe, func(ok bool, err error) bool {
		succeeded = ok
		if ok {
			c.setStarted()
			poke(w.dirty)
			return false
		}
		w.fail(ctx, c, "Startup", err)
		return false
	})
	return succeeded
}

func (w *worker) liveness(ctx context.Context, c *container) {
	w.probe(ctx, c, c.spec.LivenessProbe, func(ok bool, err error) bool {
		if !ok {
			w.fail(ctx, c, "Liveness", err)
		}
		return ok
	})
}

func (w *worker) readiness(ctx context.Context, c *container) {
	if w.agent.node.k.options.FirstProbes > 0 && c.spec.ReadinessProbe.InitialDelaySeconds == 0 {
		w.firstProbes(ctx, c)
	}
	w.probe(ctx, c, c.spec.ReadinessProbe, func(ok bool, err error) bool {
		if !ok {
			w.event(corev1.EventTypeWarning, "Unhealthy", "Readiness probe failed: "+err.Error())
		}
		if c.setReady(ok) {
			poke(w.dirty)
		}
		return true
	})
}

// firstProbes asks for readiness more often than its probe says, until that has
// succeeded once or its first period is over.
func (w *worker) firstProbes(ctx context.Context, c *container) {
	p := c.spec.ReadinessProbe
	period := time.Duration(orDefault(p.PeriodSeconds, 10)) * time.Second
	ctx, cancel := context.WithTimeout(ctx, period)
	defer cancel()
	for w.handle(ctx, c, probeHandler(p)) != nil {
		if !sleep(ctx, w.agent.node.k.options.FirstProbes) {
			return
		}
	}
}

// fail ends a container that failed a probe: with its grace period, as when it is
// deleted. The restart policy then does what it does.
func (w *worker) fail(ctx context.Context, c *container, probe string, err error) {
	w.event(corev1.EventTypeWarning, "Unhealthy", probe+" probe failed: "+err.Error())
	w.event(corev1.EventTypeNormal, "Killing", fmt.Sprintf("Container %s failed %s probe, will be restarted", c.spec.Name, probe))
	p := c.process()
	if p == nil {
		return
	}
	_ = p.Signal(syscall.SIGTERM)
	timer := time.NewTimer(w.grace())
	defer timer.Stop()
	select {
	case <-p.Done():
	case <-timer.C:
		p.Kill()
	case <-ctx.Done():
		// The pod is ending, and that has a grace period of its own.
	}
}

// probe asks until verdict returns false or ctx ends. verdict hears of a result
// once it has happened as often in a row as the thresholds ask, and then of every
// further one.
func (w *worker) probe(ctx context.Context, c *container, p *corev1.Probe, verdict func(bool, error) bool) {
	if !sleep(ctx, time.Duration(p.InitialDelaySeconds)*time.Second) {
		return
	}
	period := orDefault(p.PeriodSeconds, 10)
	timeout := orDefault(p.TimeoutSeconds, 1)
	inARow, last := int32(0), false
	for {
		attempt, cancel := context.WithTimeout(ctx, time.Duration(timeout)*time.Second)
		err := w.handle(attempt, c, probeHandler(p))
		cancel()
		if ctx.Err() != nil {
			return
		}
		ok := err == nil
		if ok != last {
			inARow = 0
		}
		last = ok
		inARow++
		threshold := orDefault(p.SuccessThreshold, 1)
		if !ok {
			threshold = orDefault(p.FailureThreshold, 3)
		}
		if inARow >= threshold && !verdict(ok, err) {
			return
		}
		if !sleep(ctx, time.Duration(period)*time.Second) {
			return
		}
	}
}

func orDefault(value, fallback int32) int32 {
	if value == 0 {
		return fallback
	}
	return value
}
