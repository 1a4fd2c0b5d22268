// Package trial puts sets before the old controller and, converted, before the
// new one, and compares their answers.
package trial

import (
	"fmt"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/traefikv1"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/oracle/judge"
)

// Profile is a static configuration of Traefik 1.7, as the process gets it and
// as the converter is told of it.
type Profile struct {
	Name string
	// Static and Sections are TOML, at the top of the file and at its end.
	Static, Sections string
	Facts            traefikv1.Facts
}

// Profiles are the configurations that are tried; the first is the usual one.
func Profiles() []Profile {
	facts := func(change func(*traefikv1.Facts)) traefikv1.Facts {
		f := traefikv1.DefaultFacts()
		f.EntryPoints[0].Port, f.EntryPoints[1].Port = judge.PortHTTP, judge.PortHTTPS
		f.EntryPointsKnown = true
		f.DefaultEntryPoints = []string{"http", "https"}
		if change != nil {
			change(&f)
		}
		return f
	}
	const both = `defaultEntryPoints = ["http", "https"]`
	return []Profile{
		{Name: "usual", Static: both, Facts: facts(nil)},
		{
			Name: "plain", Static: `defaultEntryPoints = ["http"]` + "\nkeepTrailingSlash = true",
			Facts: facts(func(f *traefikv1.Facts) { f.DefaultEntryPoints = []string{"http"}; f.KeepTrailingSlash = true }),
		},
		{
			Name: "class", Static: both + "\nallowMinWeightZero = true", Sections: "  disablePassHostHeaders = true\n[retry]\n  attempts = 2\n",
			Facts: facts(func(f *traefikv1.Facts) {
				f.IngressClass, f.DisablePassHostHeaders, f.AllowMinWeightZero = "edge", true, true
				f.Retry = &traefikv1.Retry{Attempts: 2}
			}),
		},
	}
}

// ProfileNamed returns a profile; the usual one for "".
func ProfileNamed(name string) (Profile, error) {
	for _, p := range Profiles() {
		if p.Name == name || name == "" {
			return p, nil
		}
	}
	return Profile{}, fmt.Errorf("no profile %q", name)
}
