// Package trial puts sets before the old controller and, converted, before the
// new one, and compares their answers.
package trial

import (
	"fmt"
	"slices"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/emit"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/nginx"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/traefikingress"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/traefikv1"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/oracle/compare"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/oracle/judge"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/oracle/world"
)

// Profile is a source controller with its static configuration, as the process
// gets it and as the converter is told of it.
type Profile struct {
	Name string
	// Source is the controller that serves the Ingresses, From their dialect.
	Source judge.Version
	From   convert.Dialect
	// Targets that the source is compared with; none: all.
	Targets []emit.Version
	// Into is the controller that gets the output in place of the target's Traefik.
	Into judge.Version
	// Static and Sections are at the top and at the end of Traefik 1.7's file.
	Static, Sections string
	TraefikV1        traefikv1.Facts
	// Ingresses are the options of the Ingress provider of Traefik 2 and 3,
	// Routes those of the CRD providers.
	Ingresses, Routes string
	Traefik           traefikingress.Facts
	// Nginx are the facts of an ingress-nginx; its ConfigMap is theirs.
	Nginx nginx.Facts
	// Known names the disagreement behind a difference that no report announces, for
	// a source that is itself no authority on its dialect.
	Known func(set *world.Set, asked *Asked, d compare.Difference) string
}

// known marks the differences of known disagreements.
func (p Profile) known(set *world.Set, asked *Asked) {
	for i := range asked.Differences {
		if d := &asked.Differences[i]; d.Excuse == "" && p.Known != nil {
			d.Excuse = diag.Code(p.Known(set, asked, d.Difference))
		}
	}
}

// distrusts: the source believes no client's X-Forwarded headers.
func (p Profile) distrusts() bool { return p.From == convert.FromNginx }

// isFor reports whether the source is compared with a target.
func (p Profile) isFor(target emit.Version) bool {
	return len(p.Targets) == 0 || slices.Contains(p.Targets, target)
}

// met are the findings that ask for an option which the targets have here.
func (p Profile) met() []diag.Code {
	if p.Traefik.AllowCrossNamespace {
		return []diag.Code{diag.WTraefikCrossNS}
	}
	return nil
}

// Profiles are the configurations of a dialect that are tried; the first is the
// usual one.
func Profiles(from convert.Dialect) []Profile {
	switch from {
	case convert.FromTraefik:
		return traefikProfiles()
	case convert.FromNginx:
		return nginxProfiles()
	}
	return traefikV1Profiles()
}

// recommended are the options that the checklist for Traefik 1.7 asks for.
const recommended = "allowEmptyServices: true, allowExternalNameServices: true"

func traefikV1Profiles() []Profile {
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
	profiles := []Profile{
		{Name: "usual", Static: both, TraefikV1: facts(nil)},
		{
			Name: "plain", Static: `defaultEntryPoints = ["http"]` + "\nkeepTrailingSlash = true",
			TraefikV1: facts(func(f *traefikv1.Facts) { f.DefaultEntryPoints = []string{"http"}; f.KeepTrailingSlash = true }),
		},
		{
			Name: "class", Static: both + "\nallowMinWeightZero = true", Sections: "  disablePassHostHeaders = true\n[retry]\n  attempts = 2\n",
			TraefikV1: facts(func(f *traefikv1.Facts) {
				f.IngressClass, f.DisablePassHostHeaders, f.AllowMinWeightZero = "edge", true, true
				f.Retry = &traefikv1.Retry{Attempts: 2}
			}),
		},
	}
	for i := range profiles {
		profiles[i].Source, profiles[i].From, profiles[i].Routes = judge.V1, convert.FromTraefikV1, recommended
	}
	return profiles
}

// traefikProfiles are compared with their own version: what else is different
// between two versions is not of the conversion's making.
func traefikProfiles() []Profile {
	const version3 = "3.6.12"
	profiles := []Profile{
		{Name: "traefik-2", Source: judge.V2, Traefik: traefikingress.Facts{}},
		{Name: "traefik-3", Source: judge.V3, Traefik: traefikingress.Facts{Version: version3}},
		{
			Name: "traefik-2-open", Source: judge.V2, Ingresses: recommended, Routes: recommended + ", allowCrossNamespace: true",
			Traefik: traefikingress.Facts{AllowEmptyServices: true, AllowExternalNameServices: true, AllowCrossNamespace: true},
		},
		{
			Name: "traefik-3-strict", Source: judge.V3, Ingresses: "strictPrefixMatching: true, " + recommended, Routes: recommended + ", allowCrossNamespace: true",
			Traefik: traefikingress.Facts{Version: version3, StrictPrefixMatching: true, AllowEmptyServices: true, AllowExternalNameServices: true, AllowCrossNamespace: true},
		},
	}
	for i := range profiles {
		p := &profiles[i]
		p.From = convert.FromTraefik
		p.Targets = []emit.Version{emit.V2}
		if p.Source == judge.V3 {
			p.Targets = []emit.Version{emit.V3}
		}
		if p.Ingresses == "" {
			p.Ingresses = "allowEmptyServices: false"
		}
	}
	return profiles
}

// nginxProfiles are configurations of ingress-nginx.
func nginxProfiles() []Profile {
	profile := func(name string, settings map[string]string) Profile {
		return Profile{
			Name: name, Source: judge.Nginx, From: convert.FromNginx, Routes: recommended,
			Nginx: nginx.Facts{ConfigMap: settings, ConfigMapKnown: true},
		}
	}
	return []Profile{
		profile("nginx", nil),
		profile("nginx-plain", map[string]string{"ssl-redirect": "false", "hsts": "false", "whitelist-source-range": "127.0.0.0/8,10.0.0.0/8"}),
		profile("nginx-strict", map[string]string{
			"force-ssl-redirect": "true", "hsts-max-age": "60", "hsts-include-subdomains": "false", "hsts-preload": "true",
			"no-tls-redirect-locations": "/foo", "denylist-source-range": "10.0.0.0/8", "preserve-trailing-slash": "true",
		}),
	}
}

// upgrade is Traefik 2 with Traefik 3 as its target: for stories of their own.
func upgrade() Profile {
	p := traefikProfiles()[0]
	p.Name, p.Targets = "traefik-2-to-3", []emit.Version{emit.V3}
	return p
}

// ProfileNamed returns a profile; the usual one for "".
func ProfileNamed(name string) (Profile, error) {
	for _, p := range slices.Concat(traefikV1Profiles(), traefikProfiles(), []Profile{upgrade()}, nginxProfiles()) {
		if p.Name == name || name == "" {
			return p, nil
		}
	}
	return Profile{}, fmt.Errorf("no profile %q", name)
}
