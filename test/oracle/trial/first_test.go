package trial

import (
	"fmt"
	"os"
	"sort"
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
	p := Profiles()[0]
	for i := range n {
		set := generate.TraefikV1(uint64(seed), uint64(i), p.Facts.IngressClass)
		cases = append(cases, Case{Set: set, Profile: p, Alone: generate.Alone(set)})
	}
	start := time.Now()
	outcomes, err := b.Run(t.Context(), []emit.Version{emit.V2}, cases)
	if err != nil {
		t.Fatal(err)
	}
	pairs, alone, refused, failed := 0, 0, 0, 0
	kinds := map[string]int{}
	example := map[string]string{}
	for i, o := range outcomes {
		pairs += len(o.Asked)
		if o.Case.Alone {
			alone++
		}
		if o.Refused {
			refused++
		}
		if o.Failed() {
			failed++
		}
		for _, f := range o.Faults {
			kinds["FAULT "+f]++
			example["FAULT "+f] = strconv.Itoa(i)
		}
		for _, a := range o.Asked {
			for _, d := range a.Unexcused {
				k := string(d.Kind) + " " + d.Name
				kinds[k]++
				if kinds[k] < 4 {
					example[k] += fmt.Sprintf("\n      set %d %s: %s", i, a.Request, d)
				}
			}
		}
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
			t.Logf("set %d does not fail alone: %s", i, o.Explain())
			continue
		}
		text, err := small.Story()
		if err != nil {
			t.Fatal(err)
		}
		os.WriteFile(fmt.Sprintf("%s/%d-%d.txtar", dir, seed, i), text, 0o644)
	}
	t.Logf("%d sets, %d alone, %d refused, %d failed, %d pairs in %s", n, alone, refused, failed, pairs, time.Since(start))
	var names []string
	for k := range kinds {
		names = append(names, k)
	}
	sort.Slice(names, func(i, j int) bool { return kinds[names[i]] > kinds[names[j]] })
	for _, k := range names {
		t.Logf("%5d %s %s", kinds[k], k, example[k])
	}
}
