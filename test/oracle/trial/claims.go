package trial

import (
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/oracle/world"
)

// fatal are the codes that say that Traefik 1.7 loads nothing at all.
func fatal(code diag.Code) bool {
	return code == diag.EV1TOMLBroken || code == diag.EV1Panic
}

// judgeRefusal holds the report against a Traefik 1.7 that refused the set.
func (o *Outcome) judgeRefusal(result convert.Result) {
	for _, report := range result.Ingresses {
		for _, d := range report.Diagnostics {
			// What breaks it may be in an Ingress that is overruled in the output and
			// came first in Traefik 1.7: the order is not defined.
			if fatal(d.Code) || d.Code == diag.WMerge || d.Code == diag.EMergeXNS {
				return
			}
		}
	}
	o.Faults = append(o.Faults, "Traefik 1.7 refuses the set, and the report does not say so")
}

// judgeClaims holds the report against a Traefik 1.7 that loaded the set.
func (o *Outcome) judgeClaims(result convert.Result, set *world.Set) {
	mine := map[string]bool{}
	for _, ingress := range set.Ingresses {
		mine[world.ID(ingress)] = true
	}
	for _, report := range result.Ingresses {
		for _, d := range report.Diagnostics {
			if fatal(d.Code) && mine[report.Ingress.String()] {
				o.Faults = append(o.Faults, string(d.Code)+" on "+o.Place.Text(report.Ingress.String())+": "+d.Text+"; but Traefik 1.7 loads the set")
			}
		}
	}
}
