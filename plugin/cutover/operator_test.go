package cutover_test

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
	"testing"
	"time"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover/journal"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover/lock"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/fleet"
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
	e, err := engineOn(config, holder, o)
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

// killed runs an operator that kills itself after a write; false means that it
// came to its end before that.
func (r *rig) killed(command string, afterWrite int) bool {
	r.t.Helper()
	r.eventually("nobody holds the lease", func() error {
		if l := r.fleet().Lease; l != nil {
			return fmt.Errorf("%s does", l.Holder)
		}
		return nil
	})
	program, err := os.Executable()
	r.must(err)
	child := exec.Command(program)
	child.Env = append(os.Environ(), operatorEnv+"="+command, killEnv+"="+strconv.Itoa(afterWrite), "KUBECONFIG="+r.s.Kubeconfig())
	var said strings.Builder
	child.Stderr = &said
	err = child.Run()
	if err == nil {
		return false
	}
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
		r.t.Fatalf("%s, to be killed after write %d: %v\n%s", command, afterWrite, err, said.String())
	}
	return true
}

// inherit runs a command as another operator, as soon as the dead one's lease is
// over.
func (r *rig) inherit(command string) error {
	var err error
	r.eventually("the dead operator's lease is over", func() error {
		err = operate(r.t.Context(), r.config, command, "heir@here/"+r.t.Name(), &diary{t: r.t})
		var held *lock.HeldError
		if errors.As(err, &held) {
			if !strings.HasPrefix(held.Holder, "child@here/") {
				r.t.Errorf("held by %s", held.Holder)
			}
			return err
		}
		return nil
	})
	return err
}

// pair makes two of the nodes the edge, so that there are few steps.
func (r *rig) pair() []string {
	names := []string{"edge-1", "edge-2"}
	for _, name := range names {
		r.patchNode(name, `{"metadata":{"labels":{"pair":"yes"}}}`)
	}
	return names
}

// TestKilledAfterEveryWrite kills the operator after its n-th write, for all n:
// another one then brings the cutover to its end. Then the rollback is killed
// after its n-th write, and another one brings that to its end: everything is as
// it was.
func TestKilledAfterEveryWrite(t *testing.T) {
	r := newRig(t)
	names := r.pair()
	r.create(oldSet(onPair))
	r.waitServed(fleet.Old, len(names))
	r.create(newSet(onPair))
	before := r.original()
	r.watch(1, names...)
	both := func(side fleet.Side) map[string]fleet.Side {
		return map[string]fleet.Side{"edge-1": side, "edge-2": side}
	}
	for n := 1; ; n++ {
		running := r.killed("run", n)
		if running {
			// Killed before the first record: there is nothing to resume.
			command := "resume"
			if r.fleet().Journal == nil {
				command = "run"
			}
			if f := r.fleet(); f.Journal != nil && f.Journal.Phase == journal.RolledBack {
				command = "run"
			}
			if f := r.fleet(); f.Journal != nil && f.Journal.Phase == journal.Switched {
				command = "" // it was the last write
			}
			if command != "" {
				if err := r.inherit(command); err != nil {
					t.Fatalf("%s after write %d: %v", command, n, err)
				}
			}
		}
		r.wantSame(fmt.Sprintf("served after write %d and resume", n), both(fleet.New), r.served())

		rolling := r.killed("rollback", n)
		if rolling && r.fleet().Journal.Phase != journal.RolledBack {
			if err := r.inherit("rollback"); err != nil {
				t.Fatalf("rollback after write %d: %v", n, err)
			}
		}
		r.wantSame(fmt.Sprintf("served after write %d and rollback", n), both(fleet.Old), r.served())
		r.wantSame("the old DaemonSet", before, r.original())
		if t.Failed() {
			return
		}
		if !running && !rolling {
			t.Logf("the longer command has %d writes", n-1)
			return
		}
	}
}
