package convert

import (
	"cmp"
	"reflect"
	"slices"
	"strings"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/certmanager"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
)

// companionsOf returns the objects of other systems that live on Ingresses and can
// live without: Certificates of cert-manager, sorted by namespace and name.
// Outcomes are in the order of ingresses and get the findings.
func companionsOf(ingresses []ir.Ingress, outcomes []ir.Outcome) []Output {
	var asked []request
	for i := range min(len(outcomes), len(ingresses)) {
		if !slices.ContainsFunc(outcomes[i].Annotations, func(a ir.Annotation) bool { return certmanager.Reads(a.Key) }) {
			continue // as most
		}
		certificates, findings := certmanager.Certificates(ingresses[i])
		if outcomes[i].Selected {
			attach(&outcomes[i], findings)
		}
		for _, c := range certificates {
			asked = append(asked, request{certificate: c, ingress: ingresses[i], outcome: &outcomes[i]})
		}
	}
	slices.SortStableFunc(asked, compareRequests)
	var out []Output
	for start := 0; start < len(asked); {
		first := asked[start]
		if first.outcome.Selected {
			out = append(out, Output{Owner: first.outcome.Ingress, Object: first.certificate})
		}
		start++
		for start < len(asked) && sameName(first.certificate, asked[start].certificate) {
			asked[start].yield(first)
			start++
		}
	}
	return out
}

// request is a Certificate that an Ingress asks for.
type request struct {
	certificate *certmanager.Certificate
	ingress     ir.Ingress
	outcome     *ir.Outcome
}

// compareRequests puts requests for one Certificate together, the oldest Ingress
// first: cert-manager leaves a Certificate to the Ingress that it was made for.
func compareRequests(a, b request) int {
	return cmp.Or(
		strings.Compare(a.certificate.Namespace, b.certificate.Namespace),
		strings.Compare(a.certificate.Name, b.certificate.Name),
		compareAge(a.ingress, b.ingress),
		strings.Compare(a.ingress.Name, b.ingress.Name),
	)
}

// compareAge takes an Ingress without creation time for the newest: it is not
// stored yet.
func compareAge(a, b ir.Ingress) int {
	if x, y := a.CreationTimestamp.IsZero(), b.CreationTimestamp.IsZero(); x || y {
		return cmp.Compare(toInt(x), toInt(y))
	}
	return a.CreationTimestamp.Compare(b.CreationTimestamp.Time)
}

func toInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

// compareCompanions orders them by namespace and name.
func compareCompanions(a, b Output) int {
	return cmp.Or(strings.Compare(a.Object.GetNamespace(), b.Object.GetNamespace()), strings.Compare(a.Object.GetName(), b.Object.GetName()))
}

func sameName(a, b *certmanager.Certificate) bool {
	return a.Namespace == b.Namespace && a.Name == b.Name
}

// yield reports what the Ingress asks for and does not get.
func (r request) yield(to request) {
	if !r.outcome.Selected || reflect.DeepEqual(r.certificate, to.certificate) {
		return
	}
	text := "the Certificate " + r.certificate.Name + " is that of Ingress " + to.outcome.Ingress.String() + ", which asks for something else"
	attach(r.outcome, []diag.Diagnostic{diag.New(diag.WCertShared, object(r.ingress), "spec.tls", text)})
}

// attach adds findings to an outcome, and to the annotations that they are about.
func attach(outcome *ir.Outcome, findings []diag.Diagnostic) {
	outcome.Diagnostics = append(outcome.Diagnostics, findings...)
	for i := range findings {
		key, isAnnotation := strings.CutPrefix(findings[i].Field, "metadata.annotations[")
		if !isAnnotation {
			continue
		}
		for j := range outcome.Annotations {
			if a := &outcome.Annotations[j]; a.Key+"]" == key {
				a.Outcome = max(a.Outcome, findings[i].Severity)
				a.Codes = append(slices.Clip(a.Codes), findings[i].Code)
			}
		}
	}
}
