package convert

import (
	"slices"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/emitnginx"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/traefikv1"
)

// aboutTraefik are what the dialects say of a Traefik as the target. Package
// emitnginx says in its own codes what ingress-nginx does in each case.
var aboutTraefik = [...]diag.Code{
	diag.IExtNamePort, diag.WClientCertHdr, diag.WEmptyServices, diag.WFwdAuthCA, diag.WFwdHeaders, diag.WRateLimit,
	diag.WRedirectXFP, diag.WRewriteEncoded, diag.WStickyWeighted, diag.WStrictSlash, diag.WTraefikCarrier,
	diag.WTraefikCrossNS, diag.WTraefikFlag,
}

// forgetTraefik takes out of outcomes what is about a Traefik as the target.
func forgetTraefik(outcomes []ir.Outcome) {
	about := func(code diag.Code) bool { return slices.Contains(aboutTraefik[:], code) }
	for i := range outcomes {
		o := &outcomes[i]
		o.Diagnostics = slices.DeleteFunc(slices.Clone(o.Diagnostics), func(d diag.Diagnostic) bool { return about(d.Code) })
		for j := range o.Annotations {
			a := &o.Annotations[j]
			if !slices.ContainsFunc(a.Codes, about) {
				continue
			}
			a.Codes, a.Outcome = slices.DeleteFunc(slices.Clone(a.Codes), about), diag.Exact
			for _, code := range a.Codes {
				if info, ok := diag.Lookup(code); ok {
					a.Outcome = max(a.Outcome, info.Severity)
				}
			}
		}
	}
}

// leaveNginx takes out what ingress-nginx serves already.
func (all *translated) leaveNginx() {
	left := map[ir.Ref]bool{}
	for i := range all.Ingresses {
		if o := &all.Ingresses[i]; all.dialects[i] == FromNginx {
			left[o.Ingress] = true
			o.Selected, o.Why = false, "ingress-nginx serves it already"
		}
	}
	if len(left) == 0 {
		return
	}
	all.Routes = slices.DeleteFunc(slices.Clone(all.Routes), func(r ir.Route) bool { return left[r.Owner] })
	all.Certificates = slices.DeleteFunc(slices.Clone(all.Certificates), func(c ir.Certificate) bool { return left[c.Owner] })
	all.Passthroughs = nil // only ingress-nginx has them
}

// convertBack is Convert for ingress-nginx. Its settings are what the controller's
// ConfigMap has to say; those of the dialects are about a Traefik.
func convertBack(in Input, opts Options) Result {
	// No Traefik drops a route there for its references; emitnginx judges them.
	opts.Traefik.AllowCrossNamespace = true
	var objects []Output
	var needs []diag.Diagnostic
	result := with(in, opts, groupSize, func(in Input, t ir.Translation, _ []wantedRecords) (findings []diag.Diagnostic, more bool) {
		objects, findings, needs = emitnginx.Emit(in, t, ingressNginx(opts))
		return findings, true
	}, func() []diag.Diagnostic { return nil })
	result.Objects, result.Settings = objects, needs
	return result
}

// ingressNginx is the target with what the facts of the source say of it.
func ingressNginx(opts Options) emitnginx.Target {
	target := *opts.IngressNginx
	target.ClassAnnotation = target.ClassAnnotation || opts.From != FromTraefik
	target.FromV3 = opts.Traefik.IsV3()
	if len(target.EntryPoints) == 0 {
		target.EntryPoints = listeners(opts)
	}
	return target
}

// listeners are the entry points of Traefik 1.7 as its routes name them, and those
// of Traefik 2 and 3 by their usual names.
func listeners(opts Options) []emitnginx.EntryPoint {
	if opts.From == FromTraefik {
		return emitnginx.UsualEntryPoints()
	}
	points := opts.TraefikV1.EntryPoints
	if len(points) == 0 {
		points = traefikv1.DefaultFacts().EntryPoints
	}
	var out []emitnginx.EntryPoint
	for _, e := range points {
		to := slices.IndexFunc(points, func(other traefikv1.EntryPoint) bool { return other.Name == e.RedirectTo })
		out = append(out, emitnginx.EntryPoint{
			Name: e.Target, TLS: e.TLS, Port: e.Port,
			ToTLS: !e.TLS && to >= 0 && points[to].TLS && points[to].Port == 443,
		})
	}
	if opts.From == Auto {
		for _, usual := range emitnginx.UsualEntryPoints() {
			if !slices.ContainsFunc(out, func(e emitnginx.EntryPoint) bool { return e.Name == usual.Name }) {
				out = append(out, usual)
			}
		}
	}
	return out
}
