package kubelet

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	corev1 "k8s.io/api/core/v1"

	"github.com/ingress-migrate/kubectl-ingress-migrate/test/sandbox/process"
)

// waitError is an error with the reason that a waiting container shows.
type waitError struct {
	reason string
	err    error
}

func (e *waitError) Error() string { return e.err.Error() }
func (e *waitError) Unwrap() error { return e.err }

// prepare makes what all containers share: volumes, credentials, forwarded ports.
// It tries until it succeeds or ctx ends, and reports which.
func (w *worker) prepare(ctx context.Context) bool {
	for !w.record.prepared.Load() {
		err := w.prepareOnce(ctx)
		if err == nil {
			w.record.prepared.Store(true)
			break
		}
		if ctx.Err() != nil {
			return false
		}
		news := false
		for _, c := range w.record.containers {
			news = c.setWaiting("ContainerCreating", err.Error()) || news
		}
		if news {
			w.event(corev1.EventTypeWarning, "FailedMount", err.Error())
			poke(w.dirty)
		}
		if !sleep(ctx, retryDelay) {
			return false
		}
	}
	for _, c := range w.record.containers {
		c.clearWaiting()
	}
	poke(w.dirty)
	return ctx.Err() == nil
}

func (w *worker) prepareOnce(ctx context.Context) error {
	if err := os.MkdirAll(filepath.Join(w.scratch(), "tmp"), 0o755); err != nil {
		return fmt.Errorf("make the pod's directory: %w", err)
	}
	volumes, err := w.makeVolumes(ctx)
	if err != nil {
		return err
	}
	access, err := w.makeAccess(ctx)
	if err != nil {
		return err
	}
	if len(w.record.forwards) == 0 {
		if w.record.forwards, err = w.makeForwards(); err != nil {
			return err
		}
	}
	w.record.volumes, w.record.access = volumes, access
	return nil
}

// startContainer starts the container's process. If that fails the container
// waits with a reason, and false is returned.
func (w *worker) startContainer(ctx context.Context, c *container) bool {
	command, imageID, err := w.command(ctx, c)
	if err == nil {
		err = w.startProcess(ctx, c, command, imageID)
	}
	if ctx.Err() != nil {
		return c.process() != nil
	}
	if err == nil {
		w.event(corev1.EventTypeNormal, "Started", "Started container "+c.spec.Name)
		w.postStart(ctx, c)
		poke(w.dirty)
		return true
	}
	reason := "CreateContainerError"
	if e, ok := err.(*waitError); ok {
		reason = e.reason
	}
	if reason == "ErrImagePull" && c.alternate() {
		reason = "ImagePullBackOff"
	}
	if c.setWaiting(reason, err.Error()) {
		w.event(corev1.EventTypeWarning, "Failed", err.Error())
		poke(w.dirty)
	}
	return false
}

func (w *worker) startProcess(ctx context.Context, c *container, command process.Command, imageID string) error {
	w.startGate.Lock()
	defer w.startGate.Unlock()
	if w.gateClosed || ctx.Err() != nil {
		return context.Canceled
	}
	p, err := w.agent.machine.run(command)
	if err != nil {
		return &waitError{"RunContainerError", err}
	}
	c.setRunning(p, imageID)
	return nil
}

// postStart runs the hook; a real kubelet kills the container if it fails.
func (w *worker) postStart(ctx context.Context, c *container) {
	hooks := c.spec.Lifecycle
	if hooks == nil || hooks.PostStart == nil {
		return
	}
	if err := w.handle(ctx, c, hookHandler(hooks.PostStart)); err != nil && ctx.Err() == nil {
		w.event(corev1.EventTypeWarning, "FailedPostStartHook", err.Error())
		c.process().Kill()
	}
}

// command puts together what a container's process is started with.
func (w *worker) command(ctx context.Context, c *container) (process.Command, string, error) {
	var none process.Command
	pod := w.latest()
	if err := supported(&c.spec); err != nil {
		return none, "", &waitError{"CreateContainerConfigError", err}
	}
	program, ok := w.agent.node.k.images.lookup(c.spec.Image)
	if !ok {
		return none, "", &waitError{"ErrImagePull", fmt.Errorf("no program stands for image %q in this sandbox", c.spec.Image)}
	}
	imageID, err := w.agent.node.k.images.id(c.spec.Image, program)
	if err != nil {
		return none, "", &waitError{"ErrImagePull", err}
	}
	own, err := w.environment(ctx, pod, c)
	if err != nil {
		return none, "", &waitError{"CreateContainerConfigError", err}
	}
	mounts, err := w.mounts(c)
	if err != nil {
		return none, "", &waitError{"CreateContainerConfigError", err}
	}
	home := filepath.Join(w.scratch(), "containers", c.spec.Name)
	if err := os.MkdirAll(home, 0o755); err != nil {
		return none, "", fmt.Errorf("make the container's directory: %w", err)
	}
	args := append([]string{}, program.Args...)
	for _, arg := range arguments(&c.spec) {
		args = append(args, mounts.rewrite(expand(arg, own.values)))
	}
	return process.Command{
		Path: program.Path, Args: args, Dir: home,
		Env:     own.list(mounts),
		LogFile: filepath.Join(w.record.dir, c.spec.Name+".log"),
	}, imageID, nil
}

// arguments are everything after the program's name: command[0] is that name.
func arguments(c *corev1.Container) []string {
	var args []string
	if len(c.Command) > 1 {
		args = append(args, c.Command[1:]...)
	}
	return append(args, c.Args...)
}

// supported refuses what would otherwise silently not happen.
func supported(c *corev1.Container) error {
	if c.RestartPolicy != nil && *c.RestartPolicy == corev1.ContainerRestartPolicyAlways {
		return fmt.Errorf("container %s: sidecar containers are not supported in the sandbox", c.Name)
	}
	for _, p := range []*corev1.Probe{c.StartupProbe, c.LivenessProbe, c.ReadinessProbe} {
		if p != nil && p.GRPC != nil {
			return fmt.Errorf("container %s: gRPC probes are not supported in the sandbox", c.Name)
		}
	}
	return nil
}
