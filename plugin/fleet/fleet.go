// Package fleet is the picture of an edge: the old and the new proxy's DaemonSet,
// the nodes they are meant for, who holds the host ports of each node, the guards
// and labels that decide it, and the record of a cutover. It is read in a handful
// of lists and never changes anything.
package fleet

import (
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover/journal"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover/lock"
)

// What decides which proxy serves a node.
const (
	// NodeLabel on a node with value LabelNew hands it to the new proxy; a node
	// without it belongs to the old one.
	NodeLabel = "ingress-migrate.io/proxy"
	// LabelNew is the value of NodeLabel.
	LabelNew = "new"
	// GuardAnnotation on a guarded DaemonSet carries what is needed to take the
	// guard off again (see Guard), so that it survives a lost journal.
	GuardAnnotation = "ingress-migrate.io/guard"
	// PrePullLabel is on what runs a proxy's image for no other reason than to have it
	// fetched; its value is the cutover's id.
	PrePullLabel = "ingress-migrate.io/prepull"
)

// Side is one of the two proxies.
type Side string

// The sides.
const (
	Old Side = "old"
	New Side = "new"
)

// Other returns the opposite side.
func (s Side) Other() Side {
	if s == Old {
		return New
	}
	return Old
}

// Fleet is the whole picture.
type Fleet struct {
	// Old and New are nil when there is no such DaemonSet.
	Old, New *Set
	// Nodes that either proxy is meant for, runs on, or was planned for, by name.
	Nodes []Node
	// Lease is nil when nobody ever took it.
	Lease *Lease
	// Journal of the newest cutover; nil when there is none.
	Journal *journal.Journal
	// Requested is what a second command asked the running cutover for.
	Requested string

	selection Selection
	home      string
}

// Lease is who works on the proxies.
type Lease struct {
	Holder  string
	Purpose lock.Purpose
	// AgeSeconds since the last renewal, LeftSeconds until it runs out.
	AgeSeconds, LeftSeconds int
}

// Set returns the DaemonSet of a side, or nil.
func (f *Fleet) Set(side Side) *Set {
	if side == Old {
		return f.Old
	}
	return f.New
}

// Namespace is where journal and Lease live: the old proxy's, also once that is
// gone, or the new one's when it cannot be told.
func (f *Fleet) Namespace() string { return f.home }

// Node returns a node by name, or nil.
func (f *Fleet) Node(name string) *Node {
	for i := range f.Nodes {
		if f.Nodes[i].Name == name {
			return &f.Nodes[i]
		}
	}
	return nil
}

// Serving counts the nodes on which a ready pod of either side runs.
func (f *Fleet) Serving() int {
	count := 0
	for i := range f.Nodes {
		if f.Nodes[i].Serves() != "" {
			count++
		}
	}
	return count
}

// Set is one DaemonSet.
type Set struct {
	Side Side
	Name types.NamespacedName
	// Title is short and human, such as traefik-1.7.
	Title string
	Image string
	// Product and Major version by its image; "" and 0 when that does not tell.
	Product      string
	Major, Minor int
	// Guard as found in the live object.
	Guard Guard
	// Revision is the pod label value of the current template, "" when unknown;
	// RevisionName is the ControllerRevision's name.
	Revision, RevisionName string
	// Equivalent are the revisions, the current one among them, whose templates
	// differ by nothing but the nodes they want; pods made from them are alike.
	Equivalent []string
	// UnguardedRevision is the one that the template has without our guard, "" when there is
	// none: the controller finds again when the guard is taken off.
	UnguardedRevision string
	Ports             []Port
	// Settled: the controller has seen the newest spec.
	Settled bool
	// Object is the live DaemonSet, for those who judge or change it.
	Object *appsv1.DaemonSet
}

// Rolling tells whether the controller replaces pods by itself.
func (s *Set) Rolling() bool {
	return s.Object.Spec.UpdateStrategy.Type != appsv1.OnDeleteDaemonSetStrategyType
}

// Grace is the pods' termination grace period in seconds.
func (s *Set) Grace() int64 {
	if g := s.Object.Spec.Template.Spec.TerminationGracePeriodSeconds; g != nil {
		return *g
	}
	return 30 // the API's default
}

// Node is one edge node.
type Node struct {
	Name string
	// Gone: it was planned but is no longer part of the cluster.
	Gone bool
	// Address is the internal one; the proxies' host ports are asked there.
	Address string
	// ProviderID is what the cloud calls it, such as aws:///eu-central-1a/i-0123.
	ProviderID    string
	Ready         bool
	Unschedulable bool
	Zone          string
	// Architecture of its processor, such as amd64.
	Architecture string
	// Label is the value of NodeLabel.
	Label           string
	ResourceVersion string
	// WantedByOld and WantedByNew: the DaemonSet would place a pod here if it had
	// no guard of ours.
	WantedByOld, WantedByNew bool
	// Hostname is what its label kubernetes.io/hostname says.
	Hostname string
	// NotOld and NotNew: by the story's way, that side's DaemonSet leaves the node out.
	// Contested: neither does, and whose pod has the ports serves.
	NotOld, NotNew, Contested bool
	// HasNewImage: the kubelet reports the new proxy's image as present. It
	// reports the largest ones only, so false proves nothing.
	HasNewImage bool
	Scaling     Scaling
	// Labels and Taints decide what else may run here.
	Labels map[string]string
	Taints []corev1.Taint
	// Pods of both sides, Ready ones first.
	Pods []Pod
}

// Side that the label asks for, or the host names that the DaemonSets leave out: a node is
// the old one's until that leaves it out.
func (n *Node) Side() Side {
	if n.Label == LabelNew || n.NotOld {
		return New
	}
	return Old
}

// Serves tells whose ready pod runs here; "" when nobody's, or when the node is
// not ready. A terminating pod is a lame duck and does not count.
func (n *Node) Serves() Side {
	if !n.Ready {
		return ""
	}
	for i := range n.Pods {
		if n.Pods[i].Serves() {
			return n.Pods[i].Side
		}
	}
	return ""
}

// Of returns the node's pods of one side.
func (n *Node) Of(side Side) []Pod {
	var pods []Pod
	for _, p := range n.Pods {
		if p.Side == side {
			pods = append(pods, p)
		}
	}
	return pods
}
