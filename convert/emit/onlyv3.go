package emit

import (
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
)

// onlyV3 reports a setting that Traefik 2 does not have, once per Ingress.
func (o *owner) onlyV3(what string) {
	if o.all.target.Version != V2 {
		return
	}
	text := what + " needs Traefik 3"
	for _, d := range o.problems {
		if d.Code == diag.WTargetVersion && d.Text == text {
			return
		}
	}
	o.report(diag.WTargetVersion, "", text)
}

// strategy returns the load balancing strategy as far as the target has it:
// Traefik 2 knows round robin alone.
func (o *owner) strategy(name string) string {
	if name == "" || o.all.target.Version == V3 {
		return name
	}
	o.onlyV3("load balancing strategy " + name)
	return ""
}

// observability is for the route at index i of an IngressRoute.
func (o *owner) observability(i int, r *ir.Route) []cookie {
	if r.Observability == nil {
		return nil
	}
	section := map[string]any{}
	if v := r.Observability.AccessLogs; v != nil {
		section["accessLogs"] = *v
	}
	if v := r.Observability.Metrics; v != nil {
		section["metrics"] = *v
	}
	if v := r.Observability.Tracing; v != nil {
		section["tracing"] = *v
	}
	if v := r.Observability.TraceVerbosity; v != "" {
		section["traceVerbosity"] = v
	}
	if len(section) == 0 {
		return nil
	}
	o.onlyV3("access logs, metrics and traces per route")
	return []cookie{{place: []any{"spec", "routes", i}, fields: map[string]any{"observability": section}}}
}

// nodePorts is for the route at index i of an IngressRoute.
func (o *owner) nodePorts(i int, b ir.Backend) []cookie {
	if len(b.Services) != 1 || b.Sticky != nil || b.Mirror != nil || !b.Services[0].NodePortLB {
		return nil
	}
	o.onlyV3("balancing over node ports")
	return []cookie{{place: []any{"spec", "routes", i, "services", 0}, fields: map[string]any{"nodePortLB": true}}}
}
