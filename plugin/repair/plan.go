// Package repair brings the Traefik objects of a cluster to what a scan says
// they should be. It prints nothing; what it did is told step by step.
package repair

import (
	"slices"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/desired"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/scan"
)

// Action is what is done to one object.
type Action string

// The actions.
const (
	// Create writes an object that does not exist.
	Create Action = "create"
	// Update writes an object that only we changed so far.
	Update Action = "update"
	// Overwrite takes fields from whoever edited them by hand.
	Overwrite Action = "overwrite"
	// Delete removes an object of ours that nothing asks for any more.
	Delete Action = "delete"
	// Keep leaves an object as it is, although it is not as it should be.
	Keep Action = "keep"
)

// Step is one action.
type Step struct {
	Action             Action
	Namespace, Ingress string
	Object             scan.Object
	// Why tells the reason of Keep, and of a Delete that no Plan lists.
	Why string
}

// Options allow what is not done without being asked for.
type Options struct {
	// Overwrite replaces what was edited by hand.
	Overwrite bool
	// Prune deletes what nothing asks for any more.
	Prune bool
	// Adopt takes over what somebody else made under a name that we want.
	Adopt bool
}

// Plan lists what to do: first everything that is written, in the order in which
// the objects of one Ingress have to exist (routes last), then what is deleted
// (routes first). A Keep is listed where the object's turn would be.
func Plan(report *scan.Report, options Options) []Step {
	var writes, deletes []Step
	for _, item := range report.Items {
		guard := item.Guard()
		for i, object := range item.Objects {
			step := Step{Namespace: item.Namespace, Ingress: item.Ingress, Object: object}
			step.Action, step.Why = decide(object, options)
			if step.Action == "" && guard == &item.Objects[i] {
				step.Action, step.Why = Keep, "it is to protect a route, and was not made by ingress-migrate"
			}
			switch {
			case step.Action == "":
			case object.State == scan.Unwanted:
				deletes = append(deletes, step)
			default:
				writes = append(writes, step)
			}
		}
	}
	return slices.Concat(writes, deletes)
}

// decide is the table of what is done:
//
//	state      action                    needs
//	Missing    Create
//	Stale      Update
//	Unlinked   Update
//	Drifted    Overwrite, else Keep      --overwrite
//	Diverged   Overwrite, else Keep      --overwrite
//	Foreign    Overwrite, else Keep      --adopt, and no other Ingress named on it
//	 equal     Update, else nothing      the same; Keep where it protects a route of ours
//	Unwanted   Delete, else nothing      --prune, and --overwrite when edited by hand
func decide(object scan.Object, options Options) (Action, string) {
	switch object.State {
	case desired.Missing:
		return Create, ""
	case desired.Stale, scan.Unlinked:
		return Update, ""
	case desired.Drifted, desired.Diverged:
		if options.Overwrite {
			return Overwrite, ""
		}
		return Keep, edited(object)
	case desired.Foreign:
		adopt := options.Adopt && object.Adoptable
		switch equal := len(object.Differences) == 0; {
		case adopt && equal:
			return Update, ""
		case adopt:
			return Overwrite, ""
		case equal:
			return "", ""
		}
		return Keep, "it was not made by ingress-migrate"
	case scan.Unwanted:
		return decideUnwanted(object, options)
	}
	return "", ""
}

func decideUnwanted(object scan.Object, options Options) (Action, string) {
	if !options.Prune {
		return "", ""
	}
	if object.Edited && !options.Overwrite {
		return Keep, "no longer wanted, but edited by hand (--overwrite deletes it too)"
	}
	return Delete, ""
}

func edited(object scan.Object) string {
	who := "by hand"
	if object.Editor != nil {
		who = "by " + object.Editor.Manager
	}
	field := ""
	if len(object.Differences) > 0 {
		field = ": " + object.Differences[0].Field
	}
	return "edited " + who + field + " (--overwrite replaces it)"
}
