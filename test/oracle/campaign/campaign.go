// Package campaign holds what all oracles have in common: how many pairs they
// compare, where their generators begin, and how far they are.
package campaign

import (
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"time"
)

// Campaign is one run of an oracle.
type Campaign struct {
	// Pairs of a generated set and a request to compare, for each dialect and target.
	Pairs int
	// Seed of the generators; the same seed gives the same sets.
	Seed uint64

	log  io.Writer
	last time.Time
}

// Flags registers the flags -oracle.pairs and -oracle.seed. Their defaults are
// the small size that `make test` runs.
func Flags(flags *flag.FlagSet, pairs int) *Campaign {
	c := &Campaign{}
	flags.IntVar(&c.Pairs, "oracle.pairs", pairs, "generated (set, request) pairs to compare, per dialect and target")
	flags.Uint64Var(&c.Seed, "oracle.seed", 1, "of the generators; 0 draws one, and tells it")
	return c
}

// Begin draws the seed when it is to be drawn. log is told of it and of progress.
func (c *Campaign) Begin(log io.Writer) {
	c.log = log
	if c.Seed == 0 {
		c.Seed = 1 + rand.Uint64N(1<<32)
		fmt.Fprintf(log, "seed %d, drawn just now: -oracle.seed=%d repeats this run\n", c.Seed, c.Seed)
	}
}

// interval of telling progress.
const interval = 10 * time.Second

// Progress tells now and then how many of the pairs are compared.
func (c *Campaign) Progress(what string, pairs, of int) {
	if c.last.IsZero() {
		c.last = time.Now()
	}
	if time.Since(c.last) < interval {
		return
	}
	c.last = time.Now()
	fmt.Fprintf(c.log, "%s: %d of %d pairs …\n", what, min(pairs, of), of)
}
