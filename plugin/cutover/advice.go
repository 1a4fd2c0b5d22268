package cutover

import (
	"fmt"
	"strings"
	"time"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover/journal"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/fleet"
)

// State says in a few words what goes on at a node, the urgent first.
func State(f *fleet.Fleet, n *fleet.Node, now time.Time) string {
	var record journal.Node
	active := f.Journal != nil && f.Journal.Phase != journal.RolledBack
	if active {
		if r := f.Journal.Node(n.Name); r != nil {
			record = *r
		}
	}
	since := now.Sub(record.Since).Round(time.Second)
	switch {
	case n.Gone:
		return "no longer part of the cluster"
	case !n.Ready:
		return "node is not ready"
	case record.Phase == journal.Draining:
		return fmt.Sprintf("draining: waiting for the balancer (%s)", since)
	case record.Phase == journal.SwitchingTo:
		return fmt.Sprintf("switching to %s (%s)", title(f, fleet.Side(record.To)), since)
	case record.Phase == journal.Gating:
		return fmt.Sprintf("checking routes and identity (%s)", since)
	case record.Phase == journal.Soaking:
		return fmt.Sprintf("switched, soaking (%s)", since)
	}
	if unasked(n) && n.Serves() == fleet.New {
		return "taken over by itself: nobody moved it, and nobody has judged it yet"
	}
	if trouble := trouble(f, n); trouble != "" {
		return trouble
	}
	switch {
	case n.Serves() == "":
		return "nobody serves here"
	case record.Phase == journal.Failed:
		return "put back: " + record.Why
	case record.Phase == journal.Lost, record.Phase == journal.Skipped:
		return "given up: " + record.Why
	case n.Side() == fleet.New && n.Serves() == fleet.New && record.Unasked:
		return "switched by itself, and judged"
	case n.Side() == fleet.New && n.Serves() == fleet.New:
		return "switched"
	case n.Serves() == fleet.New:
		return "switched without a label"
	case active && f.Journal.Phase != journal.Switched:
		return "waiting"
	}
	return "ok"
}

func title(f *fleet.Fleet, side fleet.Side) string {
	if set := f.Set(side); set != nil {
		return set.Title
	}
	return string(side)
}

// trouble is what is wrong with the pods of a node.
func trouble(f *fleet.Fleet, n *fleet.Node) string {
	var found []string
	for _, p := range n.Pods {
		switch {
		case p.Terminating:
			found = append(found, p.Name+" is ending")
		case !p.Bound && len(n.Of(p.Side.Other())) > 0:
			found = append(found, p.Name+" waits for the ports")
		case !p.Bound:
			found = append(found, p.Name+" is not scheduled: "+p.Why)
		case p.CrashLoop():
			found = append(found, fmt.Sprintf("%s crashes, %d times by now", p.Name, p.Restarts))
		case p.Stuck():
			found = append(found, p.Name+" is stuck: "+p.Why)
		case !p.Ready:
			found = append(found, p.Name+" is not ready")
		case !p.Current:
			found = append(found, p.Name+" is of an older template")
		}
	}
	return strings.Join(found, "; ")
}

// PhaseText sums up where a cutover stands.
func PhaseText(f *fleet.Fleet) string {
	j := f.Journal
	if j == nil || j.Phase == journal.RolledBack {
		return "not begun"
	}
	total, moved := 0, 0
	for i := range f.Nodes {
		if n := &f.Nodes[i]; !n.Gone {
			total++
			if n.Side() == fleet.New {
				moved++
			}
		}
	}
	return fmt.Sprintf("%s (%d of %d nodes)", j.Phase, moved, total)
}

// Next is the command to type, with a reason.
func Next(f *fleet.Fleet) string {
	if f.Lease != nil {
		if f.Requested != "" {
			return "wait, a " + f.Requested + " is asked for (" + statusCommand + " -w)"
		}
		if !f.Lease.Purpose.Obeys() {
			return "watch it (" + statusCommand + " -w)"
		}
		return "watch it (" + statusCommand + " -w), or pause after this node (kubectl ingress-migrate cutover pause)"
	}
	switch Widowed(f) {
	case fleet.Old:
		return "give its nodes back to " + f.Old.Title + " (" + rollbackAllCommand + ")"
	case fleet.New:
		return "give all nodes to " + f.New.Title + " (" + resumeCommand + ")"
	}
	if j := f.Journal; j != nil {
		switch j.Phase {
		case journal.Preparing, journal.Switching:
			if j.Stopped != "" && strings.Contains(j.Stopped, "older template") {
				return "renew them (" + recycleCommand + ")"
			}
			return "go on (" + resumeCommand + "), or back (" + rollbackAllCommand + ")"
		case journal.RollingBack, journal.Restoring:
			return "finish going back (" + rollbackAllCommand + ")"
		case journal.Retiring:
			return "finish it (" + retireCommand + ")"
		case journal.Aborted:
			return "go back (" + rollbackAllCommand + "), or begin anew (kubectl ingress-migrate cutover run)"
		}
	}
	if lost(f) {
		switch f.Heading() {
		case fleet.New:
			return "go on (" + resumeCommand + "), or back (" + rollbackAllCommand + ")"
		case fleet.Old:
			return "finish going back (" + rollbackAllCommand + ")"
		}
	}
	if len(PlanRecycle(f)) > 0 {
		return "mend the DaemonSets (" + recycleCommand + ")"
	}
	switch {
	case f.Old == nil && f.New == nil:
		return "name the two DaemonSets with --old and --new"
	case f.New == nil:
		return "apply the DaemonSet of the new Traefik"
	case f.Old == nil:
		if f.New.Guard.Record != nil && !f.New.Guard.Present {
			return "finish it (" + retireCommand + ")"
		}
		return "nothing, the old DaemonSet is gone"
	case f.Journal != nil && f.Journal.Phase == journal.Switched:
		return "nothing; going back is " + rollbackAllCommand
	}
	return "check everything (" + preflightCommand + ")"
}
