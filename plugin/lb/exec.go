package lb

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"time"
)

// ExecAPIVersion is in each request to a program of Exec.
const ExecAPIVersion = "loadbalancer.ingress-migrate.io/v1alpha1"

// The verbs of Exec.
const (
	verbDescribe = "describe"
	verbDrain    = "drain"
	verbUndrain  = "undrain"
	verbState    = "state"
	verbSplit    = "split"
	verbShift    = "shift"
	verbHealth   = "health"
)

// Exec is a load balancer behind a program of the user's. It is started once per call,
// without a shell, reads one JSON object from standard input, writes one to standard
// output and ends with status 0. Any other status is a failure, of which standard error
// says the reason. After a crash the same is asked again: drain and undrain must be idempotent.
//
//	verb      in the request     in the answer
//	describe                     name, interval, timeout, deregistrationDelay (such as
//	                             "5s"), healthy, unhealthy, sticky, owner: what is known
//	drain     target             stop sending new requests to it; return at once
//	undrain   target             send it requests again; return at once
//	state     target             state: InService, Initial, Draining, Out, Unhealthy or
//	                             Unknown; why
//	split     sides              split: which requests go to the new side
//	shift     sides, split       make it so; from is the split that is expected
//	health    sides, side        targets: a list of target, state and why
//
// A target is {"node": …, "address": …, "ports": […]}.
type Exec struct {
	command []string
	// sides are sent along by a Shifter.
	sides *Sides
	// timeout ends a call.
	timeout time.Duration
}

// execTimeout bounds one call: verbs return at once.
const execTimeout = 30 * time.Second

// mostOutput bounds what is read of a program's output, bytes.
const mostOutput = 1 << 20

// NewExec returns the load balancer behind a program and its arguments.
func NewExec(command []string) *Exec { return &Exec{command: command, timeout: execTimeout} }

// silent verbs need no answer.
var silent = []string{verbDrain, verbUndrain, verbShift}

type execRequest struct {
	APIVersion string  `json:"apiVersion"`
	Verb       string  `json:"verb"`
	Target     *Target `json:"target,omitempty"`
	Sides      *Sides  `json:"sides,omitempty"`
	Side       Side    `json:"side,omitempty"`
	From       *Split  `json:"from,omitempty"`
	Split      *Split  `json:"split,omitempty"`
}

// execAnswer is what programs write. Durations are texts, as in Kubernetes.
type execAnswer struct {
	Facts
	Interval            string `json:"interval"`
	Timeout             string `json:"timeout"`
	DeregistrationDelay string `json:"deregistrationDelay"`
	State               State  `json:"state"`
	Why                 string `json:"why"`
	Split               *Split `json:"split"`
	// Targets is nil where the program says nothing of them.
	Targets []TargetHealth `json:"targets"`
}

// Describe implements Drainer.
func (e *Exec) Describe(ctx context.Context) (Facts, error) {
	answer, err := e.call(ctx, execRequest{Verb: verbDescribe, Sides: e.sides})
	if err != nil {
		return Facts{}, err
	}
	facts := answer.Facts
	for _, field := range []struct {
		name, text string
		into       *time.Duration
	}{
		{"interval", answer.Interval, &facts.Interval},
		{"timeout", answer.Timeout, &facts.Timeout},
		{"deregistrationDelay", answer.DeregistrationDelay, &facts.DeregistrationDelay},
	} {
		if field.text == "" {
			continue
		}
		if *field.into, err = time.ParseDuration(field.text); err != nil || *field.into < 0 {
			return Facts{}, e.failed(verbDescribe, fmt.Errorf("%s is %q, which is no duration such as 5s", field.name, field.text))
		}
	}
	if facts.Name == "" {
		facts.Name = e.command[0]
	}
	facts.Name, facts.Owner = printable(facts.Name), printable(facts.Owner)
	return facts, nil
}

// Drain implements Drainer.
func (e *Exec) Drain(ctx context.Context, target Target) error {
	_, err := e.call(ctx, execRequest{Verb: verbDrain, Target: &target})
	return err
}

// Undrain implements Drainer.
func (e *Exec) Undrain(ctx context.Context, target Target) error {
	_, err := e.call(ctx, execRequest{Verb: verbUndrain, Target: &target})
	return err
}

// State implements Drainer.
func (e *Exec) State(ctx context.Context, target Target) (State, string, error) {
	answer, err := e.call(ctx, execRequest{Verb: verbState, Target: &target})
	if err != nil {
		return Unknown, "", err
	}
	if !slices.Contains(states, answer.State) {
		return Unknown, "", e.failed(verbState, fmt.Errorf("state is %q, none of %v", answer.State, states))
	}
	return answer.State, printable(answer.Why), nil
}

func (e *Exec) call(ctx context.Context, request execRequest) (execAnswer, error) {
	request.APIVersion = ExecAPIVersion
	input, err := json.Marshal(request)
	if err != nil {
		return execAnswer{}, e.failed(request.Verb, err)
	}
	limited, cancel := context.WithTimeout(ctx, e.timeout)
	defer cancel()
	cmd := exec.CommandContext(limited, e.command[0], e.command[1:]...)
	cmd.WaitDelay = time.Second // children may hold the pipes
	cmd.Stdin = bytes.NewReader(input)
	out, said := &bounded{}, &bounded{}
	cmd.Stdout, cmd.Stderr = out, said
	if err := cmd.Run(); err != nil {
		if limited.Err() != nil && ctx.Err() == nil {
			err = fmt.Errorf("no answer within %s", e.timeout)
		}
		if text := printable(string(said.kept)); text != "" {
			err = fmt.Errorf("%w: %s", err, text)
		}
		return execAnswer{}, e.failed(request.Verb, err)
	}
	var answer execAnswer
	if out.cut {
		return answer, e.failed(request.Verb, fmt.Errorf("it wrote more than %d bytes", mostOutput))
	}
	if len(bytes.TrimSpace(out.kept)) == 0 && slices.Contains(silent, request.Verb) {
		return answer, nil // nothing to say
	}
	decoder := json.NewDecoder(bytes.NewReader(out.kept))
	if err := decoder.Decode(&answer); err != nil {
		return answer, e.failed(request.Verb, fmt.Errorf("its output is not one JSON object: %w", err))
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return answer, e.failed(request.Verb, errors.New("its output is more than one JSON object"))
	}
	return answer, nil
}

func (e *Exec) failed(verb string, err error) error {
	return fmt.Errorf("load balancer program %s, asked to %s: %w", e.command[0], verb, err)
}

// bounded keeps the first mostOutput bytes.
type bounded struct {
	kept []byte
	cut  bool
}

func (b *bounded) Write(p []byte) (int, error) {
	room := mostOutput - len(b.kept)
	b.cut = b.cut || room < len(p)
	b.kept = append(b.kept, p[:min(room, len(p))]...)
	return len(p), nil
}

// printable is one line of what a program said, without what a terminal would act on.
func printable(text string) string {
	const most = 300
	text = strings.Join(strings.Fields(text), " ")
	if len(text) > most {
		text = strings.ToValidUTF8(text[:most], "") + "…"
	}
	return strings.Map(func(r rune) rune {
		if !strconv.IsPrint(r) {
			return -1
		}
		return r
	}, text)
}
