package convert

import (
	"slices"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/emit"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/emitnginx"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/nginx"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/traefikingress"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/traefikv1"
)

// Input is everything Convert may look at.
type Input = ir.Input

// Options choose the source controller and the target.
type Options struct {
	// From is the dialect of the Ingresses; empty: FromTraefikV1. With Auto each
	// Ingress has its own.
	From Dialect
	// Controllers are those in play when From is Auto; without any InPlay: those
	// that the Ingresses of the input show, see Detect.
	Controllers *Controllers `json:",omitempty"`
	// Target is the Traefik that will serve the output.
	Target emit.Target
	// IngressNginx is the ingress-nginx that will serve the output in place of the
	// Traefik of Target, of which nothing counts then; nil: none.
	IngressNginx *emitnginx.Target `json:",omitempty"`
	// TraefikV1 are facts of a Traefik 1.7 installation that manifests cannot tell.
	TraefikV1 traefikv1.Facts
	// Traefik are facts of a Traefik 2 or 3 installation that manifests cannot tell.
	Traefik traefikingress.Facts
	// Nginx are facts of an ingress-nginx installation that manifests cannot tell.
	Nginx nginx.Facts
}

// ToIngressNginx is what the target ingress-nginx is called.
const ToIngressNginx = "ingress-nginx"

// Object is one object of the output: an IngressRoute, Middleware, TraefikService, ….
type Object = emit.Object

// Output is one emitted object and the Ingress it belongs to.
type Output = emit.Output

// IngressReport is what became of one input Ingress.
type IngressReport struct {
	Ingress ir.Ref
	// Dialect is empty when no controller in play serves the Ingress.
	Dialect     Dialect
	File        string
	Verdict     Verdict
	Why         string
	Annotations []ir.Annotation
	Diagnostics []diag.Diagnostic
}

// Result is the answer of Convert. Everything in it is in a fixed order:
// the same input gives byte-identical output.
type Result struct {
	// Objects are Traefik's.
	Objects []Output
	// Companions are objects of other systems that live on an Ingress today and
	// can live without it: Certificates of cert-manager. They are for whoever is
	// about to delete the Ingress; nobody else may write them.
	Companions []Output
	Ingresses  []IngressReport
	// Settings are findings about the installation and not about one Ingress.
	Settings []diag.Diagnostic
}

// Convert says which Traefik objects answer every request as the source
// controller does with the Ingresses of in, and what became of each of them. It
// modifies nothing of in, never fails and never panics: what cannot be converted
// is in the report, and does not stop the rest.
//
// An Ingress may be converted together with its Peers alone; the objects it owns
// are the same as when the whole cluster is converted. With Auto that holds when
// Controllers are named: what Detect finds depends on the whole input.
func Convert(in Input, opts Options) Result {
	if opts.IngressNginx != nil {
		return convertBack(in, opts)
	}
	var objects []Output
	result := with(in, opts, func(_ Input, t ir.Translation, wanted []wantedRecords) (findings []diag.Diagnostic) {
		objects, findings = emit.Emit(t, opts.Target)
		for _, w := range wanted {
			w.carry(ownedBy(objects, w.outcome.Ingress))
		}
		return findings
	})
	result.Objects = objects
	return result
}

// Each is Convert for those who look at one object after the other: each is
// handed to yield and not kept, so Objects of the result is empty. When yield
// returns false, no more objects are made, and the result is not complete. The
// input is not held while objects are made.
func Each(in Input, opts Options, yield func(Output) bool) Result {
	if opts.IngressNginx != nil {
		result := convertBack(in, opts)
		for _, o := range result.Objects {
			if !yield(o) {
				break
			}
		}
		result.Objects = nil
		return result
	}
	return with(in, opts, func(_ Input, t ir.Translation, wanted []wantedRecords) []diag.Diagnostic {
		waiting := make(map[ir.Ref]wantedRecords, len(wanted))
		for _, w := range wanted {
			waiting[w.outcome.Ingress] = w
		}
		findings := emit.Each(t, opts.Target, func(own []Output) bool {
			if w, ok := waiting[own[0].Owner]; ok {
				w.carry(own)
				delete(waiting, own[0].Owner)
			}
			return !slices.ContainsFunc(own, func(o Output) bool { return !yield(o) })
		})
		for _, w := range waiting { // in any order: each Ingress is for itself
			w.carry(nil)
		}
		return findings
	})
}

// with is Convert with one way or another to write the objects. The input is not
// used behind write: who hands it over and forgets it has it out of memory by then.
func with(in Input, opts Options, write func(Input, ir.Translation, []wantedRecords) []diag.Diagnostic) Result {
	in, replaced := inNameOrder(in)
	all := translateAll(in, opts)
	label(all.Ingresses, in.Ingresses)
	if opts.IngressNginx != nil {
		all.leaveNginx()
		forgetTraefik(all.Ingresses)
	}
	// Both have something to say of Ingresses, too.
	companions := companions(in.Ingresses, all.Ingresses)
	var wanted []wantedRecords
	if opts.IngressNginx == nil {
		wanted = findRecords(in.Ingresses, all.Ingresses)
	}
	findings := write(in, all.Translation, wanted)
	reports := judge(all.Translation, findings)
	for i := range reports {
		reports[i].Dialect = all.dialects[i]
	}
	return Result{
		Companions: companions,
		Ingresses:  inOrder(append(reports, replaced...)),
		Settings:   settings(all, opts),
	}
}

// label hands the labels of the Ingresses to emit. Outcomes are in input order.
func label(outcomes []ir.Outcome, ingresses []ir.Ingress) {
	for i := range outcomes {
		if i < len(ingresses) {
			outcomes[i].Labels = ingresses[i].Labels
		}
	}
}
