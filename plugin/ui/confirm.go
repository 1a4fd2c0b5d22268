package ui

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"

	"k8s.io/cli-runtime/pkg/genericiooptions"
)

// ErrDeclined is returned when the user did not say yes.
var ErrDeclined = errors.New("stopped: nothing was changed")

// Confirm asks a yes-or-no question whose default is no. Without a terminal
// nobody can answer, so it refuses and names the flag that answers beforehand.
func Confirm(streams genericiooptions.IOStreams, yes bool, question string) error {
	if yes {
		return nil
	}
	if !IsTerminal(streams.In) {
		return errors.New("nobody is there to confirm this: look at the plan above, then add --yes")
	}
	return ask(streams.In, streams.ErrOut, question)
}

func ask(in io.Reader, out io.Writer, question string) error {
	fmt.Fprintf(out, "%s (y/N): ", question)
	answer, err := bufio.NewReader(in).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("reading the answer: %w", err)
	}
	switch strings.ToLower(strings.TrimSpace(answer)) {
	case "y", "yes":
		return nil
	}
	return ErrDeclined
}
