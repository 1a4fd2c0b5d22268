package main

import (
	"runtime"
	"testing"
)

func TestGCPercent(t *testing.T) {
	const mb = 1 << 20
	for live, want := range map[uint64]int{0: 100, 20 * mb: 100, 85 * mb: 100, 120 * mb: 41, 136 * mb: 25, 170 * mb: 25, 4000 * mb: 25} {
		if got := gcPercent(live); got != want {
			t.Errorf("%d MB: %d%%, want %d%%", live/mb, got, want)
		}
	}
}

func TestAfterEachCollection(t *testing.T) {
	called := make(chan struct{}, 1)
	afterEachCollection(func() {
		select {
		case called <- struct{}{}:
		default:
		}
	})
	for range 3 {
		// One that begins before the last call has returned may go without.
		for waiting := true; waiting; {
			runtime.GC()
			select {
			case <-called:
				waiting = false
			default:
			}
		}
	}
}
