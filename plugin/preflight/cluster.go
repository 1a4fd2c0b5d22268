package preflight

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

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

func crds(f *Facts) []Finding {
	if why, ok := f.Unreadable["the API's resources"]; ok {
		return []Finding{unknown("the API's resources cannot be read: "+why, "make sure that the CRDs of the new Traefik are installed")}
	}
	if len(f.RouteGroups) == 0 {
		return []Finding{stop("the cluster has no IngressRoutes (neither traefik.io nor traefik.containo.us)", "install the CRDs of the new Traefik first")}
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

// gateSeen: the gate puts a route beside the new proxy, which must read it.
func gateSeen(f *Facts) []Finding {
	namespaces := f.NewConfig.RouteNamespaces
	if own := f.Fleet.New.Name.Namespace; len(namespaces) > 0 && !slices.Contains(namespaces, own) {
		return []Finding{stop(
			name(f.Fleet.New)+" reads routes of "+some(namespaces)+" only, so that the gate's route in its own namespace would not be seen",
			"add "+own+" to providers.kubernetesCRD.namespaces",
		)}
	}
	return nil
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

// margin of the pods' grace: Traefik 1 closes what is left within 10 s of its
// own after graceTimeOut, and the kubelet needs a moment.
const margin = 15 * time.Second

func seconds(d time.Duration) string { return strconv.FormatFloat(d.Seconds(), 'f', -1, 64) + " s" }

func (f *Facts) config(side fleet.Side) Config {
	if side == fleet.Old {
		return f.OldConfig
	}
	return f.NewConfig
}

// drainAccept: the leaving proxy must accept requests for as long as the balancer
// needs to notice that it leaves.
func drainAccept(f *Facts) []Finding {
	if f.LoadBalancer != nil {
		return nil // it has let go of the node before
	}
	if why, ok := f.Unreadable["configmaps"]; ok {
		return []Finding{unknown("the proxies' configuration cannot be read: "+why, "check requestAcceptGraceTimeout yourself")}
	}
	var out []Finding
	b := f.Settings.Balancer
	for _, set := range f.sets() {
		c := f.config(set.Side)
		accept := c.Accept + preStop(set)
		setting := c.acceptSetting()
		switch {
		case c.Problem != "":
			out = append(out, unknown(name(set)+": "+c.Problem, "check "+setting+" yourself"))
		case b.Known() && accept < b.Detection():
			out = append(out, stop(
				fmt.Sprintf("the balancer needs %s to notice (%d x %s + %s + %s), %s stops accepting after %s", seconds(b.Detection()), b.Unhealthy, seconds(b.Interval), seconds(b.Timeout), seconds(b.Margin), name(set), seconds(accept)),
				fmt.Sprintf("set %s of %s to %s or more, or check more often", setting, name(set), seconds(b.Detection())),
			))
		case !b.Known() && accept == 0:
			out = append(out, warn(
				name(set)+" stops accepting the moment it is told to end: what the balancer sends until it notices is lost",
				"set "+setting+" to what the balancer needs (unhealthy threshold x interval + timeout + 10 s), and tell the numbers with --lb-interval, --lb-timeout, --lb-unhealthy, --lb-healthy",
			))
		case !b.Known():
			out = append(out, unknown(
				fmt.Sprintf("%s accepts requests for %s after it is told to end; whether that is enough depends on the balancer", name(set), seconds(accept)),
				"tell its numbers with --lb-interval, --lb-timeout, --lb-unhealthy, --lb-healthy",
			))
		}
	}
	return out
}

// preStop is how long a pod sleeps before it gets SIGTERM; only the sleep action
// says so.
func preStop(set *fleet.Set) time.Duration {
	longest := time.Duration(0)
	for _, c := range set.Object.Spec.Template.Spec.Containers {
		if c.Image == set.Image && c.Lifecycle != nil && c.Lifecycle.PreStop != nil && c.Lifecycle.PreStop.Sleep != nil {
			longest = max(longest, time.Duration(c.Lifecycle.PreStop.Sleep.Seconds)*time.Second)
		}
	}
	return longest
}

// drainGrace: a pod that is killed in the middle of its drain loses requests.
func drainGrace(f *Facts) []Finding {
	var out []Finding
	for _, set := range f.sets() {
		c := f.config(set.Side)
		if c.Problem != "" {
			continue
		}
		need := preStop(set) + c.Accept + c.Finish + margin
		grace := time.Duration(set.Grace()) * time.Second
		if grace >= need {
			continue
		}
		// Without a grace for accepting there is little to be cut off.
		finding := warn
		if c.Accept > 0 {
			finding = stop
		}
		out = append(out, finding(
			fmt.Sprintf("pods of %s are killed after %s, but need %s to end (%s accepting + %s finishing + %s closing)", name(set), seconds(grace), seconds(need), seconds(preStop(set)+c.Accept), seconds(c.Finish), seconds(margin)),
			fmt.Sprintf("set terminationGracePeriodSeconds of %s to %.0f or more", name(set), need.Seconds()),
		))
	}
	return out
}

// routeLoading is how long after its first good /ping a proxy may lack routes or
// certificates: what a provider saw first is loaded at once, the rest only after
// providersThrottleDuration (2 s by default, Traefik 1.7 and 2), and a busy node
// takes longer. Without a drain at the balancer only its up-threshold keeps
// requests away for so long.
const routeLoading = 5 * time.Second

// returning: /ping is good before routes are loaded.
func returning(f *Facts) []Finding {
	b := f.Settings.Balancer
	if !b.Known() || f.LoadBalancer != nil {
		return nil
	}
	out := time.Duration(b.Healthy) * b.Interval
	if out >= routeLoading {
		return nil
	}
	return []Finding{warn(
		fmt.Sprintf("the balancer uses a node again %s after its first good check (%d x %s), but routes and certificates can be %s late: some requests would get 404 or the default certificate", seconds(out), b.Healthy, seconds(b.Interval), seconds(routeLoading)),
		fmt.Sprintf("ask for %d good checks in a row", int((routeLoading+b.Interval-1)/b.Interval)),
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
	minor, err := strconv.Atoi(strings.TrimRight(f.Server.Minor, "+"))
	if err != nil || f.Server.Major != "1" {
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
