package process

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
	"syscall"
)

// ErrClosed is what Start answers once the Starter is closed.
var ErrClosed = errors.New("process starter is closed")

// Command says what to run.
type Command struct {
	// Path of the program; it is not looked up in PATH.
	Path string
	// Args without the program's own name.
	Args []string
	// Env is the whole environment as NAME=value. Nothing is inherited.
	Env []string
	// Dir is the working directory; empty means that of this process.
	Dir string
	// LogFile receives standard output and standard error, appended.
	LogFile string
}

// Starter makes processes on one thread of its own. When that thread ends (by
// Close, or because this process was killed), the kernel kills what is left.
type Starter struct {
	requests chan startRequest
	closed   chan struct{}
	done     chan struct{}
	once     sync.Once
}

type startRequest struct {
	cmd   *exec.Cmd
	reply chan error
}

// NewStarter returns a Starter whose thread is running. Close it in the end.
func NewStarter() *Starter {
	s := &Starter{
		requests: make(chan startRequest),
		closed:   make(chan struct{}),
		done:     make(chan struct{}),
	}
	go s.serve()
	return s
}

func (s *Starter) serve() {
	// Never unlocked: returning ends the thread as well, which is what tells the
	// kernel to kill the children.
	runtime.LockOSThread()
	if syscall.Gettid() == syscall.Getpid() {
		// The main thread never ends before the process does (mexit, runtime/proc.go):
		// somebody else serves, who cannot get it as long as it is held here.
		go s.serve()
		<-s.done
		runtime.UnlockOSThread()
		return
	}
	defer close(s.done)
	for {
		select {
		case r := <-s.requests:
			r.reply <- r.cmd.Start()
		case <-s.closed:
			return
		}
	}
}

// Close kills every process of this Starter that still runs and makes further
// starts fail. Give processes that need a clean end their Stop first.
func (s *Starter) Close() {
	s.once.Do(func() { close(s.closed) })
	<-s.done
}

// Start runs the command in a process group of its own.
func (s *Starter) Start(c Command) (*Process, error) {
	log, err := openLog(c.LogFile)
	if err != nil {
		return nil, err
	}
	// The child has its own copy of the descriptor.
	defer log.Close()

	cmd := exec.Command(c.Path, c.Args...)
	// A non-nil empty environment: nil would mean "inherit ours".
	cmd.Env = append([]string{}, c.Env...)
	cmd.Dir = c.Dir
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}

	r := startRequest{cmd: cmd, reply: make(chan error, 1)}
	select {
	case s.requests <- r:
	case <-s.closed:
		return nil, fmt.Errorf("start %s: %w", c.Path, ErrClosed)
	}
	if err := <-r.reply; err != nil {
		return nil, fmt.Errorf("start %s: %w", c.Path, err)
	}
	return newProcess(cmd, c.LogFile), nil
}

func openLog(name string) (*os.File, error) {
	if name == "" {
		name = os.DevNull
	} else if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return nil, fmt.Errorf("make log directory: %w", err)
	}
	f, err := os.OpenFile(name, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		return nil, fmt.Errorf("open log: %w", err)
	}
	return f, nil
}
