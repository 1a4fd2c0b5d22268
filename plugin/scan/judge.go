package scan

import (
	"fmt"
	"slices"

	networkingv1 "k8s.io/api/networking/v1"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/desired"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/emit"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
)

// judge sums up one Ingress. The first line that fits decides:
//
//	opted out, or its namespace is                 Passed
//	the conversion withholds a route               Blocked
//	a name that we want is taken by somebody else  Blocked
//	nothing of ours should exist, and none does    Passed
//	no object exists                               Missing
//	an object is missing, changed or too many      Different
//	else                                           InSync
func (c *comparison) judge(ingress *networkingv1.Ingress, outcome convert.IngressReport) Item {
	ref := ir.Ref{Namespace: ingress.Namespace, Name: ingress.Name}
	item := Item{
		Namespace: ingress.Namespace, Ingress: ingress.Name,
		Dialect: outcome.Dialect, Conversion: outcome.Verdict, Objects: c.objects[ref], Diagnostics: outcome.Diagnostics,
	}
	if reason := c.optOut(ingress); reason != "" {
		// What was written for it before is kept on purpose: nothing to delete.
		item.Verdict, item.Why, item.Objects = Passed, reason, nil
		return item
	}
	if outcome.Verdict == convert.Blocked {
		item.Verdict = Blocked
		item.Why, item.Fix = blockedBy(outcome), "explain "+ref.String()
		if unwanted := first(item.Objects, Unwanted); unwanted != nil {
			item.Why += "; " + unwanted.label() + " of an earlier state still exists"
			item.Fix = "sync --prune"
		}
		return item
	}
	foreign := first(item.Objects, desired.Foreign)
	if foreign != nil && len(foreign.Differences) == 0 {
		foreign = item.Guard()
	}
	if foreign != nil {
		item.Verdict = Blocked
		item.Why = foreign.label() + " exists and is not ours"
		if fields := fieldList(foreign.Differences); fields != "" {
			item.Why += ": " + fields
		}
		item.Fix = "diff, then rename or delete it"
		if foreign.Adoptable {
			item.Fix = "diff, then rename or delete it | sync --adopt"
		}
		return item
	}
	if len(item.Objects) == 0 {
		item.Verdict, item.Why = Passed, outcome.Why
		return item
	}
	worst := c.worst(item.Objects)
	if worst == nil {
		item.Verdict = InSync
		return item
	}
	item.Verdict = Different
	if worst.State == desired.Missing && none(item.Objects) {
		item.Verdict = Missing
	}
	item.Why, item.Fix = explain(*worst)
	return item
}

// Guard returns an object of somebody else that is to protect a route of ours; nil: there
// is none. Today it may be as it should be, and tomorrow let everybody in.
func (i Item) Guard() *Object {
	ours := slices.ContainsFunc(i.Objects, func(o Object) bool {
		return emit.IsRouteKind(o.Kind) && o.State != desired.Foreign && o.State != Unwanted
	})
	for n, o := range i.Objects {
		if ours && o.State == desired.Foreign && o.Protects {
			return &i.Objects[n]
		}
	}
	return nil
}

// blockedBy names the finding that withheld a route, briefly; the diagnostics
// have the whole sentence.
func blockedBy(outcome convert.IngressReport) string {
	for _, d := range outcome.Diagnostics {
		if !d.Blocking {
			continue
		}
		if info, ok := diag.Lookup(d.Code); ok {
			return string(d.Code) + ": " + info.Warning
		}
		return string(d.Code) + ": " + d.Text
	}
	return outcome.Why
}

// urgency orders states: what a human has to decide first.
var urgency = [...]State{desired.Diverged, desired.Drifted, desired.Missing, desired.Stale, Unlinked, Unwanted}

func (c *comparison) worst(objects []Object) *Object {
	for _, state := range urgency {
		if object := first(objects, state); object != nil {
			return object
		}
	}
	return nil
}

// first returns the last written object of a state: the route, if it is one.
func first(objects []Object, state State) *Object {
	var found *Object
	for i := range objects {
		if objects[i].State == state && (found == nil || emit.CompareKinds(objects[i].Kind, found.Kind) > 0) {
			found = &objects[i]
		}
	}
	return found
}

func none(objects []Object) bool {
	for _, object := range objects {
		if object.State != desired.Missing {
			return false
		}
	}
	return true
}

func explain(o Object) (why, fix string) {
	switch o.State {
	case desired.Missing:
		return "no " + o.label(), "sync"
	case desired.Stale:
		if o.OtherConverter != "" {
			return fmt.Sprintf("%s is as version %s wrote it for the same Ingress: %s", o.label(), o.OtherConverter, fieldList(o.Differences)), "sync"
		}
		return o.label() + " is older than the Ingress: " + fieldList(o.Differences), "sync"
	case desired.Drifted:
		return fmt.Sprintf("%s edited%s: %s", o.label(), by(o.Editor), fieldList(o.Differences)), "diff | sync --overwrite"
	case desired.Diverged:
		return fmt.Sprintf("%s edited%s, and the Ingress changed: %s", o.label(), by(o.Editor), fieldList(o.Differences)), "diff | sync --overwrite"
	case Unlinked:
		return o.label() + " does not follow its Ingress yet", "sync"
	case Unwanted:
		return o.label() + " is no longer wanted", "sync --prune"
	}
	return "", ""
}

func by(e *Editor) string {
	if e == nil {
		return " by hand"
	}
	return " by " + e.Manager
}

// Codes returns the codes of findings that a reader should know of, worst first.
func (i Item) Codes() []diag.Code {
	var codes []diag.Code
	for severity := diag.Invalid; severity >= diag.Lossy; severity-- {
		for _, d := range i.Diagnostics {
			if d.Severity == severity && !contains(codes, d.Code) {
				codes = append(codes, d.Code)
			}
		}
	}
	return codes
}

func contains(codes []diag.Code, code diag.Code) bool {
	for _, c := range codes {
		if c == code {
			return true
		}
	}
	return false
}
