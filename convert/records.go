package convert

import (
	"maps"
	"slices"
	"strings"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/emit"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/externaldns"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
)

// wantedRecords are the DNS records that the objects of one Ingress are to stand for.
type wantedRecords struct {
	outcome *ir.Outcome
	object  diag.Object
	records []externaldns.Records
}

// findRecords finds, in input order, the Ingresses whose DNS records external-dns
// keeps, and reports a status where it does not.
func findRecords(ingresses []ir.Ingress, outcomes []ir.Outcome) []wantedRecords {
	var wanted []wantedRecords
	for i := range min(len(outcomes), len(ingresses)) {
		if !outcomes[i].Selected {
			continue
		}
		var records []externaldns.Records
		if slices.ContainsFunc(outcomes[i].Annotations, func(a ir.Annotation) bool { return externaldns.Reads(a.Key) }) {
			records = externaldns.Of(ingresses[i].Ingress)
		}
		switch {
		case len(records) > 0:
			wanted = append(wanted, wantedRecords{&outcomes[i], object(ingresses[i]), records})
		case len(ingresses[i].Status.LoadBalancer.Ingress) > 0:
			attach(&outcomes[i], []diag.Diagnostic{diag.New(diag.IStatus, object(ingresses[i]), "status.loadBalancer", "")})
		}
	}
	return wanted
}

// carry annotates one of the IngressRoutes among the objects of the Ingress so
// that it stands for the same records, and reports what stands in the way. Only
// where the Ingress itself says where its names lead are two objects for one
// record harmless: both say the same.
func (w wantedRecords) carry(own []Output) {
	for _, records := range w.records {
		attach(w.outcome, []diag.Diagnostic{carry(records, own, w.object)})
	}
}

func carry(records externaldns.Records, own []Output, object diag.Object) diag.Diagnostic {
	say := func(code diag.Code, text string) diag.Diagnostic {
		return diag.New(code, object, "metadata.annotations["+records.Key+"]", text)
	}
	if !records.Target {
		return say(diag.WDNSTarget, "external-dns takes the addresses from the status of the Ingress; an IngressRoute has none")
	}
	for _, output := range own {
		rules, isRoute := emit.Rules(output.Object)
		if !isRoute {
			continue
		}
		if annotations, exact := records.Annotations(rules); exact {
			all := output.Object.GetAnnotations()
			if all == nil {
				all = annotations
			} else {
				maps.Copy(all, annotations)
			}
			output.Object.SetAnnotations(all)
			return say(diag.WDNSOwned, "the annotations are on IngressRoute "+output.Object.GetName()+" too, which stands for "+strings.Join(records.Names, ", "))
		}
	}
	return say(diag.WDNSNames, "no IngressRoute of the Ingress can stand for exactly "+strings.Join(records.Names, ", "))
}

// ownedBy finds the objects of an Ingress among those of all, sorted by owner.
func ownedBy(objects []Output, owner ir.Ref) []Output {
	compare := func(o Output, ref ir.Ref) int { return emit.CompareRefs(o.Owner, ref) }
	start, _ := slices.BinarySearchFunc(objects, owner, compare)
	end := start
	for end < len(objects) && objects[end].Owner == owner {
		end++
	}
	return objects[start:end]
}

func object(ing ir.Ingress) diag.Object {
	return diag.Object{Kind: "Ingress", Namespace: ing.Namespace, Name: ing.Name, File: ing.File}
}
