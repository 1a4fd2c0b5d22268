package process

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Identity names one process for good: process ids are used again, but not with
// the same start time.
type Identity struct {
	PID int `json:"pid"`
	// StartTicks is field 22 of /proc/PID/stat: clock ticks since boot.
	StartTicks uint64 `json:"startTicks"`
}

// Identify reads the identity of a running process.
func Identify(pid int) (Identity, error) {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return Identity{PID: pid}, fmt.Errorf("identify process %d: %w", pid, err)
	}
	// The second field is the name in parentheses and may hold blanks and
	// parentheses itself, so count from the last one.
	text := string(data)
	fields := strings.Fields(text[strings.LastIndexByte(text, ')')+1:])
	const state, startTime = 3, 22
	if len(fields) <= startTime-state {
		return Identity{PID: pid}, fmt.Errorf("identify process %d: unexpected /proc stat", pid)
	}
	ticks, err := strconv.ParseUint(fields[startTime-state], 10, 64)
	if err != nil {
		return Identity{PID: pid}, fmt.Errorf("identify process %d: %w", pid, err)
	}
	if fields[0] == "Z" {
		return Identity{PID: pid}, fmt.Errorf("identify process %d: %w", pid, os.ErrProcessDone)
	}
	return Identity{PID: pid, StartTicks: ticks}, nil
}

// Alive reports whether exactly this process still runs.
func (id Identity) Alive() bool {
	if id.PID <= 0 || id.StartTicks == 0 {
		return false
	}
	now, err := Identify(id.PID)
	return err == nil && now == id
}

// Signal sends sig if exactly this process still runs.
func (id Identity) Signal(sig syscall.Signal) error {
	if !id.Alive() {
		return os.ErrProcessDone
	}
	return syscall.Kill(id.PID, sig)
}

// KillGroup kills the process group that this process leads, if it still runs.
func (id Identity) KillGroup() error {
	if !id.Alive() {
		return os.ErrProcessDone
	}
	return syscall.Kill(-id.PID, syscall.SIGKILL)
}

// WaitGone waits until the process has ended. It polls: the process need not be
// a child of ours.
func (id Identity) WaitGone(ctx context.Context) error {
	ticker := time.NewTicker(50 * time.Millisecond)
	defer ticker.Stop()
	for id.Alive() {
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for process %d to end: %w", id.PID, ctx.Err())
		case <-ticker.C:
		}
	}
	return nil
}
