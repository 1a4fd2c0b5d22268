package convert

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/emit"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
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
}

// Dialect names a source controller.
type Dialect string

// FromTraefikV1 is Traefik 1.7's Kubernetes provider.
const FromTraefikV1 Dialect = "traefik-v1"

// Object is one object of the output: an IngressRoute, Middleware, TraefikService, ….
type Object interface {
	metav1.Object
	runtime.Object
}

// Verdict sums up what became of one Ingress.
type Verdict string

// The verdicts.
const (
	// Converted: routes were emitted, everything is carried over exactly or equivalently.
	Converted Verdict = "Converted"
	// ConvertedWithLoss: routes were emitted, at least one diagnostic is lossy or worse.
	ConvertedWithLoss Verdict = "ConvertedWithLoss"
	// Blocked: at least one route was withheld because it would expose more than the source controller does.
	Blocked Verdict = "Blocked"
	// NotServed: the source controller serves nothing of it, so nothing is emitted.
	NotServed Verdict = "NotServed"
	// Skipped: not an Ingress of the source controller.
	Skipped Verdict = "Skipped"
)

// Output is one emitted object and the Ingress it belongs to.
type Output struct {
	Owner  ir.Ref
	Object Object
}

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
	Objects   []Output
	Ingresses []IngressReport
}
