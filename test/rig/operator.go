package rig

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover/lock"
)

// operatorEnv makes the test binary an operator: it runs one command of the
// engine (run, resume, rollback) on the cluster of KUBECONFIG and kills itself
// right after the write whose number is in killEnv.
const (
	operatorEnv = "INGRESS_MIGRATE_TEST_OPERATOR"
	killEnv     = "INGRESS_MIGRATE_TEST_KILL_AFTER_WRITE"
)

// suicide counts what is written to the API, the lease's renewals aside.
type suicide struct {
	next   http.RoundTripper
	after  int64
	writes atomic.Int64
}

func (s *suicide) RoundTrip(r *http.Request) (*http.Response, error) {
	response, err := s.next.RoundTrip(r)
	if r.Method != http.MethodGet && !strings.Contains(r.URL.Path, "/leases") && s.writes.Add(1) == s.after {
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {} // not one more instruction of the engine
	}
	return response, err
}

// silent observes nothing: the child's output is read when it fails.
type silent struct{}

func (silent) Observe(e cutover.Event) { fmt.Fprintln(os.Stderr, e.Kind, e.Node, e.To, e.Text) }

func runOperator() int {
	config, err := clientcmd.BuildConfigFromFlags("", os.Getenv("KUBECONFIG"))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	config.QPS = -1
	after, _ := strconv.ParseInt(os.Getenv(killEnv), 10, 64)
	config.Wrap(func(next http.RoundTripper) http.RoundTripper { return &suicide{next: next, after: after} })
	if err := operate(context.Background(), config, os.Getenv(operatorEnv), fmt.Sprintf("child@here/%d", os.Getpid()), silent{}); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// operate runs a command on two nodes, of which one must serve.
func operate(ctx context.Context, config *rest.Config, command, holder string, o cutover.Observer) error {
	e, err := EngineOn(config, holder, o)
	if err != nil {
		return err
	}
	e.Settings.AcceptSingleNode = true
	e.Settings.CanarySoak = 50 * time.Millisecond // one journal write more
	e.Settings.LeaseDuration = time.Second
	switch command {
	case "run":
		return e.Run(ctx)
	case "resume":
		return e.Resume(ctx)
	case "rollback":
		return e.RollbackAll(ctx)
	}
	return fmt.Errorf("unknown command %q", command)
}

// Killed runs an operator, a process of its own, that kills itself after a write; false
// means that it came to its end before that. Commands are run, resume and rollback.
func (r *Rig) Killed(command string, afterWrite int) bool {
	r.T.Helper()
	r.Eventually("nobody holds the lease", func() error {
		if l := r.Fleet().Lease; l != nil {
			return fmt.Errorf("%s does", l.Holder)
		}
		return nil
	})
	program, err := os.Executable()
	r.Must(err)
	child := exec.Command(program)
	child.Env = append(os.Environ(), operatorEnv+"="+command, killEnv+"="+strconv.Itoa(afterWrite), "KUBECONFIG="+r.Sandbox.Kubeconfig())
	var said strings.Builder
	child.Stderr = &said
	err = child.Run()
	if err == nil {
		return false
	}
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
		r.T.Fatalf("%s, to be killed after write %d: %v\n%s", command, afterWrite, err, said.String())
	}
	return true
}

// Inherit runs such a command as another operator, as soon as the dead one's lease is
// over.
func (r *Rig) Inherit(command string) error {
	var err error
	r.Eventually("the dead operator's lease is over", func() error {
		err = operate(r.T.Context(), r.Config, command, "heir@here/"+r.T.Name(), &Diary{t: r.T})
		var held *lock.HeldError
		if errors.As(err, &held) {
			if !strings.HasPrefix(held.Holder, "child@here/") {
				r.T.Errorf("held by %s", held.Holder)
			}
			return err
		}
		return nil
	})
	return err
}
