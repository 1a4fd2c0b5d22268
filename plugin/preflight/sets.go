package preflight

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/fleet"
)

const recycle = "kubectl ingress-migrate recycle"

// priority: a new proxy with a higher priority preempts every old pod the moment
// it is created, because a taken host port is a reason to preempt.
func priority(f *Facts) []Finding {
	if why, ok := f.Unreadable["priorityclasses"]; ok {
		return []Finding{unknown("priority classes cannot be read: "+why, "make sure that "+name(f.Fleet.New)+" has no higher priority than "+name(f.Fleet.Old))}
	}
	oldClass, oldPriority, _ := f.priorityOf(f.Fleet.Old)
	newClass, newPriority, policy := f.priorityOf(f.Fleet.New)
	for _, n := range f.Fleet.Nodes {
		for _, p := range n.Of(fleet.Old) {
			// Running pods keep the priority that they were admitted with.
			oldPriority = min(oldPriority, p.Priority)
		}
	}
	if newPriority <= oldPriority || policy == corev1.PreemptNever {
		return nil
	}
	return []Finding{stop(
		fmt.Sprintf("%s (%s, %d) would preempt %s (%s, %d) on every node at once", name(f.Fleet.New), newClass, newPriority, name(f.Fleet.Old), oldClass, oldPriority),
		"give both the same priorityClassName, or that of "+name(f.Fleet.New)+" preemptionPolicy: Never",
	)}
}

// priorityOf resolves a template's class as admission does.
func (f *Facts) priorityOf(set *fleet.Set) (class string, value int32, policy corev1.PreemptionPolicy) {
	spec := set.Object.Spec.Template.Spec
	policy = corev1.PreemptLowerPriority
	class = "no class"
	switch spec.PriorityClassName {
	case "system-cluster-critical": // built in; see k8s.io/api/scheduling/v1
		return spec.PriorityClassName, 2000000000, policy
	case "system-node-critical":
		return spec.PriorityClassName, 2000001000, policy
	}
	for _, c := range f.PriorityClasses {
		if c.Name != spec.PriorityClassName && (spec.PriorityClassName != "" || !c.GlobalDefault) {
			continue
		}
		class, value = c.Name, c.Value
		if c.GlobalDefault && spec.PriorityClassName == "" {
			class += ", the cluster's default"
		}
		if c.PreemptionPolicy != nil {
			policy = *c.PreemptionPolicy
		}
	}
	if spec.PreemptionPolicy != nil {
		policy = *spec.PreemptionPolicy
	}
	return class, value, policy
}

func name(s *fleet.Set) string { return s.Name.Name }

// portsHidden: on the host's network only declared ports are seen by the
// scheduler; two processes would fight for a port that is not.
func portsHidden(f *Facts) []Finding {
	var out []Finding
	for _, set := range f.sets() {
		spec := set.Object.Spec.Template.Spec
		switch {
		case len(set.Ports) > 0:
		case spec.HostNetwork:
			out = append(out, stop(
				name(set)+" runs on the host's network without declaring ports: the scheduler would start both proxies on one node, where one of them crashes",
				"declare its ports in the container's ports: list",
			))
		default:
			out = append(out, stop(name(set)+" has no host ports, so it does not serve on its node", "move it by its Service or load balancer instead; a cutover by nodes does not apply"))
		}
	}
	return out
}

func (f *Facts) sets() []*fleet.Set { return []*fleet.Set{f.Fleet.Old, f.Fleet.New} }

// portsDiffer: the balancer asks the same ports of both, and the scheduler keeps
// the two apart only where their ports collide.
func portsDiffer(f *Facts) []Finding {
	var out []Finding
	if len(f.Fleet.Old.Ports) == 0 || len(f.Fleet.New.Ports) == 0 {
		return nil
	}
	for _, set := range f.sets() {
		other := f.Fleet.Set(set.Side.Other())
		http, https := set.WebPorts()
		for _, p := range set.Ports {
			if slices.ContainsFunc(other.Ports, func(o fleet.Port) bool { return o.Key() == p.Key() }) {
				continue
			}
			finding := fmt.Sprintf("%s declares host port %s (%s), %s does not", name(set), p, p.Key(), name(other))
			if slices.Contains(append(http, https...), p.HostPort) {
				out = append(out, stop(finding, "declare the same port, protocol and hostIP in both"))
			} else {
				out = append(out, warn(finding, "see that nobody needs it, or declare it in both"))
			}
		}
	}
	return out
}

// pendingRace: pods that wait for the ports take every node whose old pod ends,
// for whatever reason; under RollingUpdate a change of the old template hands
// over one node after the other and then gets stuck. The story's strategy wants them to wait,
// and begins with OnDelete and a template as it was: its hazards say what that leaves (E10).
func pendingRace(f *Facts) []Finding {
	waiting := 0
	for _, n := range f.Fleet.Nodes {
		for _, p := range n.Of(fleet.New) {
			if !p.Bound {
				waiting++
			}
		}
	}
	if waiting == 0 || f.Fleet.New.Guard.Present || f.byStory() {
		return nil
	}
	remedy := recycle + " guards " + name(f.Fleet.New) + " and removes them; cutover run begins with that too"
	if !f.Fleet.Old.Rolling() {
		return []Finding{warn(
			fmt.Sprintf("%s of %s wait for the ports that %s holds: each pod of %s that ends hands its node over", pods(waiting), name(f.Fleet.New), name(f.Fleet.Old), name(f.Fleet.Old)),
			remedy,
		)}
	}
	finding := stop(
		fmt.Sprintf("%s of %s wait for the ports that %s holds, and %s rolls by itself (RollingUpdate): any change of its template, an affinity too, hands over node after node and then gets stuck", pods(waiting), name(f.Fleet.New), name(f.Fleet.Old), name(f.Fleet.Old)),
		remedy,
	)
	finding.Mended = true
	return []Finding{finding}
}

func pods(n int) string {
	if n == 1 {
		return "1 pod"
	}
	return fmt.Sprintf("%d pods", n)
}

// surge: a surging pod needs the host port that the pod which it replaces holds.
func surge(f *Facts) []Finding {
	var out []Finding
	for _, set := range f.sets() {
		r := set.Object.Spec.UpdateStrategy.RollingUpdate
		if !set.Rolling() || r == nil || r.MaxSurge == nil || r.MaxSurge.String() == "0" || r.MaxSurge.String() == "0%" || len(set.Ports) == 0 {
			continue
		}
		out = append(out, stop(
			fmt.Sprintf("%s has maxSurge %s and host ports: its next roll-out waits for ever for a port that its own old pod holds", name(set), r.MaxSurge),
			"set updateStrategy.rollingUpdate to maxSurge: 0, maxUnavailable: 1; "+recycle+" does, where a roll-out is stuck already",
		))
	}
	return out
}

// selectors: a set that selects the other's pods would count them as its own.
func selectors(f *Facts) []Finding {
	var out []Finding
	if f.Fleet.Old.Name.Namespace != f.Fleet.New.Name.Namespace {
		return nil
	}
	for _, set := range f.sets() {
		other := f.Fleet.Set(set.Side.Other())
		selector, err := set.Selector()
		if err != nil {
			out = append(out, stop(err.Error(), "mend the selector"))
			continue
		}
		if selector.Matches(labels.Set(other.Object.Spec.Template.Labels)) {
			out = append(out, stop(
				fmt.Sprintf("the selector of %s (%s) matches the pods of %s as well", name(set), selector, name(other)),
				"create "+name(f.Fleet.New)+" anew with labels of its own; selectors cannot be changed",
			))
		}
	}
	return out
}

// nodesDiffer: where only one is wanted, nobody would serve after a move.
func nodesDiffer(f *Facts) []Finding {
	var onlyOld, onlyNew []string
	for _, n := range f.Fleet.Nodes {
		switch {
		case n.Gone:
		case n.WantedByOld && !n.WantedByNew:
			onlyOld = append(onlyOld, n.Name)
		case n.WantedByNew && !n.WantedByOld && n.Serves() != fleet.New:
			onlyNew = append(onlyNew, n.Name)
		}
	}
	var out []Finding
	if len(onlyOld) > 0 {
		out = append(out, stop(name(f.Fleet.New)+" is not meant for "+some(onlyOld)+", where "+name(f.Fleet.Old)+" serves", "give both the same nodeSelector, affinity and tolerations"))
	}
	if len(onlyNew) > 0 {
		out = append(out, warn(name(f.Fleet.New)+" is also meant for "+some(onlyNew)+"; those nodes stay without it until the old one is retired", "give both the same nodeSelector, affinity and tolerations"))
	}
	return out
}

func some(names []string) string {
	const most = 3
	if len(names) > most {
		return strings.Join(names[:most], ", ") + fmt.Sprintf(" and %d more", len(names)-most)
	}
	return strings.Join(names, ", ")
}

// rollout: guards must not be set while pods are being replaced.
func rollout(f *Facts) []Finding {
	var out []Finding
	for _, set := range f.sets() {
		outdated, rolling, leaving := 0, 0, 0
		for _, n := range f.Fleet.Nodes {
			for _, p := range n.Of(set.Side) {
				switch {
				case p.Terminating:
					leaving++
				case !p.UpToDate && p.Bound:
					rolling++
					if !p.Current {
						outdated++
					}
				}
			}
		}
		switch {
		case !set.Settled:
			out = append(out, stop("the controller has not seen the newest "+name(set)+" yet", "wait a moment, then preflight again"))
		case set.Rolling() && rolling > 0:
			out = append(out, stop(
				fmt.Sprintf("%s is being rolled out: %s of an older template are left", name(set), pods(rolling)),
				"wait for it (kubectl rollout status -n "+set.Name.Namespace+" daemonset/"+name(set)+"); if it is stuck, "+recycle,
			))
		case outdated > 0:
			out = append(out, warn(fmt.Sprintf("%s of %s are of an older template (OnDelete keeps them)", pods(outdated), name(set)), recycle+" renews them one by one"))
		case leaving > 0 && f.Fleet.Journal == nil:
			out = append(out, stop(fmt.Sprintf("%s of %s are ending", pods(leaving), name(set)), "wait until they are gone; one that does not end needs a look at its node"))
		}
	}
	return out
}

// notServing: what does not serve before the cutover cannot be judged after it.
func notServing(f *Facts) []Finding {
	var dark []string
	for i := range f.Fleet.Nodes {
		n := &f.Fleet.Nodes[i]
		if !n.Gone && n.Ready && n.WantedByOld && n.Serves() == "" {
			dark = append(dark, n.Name)
		}
	}
	if len(dark) == 0 {
		return nil
	}
	return []Finding{stop("no ready proxy on "+some(dark), "mend the pods there (kubectl ingress-migrate status), or "+recycle)}
}

func maxUnavailable(f *Facts) []Finding {
	r := f.Fleet.Old.Object.Spec.UpdateStrategy.RollingUpdate
	if !f.Fleet.Old.Rolling() || r == nil || r.MaxUnavailable == nil || r.MaxUnavailable.String() == "1" {
		return nil
	}
	return []Finding{warn(
		fmt.Sprintf("%s has maxUnavailable %s: whoever applies its manifest again during the cutover (GitOps) moves that many nodes at once", name(f.Fleet.Old), r.MaxUnavailable),
		"set it to 1",
	)}
}
