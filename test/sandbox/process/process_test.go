package process_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/ingress-migrate/kubectl-ingress-migrate/test/sandbox/process"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const long = time.Minute

func starter(t *testing.T) *process.Starter {
	t.Helper()
	s := process.NewStarter()
	t.Cleanup(s.Close)
	return s
}

func shell(t *testing.T, s *process.Starter, script string) *process.Process {
	t.Helper()
	p, err := s.Start(process.Command{
		Path: "/bin/sh", Args: []string{"-c", script}, Env: []string{"PATH=" + os.Getenv("PATH")},
		LogFile: filepath.Join(t.TempDir(), "log"),
	})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// line waits for the first line of the process' log.
func line(t *testing.T, p *process.Process) string {
	t.Helper()
	for deadline := time.Now().Add(long); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		data, _ := os.ReadFile(p.LogFile())
		if first, _, found := strings.Cut(string(data), "\n"); found {
			return first
		}
	}
	t.Fatal("the process says nothing")
	return ""
}

func TestExit(t *testing.T) {
	s := starter(t)
	for name, c := range map[string]struct {
		script string
		code   int
		signal syscall.Signal
	}{
		"success": {"exit 0", 0, 0},
		"failure": {"exit 7", 7, 0},
		"signal":  {"kill -TERM $$; sleep 60", 143, syscall.SIGTERM},
	} {
		t.Run(name, func(t *testing.T) {
			exit := shell(t, s, c.script).Exit()
			if exit.Code != c.code || exit.Signal != c.signal {
				t.Errorf("exit %+v, want code %d, signal %d", exit, c.code, c.signal)
			}
		})
	}
}

func TestStopKillsWhatIgnoresIt(t *testing.T) {
	s := starter(t)
	p := shell(t, s, "trap '' TERM; echo on; while :; do sleep 0.1; done")
	line(t, p)
	if p.Stop(context.Background(), 100*time.Millisecond) {
		t.Error("a process that ignores SIGTERM ended by itself")
	}
	if p.Running() || p.Identity().Alive() {
		t.Error("it still runs")
	}
}

func TestWhatTheLeaderLeavesBehindIsKilled(t *testing.T) {
	s := starter(t)
	p := shell(t, s, "sleep 600 & echo $!")
	pid, err := strconv.Atoi(line(t, p))
	if err != nil {
		t.Fatal(err)
	}
	child, _ := process.Identify(pid)
	<-p.Done()
	ctx, cancel := context.WithTimeout(context.Background(), long)
	defer cancel()
	if err := child.WaitGone(ctx); err != nil {
		t.Error(err)
	}
}

func TestCloseKillsAndRefuses(t *testing.T) {
	s := process.NewStarter()
	p := shell(t, s, "exec sleep 600")
	s.Close()
	select {
	case <-p.Done():
	case <-time.After(long):
		t.Fatal("the process outlives its starter")
	}
	if _, err := s.Start(process.Command{Path: "/bin/true"}); !errors.Is(err, process.ErrClosed) {
		t.Errorf("start after close: %v", err)
	}
}

func TestNothingIsInherited(t *testing.T) {
	t.Setenv("SANDBOX_LEAK", "secret")
	s := starter(t)
	p := shell(t, s, "echo \"[$SANDBOX_LEAK]\"")
	if got := line(t, p); got != "[]" {
		t.Errorf("the environment has %s", got)
	}
}

func TestIdentityOfAnother(t *testing.T) {
	me, err := process.Identify(os.Getpid())
	if err != nil || !me.Alive() {
		t.Fatalf("own identity %+v: %v", me, err)
	}
	// The same number, started at another time, is somebody else.
	other := process.Identity{PID: me.PID, StartTicks: me.StartTicks + 1}
	for name, err := range map[string]error{
		"signal": other.Signal(syscall.SIGKILL), "kill": other.KillGroup(),
		"nobody": process.Identity{}.KillGroup(),
	} {
		if !errors.Is(err, os.ErrProcessDone) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestLogTail(t *testing.T) {
	s := starter(t)
	p := shell(t, s, "for i in 1 2 3 4; do echo $i; done")
	<-p.Done()
	if got := p.LogTail(2); got != "3\n4" {
		t.Errorf("tail is %q", got)
	}
	if got := process.LogTail(fmt.Sprintf("%s/none", t.TempDir()), 2); !strings.Contains(got, "no log") {
		t.Errorf("tail of a missing log is %q", got)
	}
}
