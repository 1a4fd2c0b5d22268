package world

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
)

// Shell runs the commands that a user would type, and shows them.
type Shell struct {
	out        io.Writer
	kubectl    string
	kubeconfig string
	// path is a folder that holds the plugin under the name that kubectl looks for.
	path string
	// Tee, when not nil, gets the commands' standard output too.
	Tee io.Writer
}

// Run shows "$ kubectl ARGS", runs it with its output shown, and fails when the
// command fails. Input, when not nil, is the command's standard input.
func (s Shell) Run(ctx context.Context, input []byte, args ...string) error {
	fmt.Fprintf(s.out, "  $ kubectl %s\n", strings.Join(args, " "))
	command := s.command(ctx, input, args)
	indented := &indenter{to: s.out}
	command.Stdout, command.Stderr = io.Writer(indented), indented
	if s.Tee != nil {
		command.Stdout = io.MultiWriter(indented, s.Tee)
	}
	if err := command.Run(); err != nil {
		return fmt.Errorf("kubectl %s: %w", strings.Join(args, " "), err)
	}
	return nil
}

// Quiet runs a command and returns what it printed.
func (s Shell) Quiet(ctx context.Context, args ...string) (string, error) {
	out, err := s.command(ctx, nil, args).CombinedOutput()
	if err != nil {
		return string(out), fmt.Errorf("kubectl %s: %w\n%s", strings.Join(args, " "), err, out)
	}
	return string(out), nil
}

func (s Shell) command(ctx context.Context, input []byte, args []string) *exec.Cmd {
	command := exec.CommandContext(ctx, s.kubectl, args...)
	command.Env = s.Environ()
	if input != nil {
		command.Stdin = bytes.NewReader(input)
	}
	return command
}

// Environ is the environment in which a shell finds kubectl, the plugin and the cluster.
func (s Shell) Environ() []string {
	return append(os.Environ(), "KUBECONFIG="+s.kubeconfig, "PATH="+s.path+":"+filepath.Dir(s.kubectl)+":"+os.Getenv("PATH"))
}

// indenter shifts every line to the right.
type indenter struct {
	to     io.Writer
	mu     sync.Mutex
	inLine bool
}

func (i *indenter) Write(p []byte) (int, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	for line := range bytes.Lines(p) {
		if !i.inLine {
			if _, err := io.WriteString(i.to, "    "); err != nil {
				return 0, err
			}
		}
		if _, err := i.to.Write(line); err != nil {
			return 0, err
		}
		i.inLine = !bytes.HasSuffix(line, []byte("\n"))
	}
	return len(p), nil
}
