package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/ingress-migrate/kubectl-ingress-migrate/test/sandbox"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/sandbox/process"
)

const (
	// readyFD is where the background process reports success.
	readyFD = 3
	ready   = "ready"
)

// start runs `sandbox serve` in the background and waits until the cluster is
// ready, showing its progress.
func start(ctx context.Context, c config, out, progress io.Writer) error {
	state, err := sandbox.ReadState(c.dir)
	switch {
	case err == nil && state.Owner.Alive():
		introduce(c, state, out)
		return nil
	case err == nil:
		if err := sandbox.StopOther(ctx, c.dir); err != nil {
			return fmt.Errorf("clear up after a killed sandbox: %w", err)
		}
	case !errors.Is(err, sandbox.ErrNoState):
		return err
	}
	if err := os.MkdirAll(c.dir, 0o755); err != nil {
		return fmt.Errorf("make the sandbox's directory: %w", err)
	}
	log, err := os.Create(logFile(c))
	if err != nil {
		return fmt.Errorf("make the sandbox's log: %w", err)
	}
	defer log.Close()
	if err := launch(ctx, c, log, progress); err != nil {
		return err
	}
	if state, err = sandbox.ReadState(c.dir); err != nil {
		return err
	}
	introduce(c, state, out)
	return nil
}

func launch(ctx context.Context, c config, log *os.File, progress io.Writer) error {
	exe, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find this program: %w", err)
	}
	read, write, err := os.Pipe()
	if err != nil {
		return fmt.Errorf("make a pipe: %w", err)
	}
	defer read.Close()
	cmd := exec.Command(exe, "serve", "-dir", c.dir, fmt.Sprintf("-nodes=%d", c.nodes), fmt.Sprintf("-edge=%v", c.edge))
	cmd.Stdout, cmd.Stderr = log, log
	cmd.ExtraFiles = []*os.File{write}
	// A session of its own: closing the terminal does not end it.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	err = cmd.Start()
	write.Close()
	if err != nil {
		return fmt.Errorf("start in the background: %w", err)
	}
	result := make(chan string, 1)
	go func() {
		data, _ := io.ReadAll(read)
		result <- string(data)
	}()
	shown := &follower{file: logFile(c), out: progress}
	ticker := time.NewTicker(200 * time.Millisecond)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			shown.show()
		case text := <-result:
			shown.show()
			if strings.TrimSpace(text) == ready {
				return cmd.Process.Release()
			}
			_ = cmd.Wait()
			return fmt.Errorf("the sandbox did not start; the end of %s:\n%s", logFile(c), process.LogTail(logFile(c), 20))
		case <-ctx.Done():
			_ = cmd.Process.Signal(syscall.SIGTERM)
			_ = cmd.Wait()
			return fmt.Errorf("start the sandbox: %w", ctx.Err())
		}
	}
}

// follower copies what is appended to a file.
type follower struct {
	file   string
	out    io.Writer
	offset int64
}

func (f *follower) show() {
	file, err := os.Open(f.file)
	if err != nil {
		return
	}
	defer file.Close()
	if _, err := file.Seek(f.offset, io.SeekStart); err != nil {
		return
	}
	n, _ := io.Copy(f.out, file)
	f.offset += n
}

func logFile(c config) string { return filepath.Join(c.dir, "sandbox.log") }

// introduce says how to use a running cluster, on standard output in a form that a
// shell can evaluate.
func introduce(c config, state sandbox.State, out io.Writer) {
	fmt.Fprintf(out, "export KUBECONFIG=%s\n", state.Kubeconfig)
	fmt.Fprintf(out, "# kubectl of the same version: %s\n", state.Kubectl)
	if _, err := os.Stat(legacyKubeconfig(c)); err == nil && c.edge {
		fmt.Fprintf(out, "# for manifests of extensions/v1beta1: KUBECONFIG=%s\n", legacyKubeconfig(c))
	}
	fmt.Fprintf(out, "# logs: %s\n# stop it with: make sandbox-stop\n", c.dir)
}

func legacyKubeconfig(c config) string { return filepath.Join(c.dir, "legacy.kubeconfig") }
