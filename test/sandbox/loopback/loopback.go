// Package loopback gives every sandbox on a machine addresses of its own, so
// that two of them (test packages run in parallel) can use the same ports.
//
// On Linux all of 127.0.0.0/8 answers without any set-up.
package loopback

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
)

const (
	// last is the highest slot. 9 is left out: 127.0.9.N is where tests put
	// backends of their own.
	last     = 99
	reserved = 9
	// control is the control plane's host number. Nodes count from 1.
	control = 250
	// MaxNodes is the highest node number of a Slot.
	MaxNodes = 200
)

// Slot is one sandbox's share of 127.0.0.0/8, held until Release.
//
//	127.0.S.N    node N          127.0.S.250  control plane
//	127.1.S.M    pods            127.2.S.K    whatever a test serves itself
type Slot struct {
	number int
	lock   *os.File
}

// Claim takes the first slot nobody on this machine holds, as witnessed by a
// lock file; the kernel frees the lock of a holder that died.
func Claim() (*Slot, error) {
	dir := filepath.Join(os.TempDir(), "ingress-migrate-sandbox-"+strconv.Itoa(os.Getuid()))
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make directory for address locks: %w", err)
	}
	for n := 1; n <= last; n++ {
		if n == reserved {
			continue
		}
		slot, err := try(dir, n)
		if err != nil {
			return nil, err
		}
		if slot != nil {
			return slot, nil
		}
	}
	return nil, fmt.Errorf("all %d loopback address slots are in use: stop another sandbox", last-1)
}

func try(dir string, n int) (*Slot, error) {
	name := filepath.Join(dir, fmt.Sprintf("slot-%d.lock", n))
	f, err := os.OpenFile(name, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open address lock: %w", err)
	}
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		f.Close()
		return nil, nil
	}
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("lock %s: %w", name, err)
	}
	return &Slot{number: n, lock: f}, nil
}

// Release gives the slot back.
func (s *Slot) Release() error { return s.lock.Close() }

// Node is the address of node n, counted from 1.
func (s *Slot) Node(n int) string { return fmt.Sprintf("127.0.%d.%d", s.number, n) }

// Control is the address of the control plane.
func (s *Slot) Control() string { return s.Node(control) }

// Pod is the m-th pod address, 1 to 254.
func (s *Slot) Pod(m int) string { return fmt.Sprintf("127.1.%d.%d", s.number, m) }

// Extra is the k-th address for servers of the test itself, 1 to 254.
func (s *Slot) Extra(k int) string { return fmt.Sprintf("127.2.%d.%d", s.number, k) }

// FreePort returns a TCP port that is free on address: want, or the next free
// one above it. Keep want below 32768: above, the kernel takes ports for
// outgoing connections, and a server that is stopped for a while loses its own.
func FreePort(address string, want int) (int, error) {
	for port := want; port < want+100; port++ {
		l, err := net.Listen("tcp", net.JoinHostPort(address, strconv.Itoa(port)))
		if err != nil {
			continue
		}
		if err := l.Close(); err != nil {
			return 0, err
		}
		return port, nil
	}
	return 0, fmt.Errorf("no free port on %s from %d to %d", address, want, want+99)
}
