package preflight

import (
	"fmt"
	"strings"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/fleet"
)

// autoscaler: a node must not go while it is moved.
func autoscaler(f *Facts) []Finding {
	var out []Finding
	var going, open []string
	karpenter := false
	for _, n := range f.Fleet.Nodes {
		switch {
		case n.Gone:
			continue
		case n.Scaling.Leaving != "":
			going = append(going, n.Name+" ("+n.Scaling.Leaving+")")
		case !n.Scaling.Kept:
			open = append(open, n.Name)
		}
		karpenter = karpenter || n.Scaling.Karpenter
	}
	if len(going) > 0 {
		out = append(out, stop("an autoscaler is about to remove "+some(going), "wait until it has, or take the taint and the reason for it away"))
	}
	who := f.scaler(karpenter)
	if who == "" || len(open) == 0 {
		return out
	}
	annotation := fleet.KeepClusterAutoscaler
	if strings.Contains(who, "arpenter") {
		annotation = fleet.KeepKarpenter
	}
	return append(out, warn(
		fmt.Sprintf("%s may remove %s in the middle of a move", who, some(open)),
		"for the time of the cutover: kubectl annotate node "+allOf(open)+" "+annotation+"=true",
	))
}

// allOf names nodes for kubectl: few by their names, many by asking for them.
func allOf(names []string) string {
	const most = 8
	if len(names) > most {
		return "$(kubectl ingress-migrate status --no-scan -o jsonpath='{.nodes[*].name}')"
	}
	return strings.Join(names, " ")
}

// scaler finds who removes nodes: a Deployment with the image of one, or Karpenter by
// its nodes; managed ones are outside of the cluster.
func (f *Facts) scaler(karpenter bool) string {
	for _, w := range f.Workloads {
		for _, c := range w.Pod.Containers {
			image := c.Image[strings.LastIndexByte(c.Image, '/')+1:]
			if strings.Contains(c.Image, "karpenter") || strings.HasPrefix(image, "cluster-autoscaler") {
				return w.String()
			}
		}
	}
	if karpenter {
		return "Karpenter"
	}
	return ""
}
