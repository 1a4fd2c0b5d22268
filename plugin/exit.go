package plugin

import (
	"context"
	"errors"
	"fmt"
	"io"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
)

// Exit statuses. They are part of the command line's contract: help and
// documentation quote them, scripts may rely on them (not on Windows, where
// kubectl reports every failure of a plugin as 1).
const (
	StatusOK = 0
	// StatusDifferent: diff and scan found something to do, probe lost requests or
	// got other answers; other commands: an error.
	StatusDifferent = 1
	// StatusUsage: the command line is wrong; for diff and scan also: they failed.
	StatusUsage = 2
	// StatusFindings: input was converted, but some of it could not be (convert).
	StatusFindings = 4
	// StatusStopped: a cutover stopped at a gate; resume or rollback goes on.
	StatusStopped = 5
	// StatusTimeout: waiting took longer than --timeout.
	StatusTimeout = 124
	// StatusInterrupted: stopped by the user; the journal is consistent.
	StatusInterrupted = 130
)

// statusError is an error that asks for a certain exit status. A nil err means
// that everything worth saying has been printed already.
type statusError struct {
	status int
	err    error
}

func (e *statusError) Error() string {
	if e.err == nil {
		return fmt.Sprintf("exit status %d", e.status)
	}
	return e.err.Error()
}

func (e *statusError) Unwrap() error { return e.err }

// withStatus makes the program end with status; err is printed unless nil.
func withStatus(status int, err error) error { return &statusError{status: status, err: err} }

// usageError marks a mistake on the command line.
func usageError(format string, args ...any) error {
	return withStatus(StatusUsage, fmt.Errorf(format, args...))
}

// report prints err the way kubectl does and returns the exit status. It is the
// only place of the program that prints an error.
func report(w io.Writer, err error) int {
	if err == nil {
		return StatusOK
	}
	status := StatusDifferent
	var s *statusError
	if errors.As(err, &s) {
		status = s.status
		if s.err == nil {
			return status
		}
	} else if errors.Is(err, context.Canceled) {
		status = StatusInterrupted
	}
	var api apierrors.APIStatus
	if errors.As(err, &api) && api.Status().Reason != "" {
		fmt.Fprintf(w, "Error from server (%s): %v\n", api.Status().Reason, err)
		return status
	}
	fmt.Fprintf(w, "error: %v\n", err)
	return status
}
