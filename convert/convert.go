package convert

import (
	"maps"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/emit"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/nginx"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/traefikingress"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/traefikv1"
)

// Input is everything Convert may look at.
type Input = ir.Input

// Options choose the source controller and the target.
type Options struct {
	// From is the dialect of the Ingresses.
	From Dialect
	// Target is the Traefik that will serve the output.
	Target emit.Target
	// TraefikV1 are facts of a Traefik 1.7 installation that manifests cannot tell.
	TraefikV1 traefikv1.Facts
	// Traefik are facts of a Traefik 2 or 3 installation that manifests cannot tell.
	Traefik traefikingress.Facts
	// Nginx are facts of an ingress-nginx installation that manifests cannot tell.
	Nginx nginx.Facts
}

// Dialect names a source controller.
type Dialect string

// The dialects.
const (
	// FromTraefikV1 is Traefik 1.7's Kubernetes provider.
	FromTraefikV1 Dialect = "traefik-v1"
	// FromTraefik is the Kubernetes Ingress provider of Traefik 2 and 3.
	FromTraefik Dialect = "traefik"
	// FromNginx is the community controller ingress-nginx.
	FromNginx Dialect = "nginx"
)

// Object is one object of the output: an IngressRoute, Middleware, TraefikService, ….
type Object = emit.Object

// Output is one emitted object and the Ingress it belongs to.
type Output = emit.Output

// IngressReport is what became of one input Ingress.
type IngressReport struct {
	Ingress     ir.Ref
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
// are the same as when the whole cluster is converted.
func Convert(in Input, opts Options) Result {
	in, replaced := withoutDuplicates(in)
	translation := translate(in, opts)
	label(translation.Ingresses, in.Ingresses)
	objects, findings := emit.Emit(translation, opts.Target)
	carryRecords(objects, in.Ingresses, translation.Ingresses)
	companions := companions(in.Ingresses, translation.Ingresses)
	return Result{
		Objects:    objects,
		Companions: companions,
		Ingresses:  judge(translation, findings, replaced),
		Settings:   settings(opts),
	}
}

// settings asks the dialect about its installation as a whole.
func settings(opts Options) []diag.Diagnostic {
	switch opts.From {
	case FromTraefik:
		return traefikingress.Settings(opts.Traefik)
	case FromNginx:
		return nginx.Settings(opts.Nginx)
	}
	return nil
}

// translate asks the dialect.
func translate(in Input, opts Options) ir.Translation {
	switch opts.From {
	case FromTraefikV1, "":
		return traefikv1.Translate(in, opts.TraefikV1)
	case FromTraefik:
		return traefikingress.Translate(in, opts.Traefik)
	case FromNginx:
		return nginx.Translate(in, opts.Nginx)
	}
	return ir.Translation{}
}

// label hands the labels of the Ingresses to emit. Outcomes are in input order.
func label(outcomes []ir.Outcome, ingresses []ir.Ingress) {
	for i := range outcomes {
		if i < len(ingresses) {
			outcomes[i].Labels = inherited(ingresses[i].Labels)
		}
	}
}

// inherited leaves out the label by which kubectl apply --applyset --prune finds
// what it made itself: it would delete the objects.
func inherited(labels map[string]string) map[string]string {
	const applySet = "applyset.kubernetes.io/part-of"
	if _, ok := labels[applySet]; !ok {
		return labels
	}
	labels = maps.Clone(labels)
	delete(labels, applySet)
	return labels
}
