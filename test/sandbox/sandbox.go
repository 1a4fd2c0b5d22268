package sandbox

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/ingress-migrate/kubectl-ingress-migrate/test/sandbox/binaries"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/sandbox/egress"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/sandbox/kubelet"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/sandbox/loopback"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/sandbox/pki"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/sandbox/process"
)

// Sandbox is a running cluster. Its methods may be called from any goroutine.
type Sandbox struct {
	options Options
	dir     string
	// runDir is short: a unix socket's path has at most 107 bytes.
	runDir  string
	kubectl string
	server  string
	admin   *rest.Config

	slot    *loopback.Slot
	ca      *pki.Authority
	starter *process.Starter
	egress  *egress.Proxy
	plane   *controlPlane
	kubelet *kubelet.Kubelet

	nodesMu   sync.Mutex
	nodeCount int

	stopOnce sync.Once
	stopErr  error
}

// Start starts a cluster and returns when the control plane is ready and every
// node has registered. It takes about ten seconds, and minutes the first time, when
// programs must be built. ctx limits the start, not the sandbox's life: that
// ends with Stop, or with this process.
func Start(ctx context.Context, options Options) (*Sandbox, error) {
	options, err := options.withDefaults()
	if err != nil {
		return nil, err
	}
	s := &Sandbox{options: options, dir: options.Dir, starter: process.NewStarter()}
	if err := s.start(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("start sandbox: %w", err), s.Stop())
	}
	return s, nil
}

func (s *Sandbox) start(ctx context.Context) error {
	if err := s.prepare(); err != nil {
		return err
	}
	plane, err := s.newControlPlane(ctx)
	if err != nil {
		return err
	}
	if s.kubectl, err = s.options.program(ctx, binaries.Kubectl); err != nil {
		return err
	}
	if s.admin, err = loadAdmin(s.Kubeconfig()); err != nil {
		return err
	}
	client, err := kubernetes.NewForConfig(s.RESTConfig())
	if err != nil {
		return fmt.Errorf("make client: %w", err)
	}
	if s.egress, err = egress.Listen(s.egressSocket(), egress.NewServices(client), s.options.Log); err != nil {
		return err
	}
	s.plane = plane
	if err := plane.etcd.start(ctx); err != nil {
		return err
	}
	if err := plane.apiServer.start(ctx); err != nil {
		return err
	}
	if err := together(
		func() error { return plane.controllerManager.start(ctx) },
		func() error { return plane.scheduler.start(ctx) },
		func() error { return s.startNodes(ctx) },
	); err != nil {
		return err
	}
	return s.writeState()
}

func (s *Sandbox) prepare() error {
	var err error
	if s.slot, err = loopback.Claim(); err != nil {
		return err
	}
	if s.runDir, err = makeRunDir(); err != nil {
		return fmt.Errorf("make run directory: %w", err)
	}
	if s.dir == "" {
		s.dir = filepath.Join(s.runDir, "sandbox")
	}
	if err := os.MkdirAll(s.dir, 0o755); err != nil {
		return fmt.Errorf("make the sandbox's directory: %w", err)
	}
	if err := s.claimDir(); err != nil {
		return err
	}
	s.ca, err = pki.NewAuthority()
	return err
}

// makeRunDir leaves the usual place for temporary files where its name is too long
// for a socket's.
func makeRunDir() (string, error) {
	const room = 60
	parent := os.TempDir()
	if len(parent) > room {
		parent = "/tmp"
	}
	return os.MkdirTemp(parent, "igm-")
}

// claimDir refuses a directory in use and removes what an earlier sandbox left: its
// data belong to certificates that are gone, its logs would be mixed with ours.
func (s *Sandbox) claimDir() error {
	state, err := ReadState(s.dir)
	if err == nil && state.Owner.Alive() {
		// Not ours to remove when Stop follows this error.
		dir := s.dir
		s.dir = ""
		return fmt.Errorf("process %d runs a sandbox in %s already", state.Owner.PID, dir)
	}
	if err != nil && !errors.Is(err, ErrNoState) {
		return err
	}
	for _, name := range []string{"etcd", "logs", "nodes", "pki", "pods", "users", stateFile} {
		if err := os.RemoveAll(s.path(name)); err != nil {
			return fmt.Errorf("remove what an earlier sandbox left: %w", err)
		}
	}
	return nil
}

// together runs functions at once and returns the first of them that failed.
func together(functions ...func() error) error {
	errs := make([]error, len(functions))
	var wg sync.WaitGroup
	for i, f := range functions {
		wg.Go(func() { errs[i] = f() })
	}
	wg.Wait()
	return errors.Join(errs...)
}

// Dir is where logs (logs/*.log, pods/NAMESPACE_NAME/CONTAINER.log) and
// kubeconfigs are.
func (s *Sandbox) Dir() string { return s.dir }

// AuditLog is the file of Options.Audit: one JSON event a line.
func (s *Sandbox) AuditLog() string { return s.path("logs/audit.log") }

// Address returns the k-th loopback address (1 to 254) that is this sandbox's
// alone, for servers that a test runs itself: a load balancer, backends.
func (s *Sandbox) Address(k int) string { return s.slot.Extra(k) }

// Starter starts programs that end with this process, for parts of a test that
// are no pods. They are killed by Stop at the latest.
func (s *Sandbox) Starter() *process.Starter { return s.starter }

func (s *Sandbox) path(name string) string { return filepath.Join(s.dir, name) }

func (s *Sandbox) egressSocket() string { return filepath.Join(s.runDir, "egress.sock") }

// Stop ends the nodes with their pods, then the control plane, and removes what
// was temporary. It can be called again and answers the same.
func (s *Sandbox) Stop() error {
	s.stopOnce.Do(func() { s.stopErr = s.stop() })
	return s.stopErr
}

func (s *Sandbox) stop() error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	var errs []error
	if s.kubelet != nil {
		s.kubelet.Close()
	}
	if s.plane != nil {
		_ = together(
			func() error { s.plane.scheduler.stop(ctx); return nil },
			func() error { s.plane.controllerManager.stop(ctx); return nil },
		)
		// An API server whose etcd is gone ignores SIGTERM.
		s.plane.apiServer.stop(ctx)
		s.plane.etcd.stop(ctx)
	}
	if s.egress != nil {
		errs = append(errs, s.egress.Close())
	}
	s.starter.Close()
	errs = append(errs, s.removeState())
	if s.slot != nil {
		errs = append(errs, s.slot.Release())
	}
	if s.runDir != "" {
		errs = append(errs, os.RemoveAll(s.runDir))
	}
	return errors.Join(errs...)
}

// StopAPIServer ends the API server alone; pods and nodes go on.
func (s *Sandbox) StopAPIServer(ctx context.Context) { s.plane.apiServer.stop(ctx) }

// StartAPIServer starts it again at the same address and waits until it is ready.
func (s *Sandbox) StartAPIServer(ctx context.Context) error {
	return s.restart(ctx, s.plane.apiServer)
}

// StopControllerManager ends the controllers: nothing is created, collected or
// marked lost until StartControllerManager.
func (s *Sandbox) StopControllerManager(ctx context.Context) { s.plane.controllerManager.stop(ctx) }

// StartControllerManager starts it again and waits until it is healthy.
func (s *Sandbox) StartControllerManager(ctx context.Context) error {
	return s.restart(ctx, s.plane.controllerManager)
}

// StopScheduler ends the scheduler: pods stay Pending until StartScheduler.
func (s *Sandbox) StopScheduler(ctx context.Context) { s.plane.scheduler.stop(ctx) }

// StartScheduler starts it again and waits until it is healthy.
func (s *Sandbox) StartScheduler(ctx context.Context) error { return s.restart(ctx, s.plane.scheduler) }

func (s *Sandbox) restart(ctx context.Context, c *component) error {
	if err := c.start(ctx); err != nil {
		return err
	}
	// The state file names processes, and one has changed.
	return s.writeState()
}
