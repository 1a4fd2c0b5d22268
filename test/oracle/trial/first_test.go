package trial

import (
	"fmt"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/emit"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/oracle/generate"
)

func TestFirst(t *testing.T) {
	b, err := NewBench(t.TempDir(), os.Stderr)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	n, _ := strconv.Atoi(os.Getenv("N"))
	seed, _ := strconv.Atoi(os.Getenv("SEED"))
	var cases []Case
	p, err := ProfileNamed(os.Getenv("PROFILE"))
	if err != nil {
		t.Fatal(err)
	}
	for i := range n {
		set := generate.TraefikV1(uint64(seed), uint64(i), p.Facts.IngressClass)
		cases = append(cases, Case{Set: set, Profile: p, Alone: generate.Alone(set)})
	}
	start := time.Now()
	outcomes, err := b.Run(t.Context(), []emit.Version{emit.V2}, cases)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]int{}
	dir := os.Getenv("OUT")
	for i, o := range outcomes {
		if dir == "" || !o.Failed() || seen[o.Respect()] >= 3 {
			continue
		}
		seen[o.Respect()]++
		small, err := b.Shrink(t.Context(), emit.V2, o.Case)
		if err != nil {
			t.Fatal(err)
		}
		if small == nil {
			tx, _ := o.Story()
			t.Logf("set %d does not fail alone: %s", i, tx)
			continue
		}
		text, err := small.Story()
		if err != nil {
			t.Fatal(err)
		}
		os.WriteFile(fmt.Sprintf("%s/%d-%d.txtar", dir, seed, i), text, 0o644)
	}
	t.Logf("%s in %s", Sum(outcomes), time.Since(start))
}
