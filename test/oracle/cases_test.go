package oracle

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"golang.org/x/tools/txtar"

	"github.com/ingress-migrate/kubectl-ingress-migrate/test/oracle/cases"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/oracle/trial"
)

// TestCases holds the sources against the measured cases of their specifications,
// and the conversion of each case against its source.
func TestCases(t *testing.T) {
	for _, file := range []string{"t-cases", "traefik-cases"} {
		t.Run(file, func(t *testing.T) { testCases(t, "testdata/"+file+".txtar") })
	}
}

func testCases(t *testing.T, name string) {
	archive, err := txtar.ParseFile(name)
	if err != nil {
		t.Fatal(err)
	}
	var all []*cases.Case
	var trials []trial.Case
	for _, file := range archive.Files {
		c, err := cases.Parse(file.Name, string(file.Data))
		if err != nil {
			t.Fatal(err)
		}
		profiles := c.Profiles
		if len(profiles) == 0 {
			profiles = []string{""}
		}
		for _, name := range profiles {
			profile, err := trial.ProfileNamed(name)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, c)
			trials = append(trials, trial.Case{Set: c.Set, Profile: profile, Alone: true, Shares: c.Dealt})
		}
	}
	outcomes, err := bench.Run(t.Context(), targets(), trials)
	if err != nil {
		t.Fatal(err)
	}
	for i, c := range all {
		t.Run(c.Name+" "+trials[i].Profile.Name, func(t *testing.T) { checkCase(t, c, outcomes[i]) })
	}
}

func checkCase(t *testing.T, c *cases.Case, o *trial.Outcome) {
	source := o.Case.Profile.Source
	if o.Failed() {
		t.Errorf("conversion:\n%s", o.Explain())
	}
	if o.Refused != c.Refused {
		t.Errorf("Traefik %s refuses it: %v, want %v", source, o.Refused, c.Refused)
	}
	if o.Refused {
		return
	}
	for i, want := range c.Want {
		wrong := want.Check(o.Asked[i].Before, o.Place.Text)
		switch {
		case wrong == "":
		case c.Undefined != "":
			t.Logf("%s: %s (%s)", o.Asked[i].Request, wrong, c.Undefined)
		default:
			t.Errorf("Traefik %s: %s => %s: %s", source, o.Asked[i].Request, want.Text, wrong)
		}
	}
	// The source's shares are first, then those of each target.
	for i, share := range o.Shares {
		if c.SourceShares && share.Target != nil {
			continue
		}
		want := c.Shares[i%len(c.Shares)]
		if diff := cmp.Diff(want, share.Parts, cmpopts.EquateApprox(0, 1)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", share, diff)
		}
	}
}
