package cutover

import (
	"errors"
	"fmt"
)

// Commands that messages name.
const (
	runCommand         = "kubectl ingress-migrate cutover run"
	resumeCommand      = "kubectl ingress-migrate cutover resume"
	drainCommand       = "kubectl ingress-migrate drain"
	rollbackAllCommand = "kubectl ingress-migrate rollback --all"
	statusCommand      = "kubectl ingress-migrate status"
	repairCommand      = "kubectl ingress-migrate cutover repair"
	retireCommand      = "kubectl ingress-migrate retire"
	verifyCommand      = "kubectl ingress-migrate verify"
	recycleCommand     = "kubectl ingress-migrate recycle"
	preflightCommand   = "kubectl ingress-migrate preflight"
)

// Stopped is a cutover that stopped in a good state: every node serves or is
// accounted for, and going on or back is possible.
type Stopped struct {
	// Reason says what happened.
	Reason string
	// Next is the command to type.
	Next string
	// Interrupted: it was asked to stop.
	Interrupted bool
}

func (s *Stopped) Error() string { return s.Reason }

// lostError: the node went away while it was worked on.
type lostError struct{ node, why string }

func (e *lostError) Error() string { return fmt.Sprintf("node %s %s", e.node, e.why) }

// stuckError: the leaving pod does not end. Nobody kills it by force: its
// process may be alive.
type stuckError struct{ node, pod string }

func (e *stuckError) Error() string {
	return fmt.Sprintf("pod %s on node %s does not end", e.pod, e.node)
}

// idleError: nobody acts on whom the node was given to.
type idleError struct{ node, set string }

func (e *idleError) Error() string {
	return fmt.Sprintf("DaemonSet %s does not give node %s up: is kube-controller-manager running?", e.set, e.node)
}

// failedError: the arriving proxy did not pass.
type failedError struct{ node, why string }

func (e *failedError) Error() string { return fmt.Sprintf("node %s: %s", e.node, e.why) }

// errInterrupted: somebody asked to stop while a node was soaking.
var errInterrupted = errors.New("interrupted")
