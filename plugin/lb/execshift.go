package lb

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
)

// ExecShifter divides requests through a program of the user's, see Exec. Its one part is
// the split: what else the program changes for it is its own matter.
type ExecShifter struct{ *Exec }

// NewExecShifter returns the load balancer behind a program and its arguments.
func NewExecShifter(command []string, sides Sides) *ExecShifter {
	e := NewExec(command)
	e.sides = &sides
	return &ExecShifter{e}
}

const splitPart = "split"

// Read implements Shifter.
func (e *ExecShifter) Read(ctx context.Context, known Parts) (Parts, error) {
	answer, err := e.call(ctx, execRequest{Verb: verbSplit, Sides: e.sides})
	if err != nil {
		return nil, err
	}
	split := answer.Split
	switch {
	case split == nil:
		return nil, e.failed(verbSplit, errors.New("its answer has no split"))
	case split.Weight < 0 || split.Weight > 100:
		return nil, e.failed(verbSplit, fmt.Errorf("weight is %d, not 0 to 100", split.Weight))
	case known == nil && (split.Weight != 0 || split.Header != nil):
		return nil, alreadyShifted(fmt.Sprintf("load balancer program %s says: %s", e.command[0], split))
	}
	return parts(*split)
}

// alreadyShifted refuses to take for the original what is none.
func alreadyShifted(what string) error {
	return fmt.Errorf("the new side gets requests already, and nothing of that is recorded here: %s. Name the namespace with the record with -n, or send everything to the old side before you begin", what)
}

func parts(split Split) (Parts, error) {
	value, err := Value(split)
	return Parts{splitPart: value}, err
}

// Plan implements Shifter.
func (e *ExecShifter) Plan(_ Parts, split Split) (Parts, error) { return parts(split) }

// Write implements Shifter.
func (e *ExecShifter) Write(ctx context.Context, change Change) error {
	request := execRequest{Verb: verbShift, Sides: e.sides}
	for _, of := range []struct {
		value json.RawMessage
		into  **Split
	}{{change.From, &request.From}, {change.To, &request.Split}} {
		if err := json.Unmarshal(of.value, of.into); err != nil {
			return e.failed(verbShift, fmt.Errorf("the recorded split: %w", err))
		}
	}
	_, err := e.call(ctx, request)
	return err
}

// Health implements Shifter.
func (e *ExecShifter) Health(ctx context.Context, side Side) ([]TargetHealth, error) {
	answer, err := e.call(ctx, execRequest{Verb: verbHealth, Sides: e.sides, Side: side})
	if err != nil {
		return nil, err
	}
	for i, target := range answer.Targets {
		if !slices.Contains(states, target.State) {
			return nil, e.failed(verbHealth, fmt.Errorf("state of target %q is %q, none of %v", printable(target.Target), target.State, states))
		}
		answer.Targets[i].Target, answer.Targets[i].Why = printable(target.Target), printable(target.Why)
	}
	return answer.Targets, nil
}
