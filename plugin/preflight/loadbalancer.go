package preflight

import (
	"context"
	"fmt"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/fleet"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/lb"
)

// LoadBalancer is what a load balancer that takes nodes out of rotation says.
type LoadBalancer struct {
	Facts lb.Facts
	// Failed is why it cannot be asked.
	Failed string
	// Nodes are those that it does not serve, and why.
	Nodes []NotInService
}

// NotInService is a node that gets no requests.
type NotInService struct{ Node, Why string }

// AskLoadBalancer asks a load balancer for itself and for every node of the fleet.
func (f *Facts) AskLoadBalancer(ctx context.Context, drainer lb.Drainer) {
	f.LoadBalancer = &LoadBalancer{}
	var err error
	if f.LoadBalancer.Facts, err = drainer.Describe(ctx); err != nil {
		f.LoadBalancer.Failed = err.Error()
		return
	}
	ports := cutover.PortsToAsk(f.Fleet, f.Settings)
	for i := range f.Fleet.Nodes {
		n := &f.Fleet.Nodes[i]
		if n.Gone {
			continue
		}
		state, why, err := drainer.State(ctx, cutover.TargetOf(n.Name, n.Address, ports))
		switch {
		case err != nil:
			f.LoadBalancer.Nodes = append(f.LoadBalancer.Nodes, NotInService{n.Name, err.Error()})
		case state != lb.InService:
			f.LoadBalancer.Nodes = append(f.LoadBalancer.Nodes, NotInService{n.Name, fmt.Sprintf("it is %s there (%s)", state, why)})
		}
	}
}

// balancer: how long it takes to use a node again is what keeps the next one in
// service until then. A guess may be short by minutes, and then node after node
// is taken out while the balancer has none left. One that is asked tells it itself.
func balancer(f *Facts) []Finding {
	if f.LoadBalancer != nil {
		return asked(f)
	}
	if f.Settings.Balancer.Known() {
		return nil
	}
	return []Finding{stop(
		fmt.Sprintf("nothing is known of the load balancer's health check: only %s would be waited until a node counts as back in rotation", seconds(cutover.Balancer{}.Recovery())),
		"tell its numbers with --lb-interval, --lb-timeout, --lb-unhealthy, --lb-healthy, have it take nodes out itself with --lb, or, if that is enough, --accept BALANCER",
	)}
}

func asked(f *Facts) []Finding {
	b := f.LoadBalancer
	if b.Failed != "" {
		return []Finding{stop("the load balancer cannot be asked: "+b.Failed, "mend that, or leave --lb out and tell the numbers of its health check")}
	}
	var out []Finding
	if b.Facts.Owner != "" {
		out = append(out, warn(b.Facts.Name+" is kept by "+b.Facts.Owner+", which may put a node back that is being moved", "pause it for the cutover"))
	}
	for _, n := range b.Nodes {
		finding := warn
		if node := f.Fleet.Node(n.Node); node.Serves() == fleet.Old {
			finding = stop // it would be taken for drained, or could not be
		}
		out = append(out, finding("the load balancer does not serve "+n.Node+": "+n.Why, "see that it is the balancer of this node, and bring the node into rotation"))
	}
	return out
}
