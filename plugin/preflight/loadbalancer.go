package preflight

import (
	"context"
	"fmt"
	"time"

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
	var targets []lb.Target
	for i := range f.Fleet.Nodes {
		if n := &f.Fleet.Nodes[i]; !n.Gone {
			targets = append(targets, cutover.TargetOf(n, ports))
		}
	}
	states, err := lb.States(ctx, drainer, targets)
	if err != nil {
		f.LoadBalancer.Failed = err.Error()
		return
	}
	for i, s := range states {
		switch {
		case s.Err != nil:
			f.LoadBalancer.Nodes = append(f.LoadBalancer.Nodes, NotInService{targets[i].Node, s.Err.Error()})
		case s.State != lb.InService:
			f.LoadBalancer.Nodes = append(f.LoadBalancer.Nodes, NotInService{targets[i].Node, fmt.Sprintf("it is %s there (%s)", s.State, s.Why)})
		}
	}
}

// balancerKnown: how long it takes to use a node again is what keeps the next one in
// service until then. A guess may be short by minutes, and then node after node
// is taken out while the balancer has none left. One that is asked tells it itself.
func balancerKnown(f *Facts) []Finding {
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
	for _, n := range []struct {
		flag       string
		told, said any
		differ     bool
	}{
		{"--lb-interval", f.Settings.Balancer.Interval, b.Facts.Interval, differ(f.Settings.Balancer.Interval, b.Facts.Interval)},
		{"--lb-timeout", f.Settings.Balancer.Timeout, b.Facts.Timeout, differ(f.Settings.Balancer.Timeout, b.Facts.Timeout)},
		{"--lb-unhealthy", f.Settings.Balancer.Unhealthy, b.Facts.Unhealthy, differ(f.Settings.Balancer.Unhealthy, b.Facts.Unhealthy)},
		{"--lb-healthy", f.Settings.Balancer.Healthy, b.Facts.Healthy, differ(f.Settings.Balancer.Healthy, b.Facts.Healthy)},
	} {
		if n.differ {
			out = append(out, warn(fmt.Sprintf("%s is %v, but %s says %v of itself", n.flag, n.told, b.Facts.Name, n.said), "leave "+n.flag+" out"))
		}
	}
	if b.Facts.Sticky {
		out = append(out, warn(b.Facts.Name+" keeps clients at one node: those of a node that drains may go on being sent there until they have no session left", "lower the stickiness for the cutover"))
	}
	if b.Facts.Owner != "" {
		finding, remedy := warn, "pause it for the cutover"
		if b.Facts.Reverts && !f.AcceptOwner {
			finding, remedy = stop, remedy+", and add --accept-owner"
		}
		out = append(out, finding(b.Facts.Name+" is kept by "+b.Facts.Owner+", which may put a node back that is being moved", remedy))
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

// differ tells whether two numbers that are both known are not the same.
func differ[N int | time.Duration](told, said N) bool { return told != 0 && said != 0 && told != said }
