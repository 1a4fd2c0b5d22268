package oracle

import (
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/ingress-migrate/kubectl-ingress-migrate/test/oracle/cases"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/oracle/trial"
)

// TestCases holds Traefik 1.7 against the measured cases of its specification, and
// the conversion of each against Traefik 1.7.
func TestCases(t *testing.T) {
	archive, err := txtar.ParseFile("testdata/t-cases.txtar")
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
		profile, err := trial.ProfileNamed(c.Profile)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, c)
		trials = append(trials, trial.Case{Set: c.Set, Profile: profile, Alone: true})
	}
	outcomes, err := bench.Run(t.Context(), targets(), trials)
	if err != nil {
		t.Fatal(err)
	}
	for i, c := range all {
		t.Run(c.Name, func(t *testing.T) { checkCase(t, c, outcomes[i]) })
	}
}

func checkCase(t *testing.T, c *cases.Case, o *trial.Outcome) {
	if o.Failed() {
		t.Errorf("conversion:\n%s", o.Explain())
	}
	if o.Refused != c.Refused {
		t.Errorf("Traefik 1.7 refuses it: %v, want %v", o.Refused, c.Refused)
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
			t.Errorf("Traefik 1.7: %s => %s: %s", o.Asked[i].Request, want.Text, wrong)
		}
	}
}
