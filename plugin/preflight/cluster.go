package preflight

import (
	"fmt"
	"strconv"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/fleet"
)

// floor: taking one node out must leave enough.
func floor(f *Facts) []Finding {
	total, serving := 0, f.Fleet.Serving()
	for _, n := range f.Fleet.Nodes {
		if !n.Gone {
			total++
		}
	}
	must := f.Settings.FloorOf(total)
	switch {
	case total == 1:
		return []Finding{stop("there is one node, and nobody serves while it is moved", "add a node (surge for host ports is a node)")}
	case total-1 < must:
		return []Finding{stop(
			fmt.Sprintf("%d of %d nodes must serve at any moment, so none can be taken out", must, total),
			"add a node (surge for host ports is a node), or accept the risk with --i-accept-single-node or --floor",
		)}
	case serving-1 < must:
		return []Finding{stop(fmt.Sprintf("%d of %d nodes serve now and %d must at any moment", serving, total, must), "bring the others back first (kubectl ingress-migrate status)")}
	}
	return nil
}

func scanClean(f *Facts) []Finding {
	switch {
	case f.Scan == nil:
		return []Finding{unknown("routes were not compared", "kubectl ingress-migrate scan -A")}
	case f.Scan.Failed != "":
		return []Finding{unknown("routes cannot be compared: "+f.Scan.Failed, "kubectl ingress-migrate scan -A")}
	case f.Scan.Clean:
		return nil
	}
	next := f.Scan.Next
	if next == "" {
		next = "kubectl ingress-migrate scan -A"
	}
	return []Finding{stop(f.Scan.Text, next)}
}

func lease(f *Facts) []Finding {
	l := f.Fleet.Lease
	if l == nil {
		return nil
	}
	return []Finding{stop(
		fmt.Sprintf("%s is working on these proxies, last sign of life %d s ago", l.Holder, l.AgeSeconds),
		fmt.Sprintf("let it finish, or if it is dead wait %d s", l.LeftSeconds+1),
	)}
}

// budget: DaemonSet pods are deleted, not evicted, so a budget protects nothing.
func budget(f *Facts) []Finding {
	var out []Finding
	for _, b := range f.Budgets {
		selector, err := metav1.LabelSelectorAsSelector(b.Spec.Selector)
		if err != nil {
			continue
		}
		for _, set := range f.sets() {
			if b.Namespace == set.Name.Namespace && selector.Matches(labels.Set(set.Object.Spec.Template.Labels)) {
				out = append(out, warn(b.Name+" does not protect the pods of DaemonSet "+name(set), "nothing; the floor of the cutover does"))
			}
		}
	}
	return out
}

// image: pulling one takes minutes in which nobody serves on the node.
func image(f *Facts) []Finding {
	var missing []string
	for i := range f.Fleet.Nodes {
		n := &f.Fleet.Nodes[i]
		if n.WantedByNew && !n.HasNewImage && n.Serves() != fleet.New {
			missing = append(missing, n.Name)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	return []Finding{warn(
		f.Fleet.New.Image+" is not known to be on "+some(missing)+": while it is pulled nobody serves there",
		"pull it beforehand, for instance by a short DaemonSet without ports",
	)}
}

func nodesUnwell(f *Facts) []Finding {
	var away, cordoned []string
	for _, n := range f.Fleet.Nodes {
		switch {
		case n.Gone:
		case !n.Ready:
			away = append(away, n.Name)
		case n.Unschedulable:
			cordoned = append(cordoned, n.Name)
		}
	}
	var out []Finding
	if len(away) > 0 {
		out = append(out, warn(some(away)+" not ready: moved when back", "bring back, or remove from the cluster"))
	}
	if len(cordoned) > 0 {
		out = append(out, warn(some(cordoned)+" cordoned: DaemonSets run there all the same", "nothing, unless the node is about to go"))
	}
	return out
}

// services that select old pods only lose them node by node.
func services(f *Facts) []Finding {
	var out []Finding
	for _, s := range f.Services {
		if len(s.Spec.Selector) == 0 || s.Namespace != f.Fleet.Old.Name.Namespace {
			continue
		}
		selector := labels.SelectorFromSet(s.Spec.Selector)
		if !selector.Matches(labels.Set(f.Fleet.Old.Object.Spec.Template.Labels)) {
			continue
		}
		if s.Namespace == f.Fleet.New.Name.Namespace && selector.Matches(labels.Set(f.Fleet.New.Object.Spec.Template.Labels)) {
			continue
		}
		what := "loses its pods node by node"
		if s.Spec.ExternalTrafficPolicy == "Local" {
			what += ", and its load balancer its nodes (externalTrafficPolicy: Local)"
		}
		out = append(out, warn(fmt.Sprintf("Service %s/%s selects pods of %s only: it %s", s.Namespace, s.Name, name(f.Fleet.Old), what), "make one for "+name(f.Fleet.New)+" (dashboards, metrics)"))
	}
	return out
}

func acme(f *Facts) []Finding {
	if !f.OldConfig.ACME {
		return nil
	}
	return []Finding{warn(name(f.Fleet.Old)+" gets certificates itself (ACME) and keeps them in a file; the new one begins without them", "give the new one the converted file, or Secrets")}
}

func server(f *Facts) []Finding {
	if f.Server == nil {
		return []Finding{unknown("the server's version cannot be read: "+f.Unreadable["the server's version"], "")}
	}
	minor := f.minor()
	if minor < 0 {
		return nil
	}
	const tried = 19
	if minor < tried {
		return []Finding{warn("Kubernetes "+f.Server.GitVersion+" is older than what this was tried with", "rehearse on a test cluster of the same version")}
	}
	if f.OldConfig.Dialect == convert.FromTraefikV1 && minor >= 22 {
		return []Finding{warn("Traefik 1.7 reads extensions/v1beta1 Ingresses, which Kubernetes "+f.Server.GitVersion+" does not serve", "see that it still follows changes of Ingresses")}
	}
	return nil
}

// minor is the minor version of Kubernetes 1, -1 when it cannot be told.
func (f *Facts) minor() int {
	if f.Server == nil || f.Server.Major != "1" {
		return -1
	}
	minor, err := strconv.Atoi(strings.TrimRight(f.Server.Minor, "+"))
	if err != nil {
		return -1
	}
	return minor
}
