package sandbox

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"

	"github.com/ingress-migrate/kubectl-ingress-migrate/test/sandbox/process"
)

// State is what another process needs to use a running sandbox, or to end it:
// DIR/state.json.
type State struct {
	// Owner is the process that called Start; its end is the sandbox's end.
	Owner process.Identity `json:"owner"`
	// Components are the control plane's processes.
	Components map[string]process.Identity `json:"components"`
	Kubeconfig string                      `json:"kubeconfig"`
	Kubectl    string                      `json:"kubectl"`
	Server     string                      `json:"server"`
	RunDir     string                      `json:"runDir"`
}

const stateFile = "state.json"

// ErrNoState is what ReadState answers where no sandbox has written its state.
var ErrNoState = errors.New("no sandbox state")

// ReadState reads the state of the sandbox that has its files in dir.
func ReadState(dir string) (State, error) {
	var state State
	data, err := os.ReadFile(filepath.Join(dir, stateFile))
	if errors.Is(err, os.ErrNotExist) {
		return state, fmt.Errorf("%w in %s", ErrNoState, dir)
	}
	if err != nil {
		return state, fmt.Errorf("read sandbox state: %w", err)
	}
	if err := json.Unmarshal(data, &state); err != nil {
		return state, fmt.Errorf("read sandbox state in %s: %w", dir, err)
	}
	return state, nil
}

// StopOther ends the sandbox of another process: the owner is asked with SIGTERM
// and waited for until ctx is done. Processes of a dead owner are killed one by
// one, each only if its start time shows that it is the one that was started.
func StopOther(ctx context.Context, dir string) error {
	state, err := ReadState(dir)
	if err != nil {
		return err
	}
	if state.Owner.Signal(syscall.SIGTERM) == nil {
		if err := state.Owner.WaitGone(ctx); err != nil {
			return fmt.Errorf("stop sandbox: %w", err)
		}
	}
	for _, id := range state.Components {
		// Already gone is what we want.
		_ = id.KillGroup()
	}
	if state.RunDir != "" {
		if err := os.RemoveAll(state.RunDir); err != nil {
			return fmt.Errorf("remove run directory: %w", err)
		}
	}
	err = os.Remove(filepath.Join(dir, stateFile))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return err
}

func (s *Sandbox) writeState() error {
	owner, err := process.Identify(os.Getpid())
	if err != nil {
		return err
	}
	state := State{
		Owner: owner, Kubeconfig: s.Kubeconfig(), Kubectl: s.kubectl, Server: s.server, RunDir: s.runDir,
		Components: map[string]process.Identity{},
	}
	for _, c := range []*component{s.plane.etcd, s.plane.apiServer, s.plane.controllerManager, s.plane.scheduler} {
		if id, ok := c.identity(); ok {
			state.Components[c.name] = id
		}
	}
	data, err := json.MarshalIndent(state, "", "  ")
	if err != nil {
		return fmt.Errorf("encode sandbox state: %w", err)
	}
	// A reader in another shell must never see half a file.
	temporary := s.path(stateFile + ".new")
	if err := os.WriteFile(temporary, data, 0o600); err != nil {
		return fmt.Errorf("write sandbox state: %w", err)
	}
	if err := os.Rename(temporary, s.path(stateFile)); err != nil {
		return fmt.Errorf("write sandbox state: %w", err)
	}
	return nil
}

func (s *Sandbox) removeState() error {
	if s.dir == "" {
		return nil
	}
	err := os.Remove(s.path(stateFile))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return err
}
