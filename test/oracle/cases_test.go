package oracle

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"golang.org/x/tools/txtar"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/oracle/cases"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/oracle/trial"
)

// TestCases holds the sources against the measured cases of their specifications,
// and the conversion of each case against its source.
func TestCases(t *testing.T) {
	for _, file := range []struct {
		name    string
		from    convert.Dialect
		profile string // of cases that name none
	}{
		{"t-cases", convert.FromTraefikV1, ""}, {"traefik-cases", convert.FromTraefik, ""}, {"nginx-cases", convert.FromNginx, "nginx"},
	} {
		t.Run(file.name, func(t *testing.T) { testCases(t, file.from, file.profile, "testdata/"+file.name+".txtar") })
	}
}

func testCases(t *testing.T, from convert.Dialect, usual, name string) {
	archive, err := txtar.ParseFile(name)
	if err != nil {
		t.Fatal(err)
	}
	var all []*cases.Case
	var trials []trial.Case
	for _, file := range archive.Files {
		c, err := cases.Parse(from, file.Name, string(file.Data))
		if err != nil {
			t.Fatal(err)
		}
		profiles := c.Profiles
		if len(profiles) == 0 {
			profiles = []string{usual}
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
		t.Errorf("%s refuses it: %v, want %v", source, o.Refused, c.Refused)
	}
	if o.Refused {
		return
	}
	for i, want := range c.Want[:min(len(c.Want), len(o.Before))] { // fewer: its target was not asked for
		wrong := want.Check(o.Before[i], o.Place.Text)
		switch {
		case wrong == "":
		case c.Undefined != "":
			t.Logf("%s: %s (%s)", c.Set.Requests[i], wrong, c.Undefined)
		default:
			t.Errorf("%s: %s => %s: %s", source, c.Set.Requests[i], want.Text, wrong)
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
