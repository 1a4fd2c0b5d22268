package runbook

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// Runner does what documents say.
type Runner struct {
	// Dir is where commands run, Env with what environment.
	Dir string
	Env func(command string) []string
	// Out is told what is done.
	Out io.Writer
	// Sandbox has what the sandbox does, by name. A command does not see them.
	Sandbox map[string]func(ctx context.Context, args []string) error
	// Appended are flags for commands that begin with the key: a sandbox has other times
	// than a document's readers, and nobody who answers questions.
	Appended map[string][]string
	// Tee, when not nil, gets what a command printed.
	Tee func(command, printed string)
}

// Run does all that a file says, and fails at the first thing that is not as it says.
func (r *Runner) Run(ctx context.Context, file string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return fmt.Errorf("reading the runbook: %w", err)
	}
	steps, err := Steps(string(text))
	if err != nil {
		return fmt.Errorf("%s: %w", filepath.Base(file), err)
	}
	for _, step := range steps {
		if err := r.do(ctx, step); err != nil {
			return fmt.Errorf("%s:%d: %w", filepath.Base(file), step.Line, err)
		}
	}
	return nil
}

func (r *Runner) do(ctx context.Context, step Step) error {
	if step.Sandbox != nil {
		act, ok := r.Sandbox[step.Sandbox[0]]
		if !ok {
			return fmt.Errorf("this sandbox cannot do %q", step.Sandbox[0])
		}
		fmt.Fprintf(r.Out, "  (%s)\n", strings.Join(step.Sandbox, " "))
		return act(ctx, step.Sandbox[1:])
	}
	command := step.Command
	for beginning, flags := range r.Appended {
		if command == beginning || strings.HasPrefix(command, beginning+" ") {
			command += " " + strings.Join(flags, " ")
		}
	}
	fmt.Fprintf(r.Out, "  $ %s\n", command)
	deadline := time.Now().Add(patience)
	for {
		printed, err := r.shell(ctx, command, step)
		if err == nil || !step.Again || ctx.Err() != nil || time.Now().After(deadline) {
			for _, line := range lines(printed) {
				fmt.Fprintf(r.Out, "    %s\n", line)
			}
			if r.Tee != nil {
				r.Tee(command, printed)
			}
			return err
		}
		select {
		case <-ctx.Done():
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// patience is how long a command is repeated that is to be repeated.
const patience = 2 * time.Minute

// shell runs a command and compares what is compared.
func (r *Runner) shell(ctx context.Context, command string, step Step) (string, error) {
	shell := exec.CommandContext(ctx, "sh", "-c", command)
	shell.Dir, shell.Env = r.Dir, r.Env(step.Command)
	var printed bytes.Buffer
	shell.Stdout, shell.Stderr = &printed, &printed
	status := 0
	err := shell.Run()
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit):
		status = exit.ExitCode()
	case err != nil:
		return printed.String(), fmt.Errorf("%s: %w", command, err)
	}
	if status != step.Status {
		return printed.String(), fmt.Errorf("%s\nended with status %d, not %d, and printed\n%s", command, status, step.Status, printed.String())
	}
	if len(step.Want) > 0 && !matches(lines(strings.Join(step.Want, "\n")), lines(printed.String())) {
		return printed.String(), fmt.Errorf("%s\nprinted\n%s\nbut the text has\n%s", command, printed.String(), strings.Join(step.Want, "\n"))
	}
	return printed.String(), nil
}
