package plugin

import (
	"fmt"
	"io"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/runtime"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover/journal"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/lb"
)

// planNodes are the nodes to be moved as kubectl names them.
func planNodes(report runtime.Object) []string {
	var names []string
	for _, node := range report.(*cutover.Plan).Nodes {
		names = append(names, "node/"+node)
	}
	return names
}

// writePlan shows a plan to whoever is to say yes.
func writePlan(w io.Writer, p *cutover.Plan, s cutover.Settings) {
	fmt.Fprintf(w, "Plan       %s -> %s: DaemonSet %s gives %s to %s\n", p.OldTitle, p.NewTitle, p.Old, plural(len(p.Nodes), "node"), p.New)
	if len(p.Nodes) > 0 {
		order := "1 by 1"
		if p.Batch > 1 {
			order = fmt.Sprintf("1, then twice as many each time, up to %d at once and in one zone", p.Batch)
		}
		fmt.Fprintf(w, "Order      %s first (%s soak), then %s: %s\n", p.Nodes[0], time.Duration(p.CanarySoakSeconds)*time.Second, order, strings.Join(p.Nodes[1:], ", "))
	}
	if len(p.Done)+len(p.Adopt) > 0 {
		fmt.Fprintf(w, "Already    %s\n", strings.Join(append(append([]string{}, p.Done...), p.Adopt...), ", "))
	}
	fmt.Fprintf(w, "Floor      %d of %d nodes serve at any moment\n", p.Floor, p.Total)
	for _, zone := range p.LoneZones {
		fmt.Fprintf(w, "           zone %s has one node: nobody serves in it while that is moved\n", zone)
	}
	if s.PrePull {
		fmt.Fprintf(w, "Image      DaemonSet ingress-migrate-prepull has every node fetch the new one, and is removed\n")
	}
	if p.Strategy == journal.Story {
		fmt.Fprintf(w, "First      both DaemonSets get OnDelete; pods of %s wait for the ports on every node\n", p.New)
		fmt.Fprintf(w, "Each node  %s leaves it out: kubernetes.io/hostname NotIn [its name and those before]\n", p.Old)
	} else {
		fmt.Fprintf(w, "First      both DaemonSets are guarded: OnDelete, and node label %s\n", "ingress-migrate.io/proxy")
	}
	if p.Pending > 0 && p.Strategy != journal.Story {
		fmt.Fprintf(w, "           this removes %s of %s that wait for ports; no serving pod is touched\n", plural(p.Pending, "pod"), p.New)
	}
	fmt.Fprintf(w, "Gates      host ports %s of every node: who answers, and routes as the old proxy answers them\n", portList(p))
	fmt.Fprintf(w, "Time       at most %s a node, about %s in all\n", time.Duration(p.PerNodeSeconds)*time.Second, time.Duration(p.EstimateSeconds)*time.Second)
	switch {
	case s.LoadBalancer != "" && s.LoadBalancer != lb.Passive:
		fmt.Fprintf(w, "Balancer   %s takes a node out before it is moved, and gets it back after its gates\n", s.LoadBalancer)
	case !s.Balancer.Known():
		fmt.Fprintf(w, "           (the load balancer is not known; %s are waited for it a node)\n", s.Balancer.Recovery())
	}
	fmt.Fprintf(w, "Back       at any moment: %s rollback --all\n", displayName)
	writeHazards(w, p)
}

func portList(p *cutover.Plan) string {
	var parts []string
	for _, port := range p.Ports.HTTP {
		parts = append(parts, fmt.Sprintf("%d (http)", port))
	}
	for _, port := range p.Ports.HTTPS {
		parts = append(parts, fmt.Sprintf("%d (https)", port))
	}
	return strings.Join(parts, ", ")
}
