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
	// Objects are Traefik's. Those of one Ingress share what they have in common,
	// labels and routes among it: whoever changes one changes a copy.
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
	return convertInGroups(in, opts, groupSize)
}

// convertInGroups is Convert for groups of at least so many Ingresses.
func convertInGroups(in Input, opts Options, least int) Result {
	if opts.IngressNginx != nil {
		return convertBack(in, opts)
	}
	objects := make([]Output, 0, 2*len(in.Ingresses))
	e := emit.NewEmitter(opts.Target)
	result := with(in, opts, least, func(_ Input, t ir.Translation, wanted []wantedRecords) (findings []diag.Diagnostic, more bool) {
		first := len(objects)
		objects, findings = e.Emit(objects, t)
		for _, w := range wanted {
			w.carry(ownedBy(objects[first:], w.outcome.Ingress))
		}
		return findings, true
	}, e.Findings)
	result.Objects = objects
	return result
}

// Each is Convert for those who look at one object after the other: each is
// handed to yield and not kept, so Objects of the result is empty. When yield
// returns false, no more objects are made, and the result is not complete. The
// Ingresses of the input are not held once their objects are made.
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
	e := emit.NewEmitter(opts.Target)
	return with(in, opts, groupSize, func(_ Input, t ir.Translation, wanted []wantedRecords) (findings []diag.Diagnostic, more bool) {
		waiting := make(map[ir.Ref]wantedRecords, len(wanted))
		for _, w := range wanted {
			waiting[w.outcome.Ingress] = w
		}
		more = true
		findings = e.Each(t, func(own []Output) bool {
			if w, ok := waiting[own[0].Owner]; ok {
				w.carry(own)
				delete(waiting, own[0].Owner)
			}
			more = !slices.ContainsFunc(own, func(o Output) bool { return !yield(o) })
			return more
		})
		for _, w := range waiting { // in any order: each Ingress is for itself
			w.carry(nil)
		}
		return findings, more
	}, e.Findings)
}

// with is Convert with one way or another to write the objects of one group of
// Ingresses after the other, until it wants no more; the Ingresses themselves are not
// held then. What was found out about several groups is asked for at the end.
func with(in Input, opts Options, least int, write func(Input, ir.Translation, []wantedRecords) (findings []diag.Diagnostic, more bool), last func() []diag.Diagnostic) Result {
	in, replaced := inNameOrder(in)
	c := newConversion(in, opts)
	var outcomes [][]ir.Outcome
	served := make([]bool, 0, len(in.Ingresses))
	var findings []diag.Diagnostic
	var companions []Output
	for start, end := range c.groups(least) {
		group := in
		group.Ingresses = in.Ingresses[start:end]
		all := c.translate(group, start)
		label(all.Ingresses, group.Ingresses)
		if opts.IngressNginx != nil {
			all.leaveNginx()
			forgetTraefik(all.Ingresses)
		}
		// Both have something to say of Ingresses, too.
		companions = append(companions, companionsOf(group.Ingresses, all.Ingresses)...)
		var wanted []wantedRecords
		if opts.IngressNginx == nil {
			wanted = findRecords(group.Ingresses, all.Ingresses)
		}
		clear(group.Ingresses)
		found, more := write(group, all.Translation, wanted)
		findings = append(findings, found...)
		outcomes = append(outcomes, all.Ingresses)
		served = append(served, servedBy(all.Routes, all.Ingresses)...)
		if !more {
			break
		}
	}
	reports := judge(outcomes, served, append(findings, last()...))
	for i := range reports {
		reports[i].Dialect = c.dialects[i]
	}
	slices.SortStableFunc(companions, compareCompanions)
	return Result{
		Companions: companions,
		Ingresses:  inOrder(append(reports, replaced...)),
		Settings:   c.settings(),
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
