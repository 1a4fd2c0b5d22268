package cutover

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/fleet"
)

// Hazard is what can go wrong with a strategy in this cluster.
type Hazard struct {
	// Code is the number of the experiment that showed it, such as E10.
	Code string `json:"code"`
	What string `json:"what"`
}

// HazardsID is what confirms exactly these hazards, so that who confirms has seen them.
func HazardsID(hazards []Hazard) string {
	raw, err := json.Marshal(hazards)
	if err != nil {
		return "" // plain data, cannot fail
	}
	sum := sha256.Sum256(raw)
	return hex.EncodeToString(sum[:4])
}

// StoryHazards are those of the story's way. priorities says how those of both sides
// compare, and higher whether that of the new one is such that its pods end the others;
// scaler is who adds and removes nodes, "" when nobody is seen.
func StoryHazards(f *fleet.Fleet, priorities string, higher bool, scaler string) []Hazard {
	nodes, waiting := 0, 0
	for i := range f.Nodes {
		n := &f.Nodes[i]
		if n.Gone || !n.WantedByOld {
			continue
		}
		nodes++
		for _, p := range n.Of(fleet.New) {
			if !p.Bound {
				waiting++
			}
		}
	}
	older, newer := f.Old.Name, f.New.Name
	was := strategyText(f.Old)
	preempted := fmt.Sprintf("%s. If %s ever gets a higher one, all %d nodes lose their pods of %s within a second. It is checked now, not later.", priorities, newer, nodes, older)
	if higher {
		preempted = fmt.Sprintf("%s: all %d nodes lose their pods within a second, as soon as pods of %s wait there. Nothing lets this pass.", priorities, nodes, newer)
	}
	return []Hazard{
		{"E2", fmt.Sprintf("%s is %s now and gets OnDelete. Whoever applies its manifest again brings that back, and while pods of %s wait every pod that its controller then replaces hands its node over, without floor and gates; no guard holds it.", older, was, newer)},
		{"E7", preempted},
		{"E9", fmt.Sprintf("Deleting %s ends its pods on all nodes that are left together (%d now): nobody serves there until %s has started. Only retire deletes it, when it has none.", older, nodes, newer)},
		{"E10", fmt.Sprintf("%s of %s wait now, and one will on each of %d nodes: the pod that waits takes the ports of every old pod that ends, by an eviction, an update or kubectl delete. That node is judged afterwards, if the cutover runs, and by nobody if it does not.", countOf(waiting, "pod"), newer, nodes)},
		{"E12", fmt.Sprintf("A node that joins is wanted by both, and who is first gets it: in 8 trials the new one got 6. %s.", joins(scaler))},
		{"E21", fmt.Sprintf("Under OnDelete a pod that waits stays what it was made. A change of %s while its pods wait is not in them; those are made anew before their node is moved, and recycle renews what took a node by itself.", newer)},
	}
}

func strategyText(set *fleet.Set) string {
	u := set.Object.Spec.UpdateStrategy
	text := string(u.Type)
	if text == "" {
		text = "RollingUpdate" // the API's default
	}
	if r := u.RollingUpdate; r != nil && r.MaxUnavailable != nil {
		text += " (maxUnavailable " + r.MaxUnavailable.String() + ")"
	}
	return text
}

func joins(scaler string) string {
	if scaler == "" {
		return "No autoscaler is seen in the cluster; one outside, or a person, may add nodes all the same"
	}
	return strings.ToUpper(scaler[:1]) + scaler[1:] + " may add nodes at any time"
}

func countOf(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
