package ir_test

import (
	"testing"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
)

// No two values share room before the arena is reset, whatever their sizes; behind
// it, all room is zero again and nothing is allocated.
func TestArena(t *testing.T) {
	var arena ir.Arena[int]
	fill := func() {
		var all [][]int
		for i := range 300 {
			room := arena.Room(i % 7)
			for range cap(room) {
				room = append(room, i)
			}
			all = append(all, room, arena.One(i))
			*arena.New()++
		}
		for i, own := range all {
			for _, value := range own {
				if value != i/2 {
					t.Fatalf("value %d of list %d", value, i)
				}
			}
		}
		if room := arena.Room(5000); cap(room) != 5000 {
			t.Fatalf("room for %d", cap(room))
		}
	}
	fill()
	arena.Reset()
	for range 2000 {
		if value := *arena.New(); value != 0 {
			t.Fatalf("value %d after the reset", value)
		}
	}
	if n := testing.AllocsPerRun(10, func() {
		arena.Reset()
		for range 500 {
			arena.New()
		}
	}); n > 0 {
		t.Errorf("%v allocations after the reset", n)
	}
}
