package process

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Process is a started program and its process group.
type Process struct {
	cmd      *exec.Cmd
	identity Identity
	logFile  string
	started  time.Time
	ended    time.Time
	done     chan struct{}
}

func newProcess(cmd *exec.Cmd, logFile string) *Process {
	p := &Process{
		cmd:     cmd,
		logFile: logFile,
		started: time.Now(),
		done:    make(chan struct{}),
	}
	// The child is not reaped before wait runs, so /proc still has it.
	p.identity, _ = Identify(cmd.Process.Pid)
	go p.wait()
	return p
}

// wait sees the leader's end without reaping it first: until it is reaped the
// number of its process group cannot be given to anybody else, so whatever the
// leader left behind in the group can be killed without hitting a stranger.
func (p *Process) wait() {
	defer close(p.done)
	for {
		err := unix.Waitid(unix.P_PID, p.cmd.Process.Pid, nil, unix.WEXITED|unix.WNOWAIT, nil)
		if !errors.Is(err, unix.EINTR) {
			break
		}
	}
	_ = syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL)
	_ = p.cmd.Wait()
	p.ended = time.Now()
}

// PID is the leader's process id, which is the group's number as well.
func (p *Process) PID() int { return p.cmd.Process.Pid }

// Identity tells this process from a later one with the same PID.
func (p *Process) Identity() Identity { return p.identity }

// LogFile is where the output goes.
func (p *Process) LogFile() string { return p.logFile }

// Started is when the process was started.
func (p *Process) Started() time.Time { return p.started }

// Done is closed when the process has ended and was reaped.
func (p *Process) Done() <-chan struct{} { return p.done }

// Running reports whether the process has not ended yet.
func (p *Process) Running() bool {
	select {
	case <-p.done:
		return false
	default:
		return true
	}
}

// Exit describes how a process ended.
type Exit struct {
	// Code is the exit status, or 128 + the signal's number as shells and
	// container runtimes report it.
	Code int
	// Signal that ended it, 0 if none.
	Signal syscall.Signal
	At     time.Time
}

// Exit waits for the end and describes it.
func (p *Process) Exit() Exit {
	<-p.done
	e := Exit{Code: p.cmd.ProcessState.ExitCode(), At: p.ended}
	if ws, ok := p.cmd.ProcessState.Sys().(syscall.WaitStatus); ok && ws.Signaled() {
		e.Signal = ws.Signal()
		e.Code = 128 + int(e.Signal)
	}
	return e
}

// Signal sends sig to the leader alone, as a container runtime does.
func (p *Process) Signal(sig syscall.Signal) error {
	if !p.Running() {
		return os.ErrProcessDone
	}
	// os.Process guards against a PID that was reaped in between.
	return p.cmd.Process.Signal(sig)
}

// Kill ends the leader and its whole group at once and waits for the leader.
func (p *Process) Kill() {
	// Only the leader is signalled here; wait kills the rest of its group before
	// the group's number is free again.
	_ = p.cmd.Process.Kill()
	<-p.done
}

// Stop sends SIGTERM and, when the process has not ended after grace or ctx is
// done, kills the group. It reports whether the process ended by itself.
func (p *Process) Stop(ctx context.Context, grace time.Duration) bool {
	_ = p.Signal(syscall.SIGTERM)
	timer := time.NewTimer(grace)
	defer timer.Stop()
	select {
	case <-p.done:
		return true
	case <-timer.C:
	case <-ctx.Done():
	}
	p.Kill()
	return false
}

// LogTail returns the last lines of the process' log, for error messages.
func (p *Process) LogTail(lines int) string { return LogTail(p.logFile, lines) }

// LogTail returns the last lines of a log file, or why it cannot be read.
func LogTail(file string, lines int) string {
	data, err := os.ReadFile(file)
	if err != nil {
		return fmt.Sprintf("(no log: %v)", err)
	}
	all := strings.Split(strings.TrimRight(string(data), "\n"), "\n")
	if len(all) > lines {
		all = all[len(all)-lines:]
	}
	return strings.Join(all, "\n")
}
