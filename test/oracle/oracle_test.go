package oracle

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/emit"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/oracle/campaign"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/oracle/generate"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/oracle/judge"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/oracle/trial"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/oracle/world"
)

var (
	run    = campaign.Flags(flag.CommandLine, 1500)
	target = flag.Uint("oracle.target", 0, "judge conversions to this Traefik alone: 2 or 3; 0: both")
	from   = flag.String("oracle.dialects", "traefik-v1,traefik,nginx", "whose generated sets are judged, by commas")
	shrink = flag.Bool("oracle.shrink", true, "write what is left of a failing set that is made as small as it fails, which takes a while; false: the set as it was generated")
	only   = flag.Uint64("oracle.set", 0, "try this set of the seed alone and write it as it was generated")
)

const (
	// found is where stories of failures go, for review.
	found = "testdata/found"
	// maxStories are written at most: one fault tends to fail many sets.
	maxStories = 5
	// batch is how many sets are loaded at once; one failure is found the sooner.
	batch = 150
)

// bench is shared by all tests of the package: starting the Traefiks takes
// longer than asking them.
var bench *trial.Bench

func TestMain(m *testing.M) {
	flag.Parse()
	log.SetOutput(io.Discard) // http.Server complains of handshakes that sets fail on purpose
	run.Begin(os.Stderr)
	os.Exit(tests(m))
}

func tests(m *testing.M) int {
	dir, err := os.MkdirTemp("", "oracle-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	if bench, err = trial.NewBench(dir, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer bench.Close()
	return m.Run()
}

// targets are Traefik 2.11 and 3, or the one that is asked for.
func targets() []emit.Version {
	all := []emit.Version{emit.V2, emit.V3}
	return slices.DeleteFunc(all, func(v emit.Version) bool { return *target != 0 && uint(v) != *target })
}

// dialect is what the oracle needs to know of one.
type dialect struct {
	name convert.Dialect
	// set makes a set of the seed for a profile; alone: it cannot share a cluster.
	set   func(seed, number uint64, profile trial.Profile) *world.Set
	alone func(*world.Set) bool
}

func dialects() []dialect {
	return []dialect{
		{convert.FromTraefikV1, func(seed, number uint64, p trial.Profile) *world.Set {
			return generate.TraefikV1(seed, number, p.TraefikV1.IngressClass)
		}, generate.Alone},
		{convert.FromTraefik, func(seed, number uint64, p trial.Profile) *world.Set {
			return generate.Traefik(seed, number, p.Source == judge.V3)
		}, generate.AloneTraefik},
		{convert.FromNginx, func(seed, number uint64, _ trial.Profile) *world.Set { return generate.Nginx(seed, number) }, generate.AloneNginx},
	}
}

// TestGenerated puts generated sets before the source controller and, converted,
// before Traefik 2.11 and 3, until so many pairs are compared for each target.
// Every difference has to be announced by the report of the conversion.
func TestGenerated(t *testing.T) {
	for _, d := range dialects() {
		if !slices.Contains(strings.Split(*from, ","), string(d.name)) {
			continue
		}
		t.Run(string(d.name), func(t *testing.T) {
			if *only > 0 {
				one(t, d.generated(*only))
				return
			}
			d.test(t)
		})
	}
}

func (d dialect) test(t *testing.T) {
	total := trial.NewStats()
	stories := 0
	for number := uint64(0); total.Pairs < run.Pairs*len(targets()); {
		var cases []trial.Case
		// Sets have a dozen requests; what is missing in the end needs no whole batch.
		for range min(batch, 1+(run.Pairs*len(targets())-total.Pairs)/(10*len(targets()))) {
			cases = append(cases, d.generated(number))
			number++
		}
		outcomes, err := bench.Run(t.Context(), targets(), cases)
		if err != nil {
			t.Fatal(err)
		}
		total.Add(outcomes)
		run.Progress(string(d.name), total.Pairs, run.Pairs*len(targets()))
		for i, o := range outcomes {
			if !o.Failed() {
				continue
			}
			number := number - uint64(len(cases)-i)
			t.Errorf("set %d of seed %d:\n%s", number, run.Seed, o.Explain())
			if stories++; stories <= maxStories {
				write(t, o, fmt.Sprintf("%s-seed-%d-set-%d", d.name, run.Seed, number))
			}
		}
		if stories > maxStories {
			t.Fatalf("stopped after %d failing sets; so far: %s", stories, total)
		}
	}
	t.Logf("seed %d: %s", run.Seed, total)
	if total.Served*4 < total.Pairs {
		t.Errorf("only %d of %d requests reached a pod: the generator has lost its way", total.Served, total.Pairs)
	}
}

// one tries a single set and writes it unshrunk.
func one(t *testing.T, c trial.Case) {
	outcomes, err := bench.Run(t.Context(), targets(), []trial.Case{c})
	if err != nil {
		t.Fatal(err)
	}
	text, err := outcomes[0].Story()
	if err != nil {
		t.Fatal(err)
	}
	save(t, fmt.Sprintf("seed-%d-set-%d-whole", run.Seed, *only), text)
	for i := range outcomes[0].Asked {
		t.Log(outcomes[0].Asked[i].String())
	}
	if outcomes[0].Failed() {
		t.Error(outcomes[0].Explain())
	}
}

// generated is a set of the seed. Three of four have the usual configuration;
// the sources of Traefik's own dialect take turns.
func (d dialect) generated(number uint64) trial.Case {
	profiles := trial.Profiles(d.name)
	profile := profiles[number%uint64(len(profiles))]
	if d.name != convert.FromTraefik {
		profile = profiles[0]
		if number%4 == 3 {
			profile = profiles[1+int(number/4)%(len(profiles)-1)]
		}
	}
	set := d.set(run.Seed, number, profile)
	return trial.Case{Set: set, Profile: profile, Alone: d.alone(set)}
}

// write shrinks a failure and writes its story.
func write(t *testing.T, o *trial.Outcome, name string) {
	t.Helper()
	if !*shrink {
		text, err := o.Story()
		if err != nil {
			t.Errorf("writing the story: %v", err)
			return
		}
		save(t, name, text)
		return
	}
	for _, target := range targets() {
		small, err := bench.Shrink(context.WithoutCancel(t.Context()), target, o.Case)
		if err != nil {
			t.Errorf("shrinking: %v", err)
			return
		}
		if small == nil {
			continue
		}
		text, err := small.Story()
		if err != nil {
			t.Errorf("writing the story: %v", err)
			return
		}
		t.Logf("%s:\n%s", save(t, name, text), small.Explain())
		return
	}
	t.Logf("%s does not fail when it is alone: either Traefik 1.7 is not deterministic here, or sets disturb each other", name)
}

// save writes a story for review and returns its name.
func save(t *testing.T, name string, text []byte) string {
	t.Helper()
	file := filepath.Join(found, name+".txtar")
	if err := os.MkdirAll(found, 0o755); err != nil {
		t.Error(err)
	}
	if err := os.WriteFile(file, text, 0o644); err != nil {
		t.Error(err)
	}
	return file
}
