package trial

import (
	"fmt"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/oracle/world"
)

// fatal are the codes that say that Traefik 1.7 loads nothing at all.
func fatal(code diag.Code) bool {
	return code == diag.EV1TOMLBroken || code == diag.EV1Panic
}

// undecided are the codes that say that Traefik 1.7 decides by the order of
// loading: what breaks it may be overruled there, or in the output.
func undecided(code diag.Code) bool {
	return code == diag.WMerge || code == diag.EMergeXNS || code == diag.EMultiDefault
}

// judgeRefusal holds the report against a source that refused the set.
func (o *Outcome) judgeRefusal(result convert.Result) {
	if o.Case.Profile.From == convert.FromNginx {
		return // of an nginx that cannot read what its controller wrote, nobody can be served
	}
	for _, report := range result.Ingresses {
		for _, d := range report.Diagnostics {
			if fatal(d.Code) || undecided(d.Code) {
				return
			}
		}
	}
	o.Faults = append(o.Faults, fmt.Sprintf("%s refuses the set, and the report does not say so", o.Case.Profile.Source))
}

// judgeClaims holds the report against a Traefik 1.7 that loaded the set.
func (o *Outcome) judgeClaims(result convert.Result, set *world.Set) {
	mine := map[string]bool{}
	for _, ingress := range set.Ingresses {
		mine[world.ID(ingress)] = true
	}
	var faults []string
	for _, report := range result.Ingresses {
		if !mine[report.Ingress.String()] {
			continue
		}
		for _, d := range report.Diagnostics {
			if undecided(d.Code) {
				return
			}
			if fatal(d.Code) {
				faults = append(faults, string(d.Code)+" on "+o.Place.Text(report.Ingress.String())+": "+d.Text+"; but Traefik 1.7 loads the set")
			}
		}
	}
	o.Faults = append(o.Faults, faults...)
}
