package faults_test

import (
	"errors"
	"flag"
	"fmt"
	"testing"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover/journal"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover/lock"
)

// all has every fault happen at every write with everything that can be typed after it,
// in every strategy. Without it each write is an engine's last one once, and what is
// typed then takes turns.
var all = flag.Bool("faults.all", false, "the whole matrix, which takes long")

// command is what an engine is at when something befalls it.
type command struct {
	name string
	// begun: a cutover was brought to its end before.
	begun bool
	run   func(*operator) error
	// done is the journal's phase when it is over.
	done journal.Phase
}

var (
	run      = command{name: "run", run: func(o *operator) error { return o.Run(o.ctx) }, done: journal.Switched}
	rollback = command{name: "rollback", begun: true, run: func(o *operator) error { return o.RollbackAll(o.ctx) }, done: journal.RolledBack}
)

// TestKilledAtEveryWrite has an engine die after its n-th write, for all n, and after it
// the one that goes back: what is typed in between takes turns.
func TestKilledAtEveryWrite(t *testing.T) { killedAtEveryWrite(t, passive) }

// TestStoryKilledAtManyWrites is that for the way that the story went, which has twice as
// many writes a node: without -faults.all it is one of three, and another one each time.
func TestStoryKilledAtManyWrites(t *testing.T) { killedAtEveryWrite(t, told) }

func killedAtEveryWrite(t *testing.T, s strategy) {
	thinned := s.name == told.name && !*all
	everyWrite(t, func(t *testing.T) func(int) bool {
		l := newLane(t, s)
		return func(n int) bool {
			if thinned {
				n = 3*n - n%3
			}
			l.deploy()
			when, forth := l.befall(run, killed, n)
			if forth {
				l.typed(ways[n%len(ways)], when+", then "+ways[n%len(ways)])
			}
			if cutover.ID(l.Fleet()) == "" {
				o := l.operator(nil)
				l.Must(o.Run(o.ctx))
			}
			l.free()
			when, back := l.befall(rollback, killed, n)
			if back {
				way := ways[(n+n/len(ways))%len(ways)]
				l.typed(way, when+", then "+way)
				l.typed("rollback", when+", then "+way+", then rollback")
			}
			l.restored(when)
			return !forth && !back
		}
	})
}

// TestEveryFault has every fault happen at every write, in every strategy, and everything
// typed that can be typed after it. Without -faults.all it tries once, half-way, those that
// neither TestKilledAtEveryWrite nor TestStorm has.
func TestEveryFault(t *testing.T) {
	if !*all {
		t.Parallel()
		const halfWay = 10
		for _, s := range []strategy{passive, told} {
			t.Run(s.name, func(t *testing.T) {
				t.Parallel()
				l := newLane(t, s)
				for _, c := range []command{run, rollback} {
					for _, f := range []fault{forgotten, robbed} {
						if !l.one(c, f, halfWay, waysAfter(f)[0]) {
							t.Errorf("%s has no write %d", c.name, halfWay)
						}
					}
				}
			})
		}
		return
	}
	for _, s := range []strategy{passive, drained, batches, told, toldDrained} {
		for _, c := range []command{run, rollback} {
			t.Run(s.name+"/"+c.name, func(t *testing.T) {
				everyWrite(t, func(t *testing.T) func(int) bool {
					l := newLane(t, s)
					return func(n int) bool {
						came := false
						for _, f := range append([]fault{killed, forgotten, robbed}, passing...) {
							if f.name == forgotten.name && s.drained {
								continue // who took a node out of rotation is known to the journal alone
							}
							for _, way := range waysAfter(f) {
								came = l.one(c, f, n, way) || came
								if t.Failed() {
									return true
								}
							}
						}
						return !came
					}
				})
			})
		}
	}
}

// waysAfter a fault: what the engine survives is followed by nothing but the way back, and
// that is what there always is when the journal is gone, too.
func waysAfter(f fault) []string {
	if f.name == killed.name || f.name == robbed.name {
		return ways
	}
	return []string{"rollback"}
}

// one has a fault happen at the n-th write of a command, and brings all to its end in one
// way. It tells whether there was an n-th write.
func (l *lane) one(c command, f fault, n int, way string) bool {
	l.T.Helper()
	l.deploy()
	if c.begun {
		o := l.operator(nil)
		l.Must(o.Run(o.ctx))
	}
	when, hit := l.befall(c, f, n)
	if hit {
		when += ", then " + way
		l.typed(way, when)
	}
	l.typed("rollback", when+", then rollback")
	l.restored(when)
	return hit
}

// befall runs a command that something befalls at its n-th write, says so, and tells
// whether there was one.
func (l *lane) befall(c command, f fault, n int) (when string, hit bool) {
	l.T.Helper()
	o := l.operator(at(n, f))
	err := c.run(o)
	when = c.name
	if writes := o.befallen(); len(writes) > 0 {
		hit, when = true, c.name+", write "+writes[0]
		l.T.Log(when)
	}
	if len(o.errs) > 0 {
		l.T.Fatalf("%s: %v", when, o.errs)
	}
	switch {
	case hit && f.name == robbed.name:
		// It may have been its last write.
		if err != nil && !errors.Is(err, lock.ErrLost) && !errors.Is(err, journal.ErrFenced) {
			l.T.Fatalf("%s: %v", when, err)
		}
		l.Must(hold(l.T.Context(), l.Client, ""))
	case hit && f.deadly:
	case err != nil:
		l.T.Fatalf("%s: %v", when, err)
	case c.done == journal.Switched:
		l.switched(when)
	default:
		l.restored(when)
	}
	return when, hit
}

// TestStorm has something befall an engine at each of its writes, and at many reads, another
// thing each time; it gets to its end all the same.
func TestStorm(t *testing.T) {
	offsets := 1
	if *all {
		offsets = len(passing)
	}
	t.Parallel()
	for _, s := range []strategy{passive, drained, batches, toldDrained} {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			l := newLane(t, s)
			for offset := range offsets {
				l.deploy()
				for _, c := range []command{run, rollback} {
					o := l.operator(storm(offset))
					o.reads = 50 // a picture of the fleet takes eight
					err := c.run(o)
					when := fmt.Sprintf("%s in storm %d", c.name, offset)
					t.Logf("%s: %d faults", when, len(o.befallen()))
					if err != nil || len(o.errs) > 0 {
						t.Fatalf("%s: %v %v\n%v", when, err, o.errs, o.befallen())
					}
					if c.done == journal.Switched {
						l.switched(when)
					} else {
						l.restored(when)
					}
				}
			}
		})
	}
}
