package loopback_test

import (
	"net"
	"strconv"
	"testing"

	"github.com/ingress-migrate/kubectl-ingress-migrate/test/sandbox/loopback"
)

func TestSlotsDoNotMeet(t *testing.T) {
	seen := map[string]bool{}
	for range 12 {
		slot, err := loopback.Claim()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := slot.Release(); err != nil {
				t.Error(err)
			}
		})
		for _, address := range []string{slot.Node(1), slot.Node(loopback.MaxNodes), slot.Control(), slot.Pod(1), slot.Extra(1)} {
			if seen[address] || !net.ParseIP(address).IsLoopback() {
				t.Errorf("%s is given twice or is no loopback address", address)
			}
			seen[address] = true
		}
	}
	if seen["127.0.9.1"] {
		t.Error("127.0.9.0/24 belongs to tests' own backends")
	}
}

func TestFreePortSkipsTheTaken(t *testing.T) {
	slot, err := loopback.Claim()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = slot.Release() })
	taken, err := loopback.FreePort(slot.Control(), 20000)
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", net.JoinHostPort(slot.Control(), strconv.Itoa(taken)))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	next, err := loopback.FreePort(slot.Control(), taken)
	if err != nil || next <= taken {
		t.Errorf("next free port %d, %v; %d is taken", next, err, taken)
	}
}
