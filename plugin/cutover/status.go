package cutover

import (
	"fmt"
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover/journal"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/fleet"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/lb"
)

// Kinds of reports in JSON and YAML, of APIVersion.
const (
	APIVersion = "ingress-migrate.io/v1alpha1"
	StatusKind = "Status"
	PlanKind   = "CutoverPlan"
)

// Status is the whole picture for a human or a script. It is an API object so
// that every output format of kubectl works on it.
type Status struct {
	metav1.TypeMeta `json:",inline"`
	Cluster         string `json:"cluster,omitempty"`
	ServerVersion   string `json:"serverVersion,omitempty"`
	// Routes says whether the cluster is flagged as supporting IngressRoutes.
	Routes string `json:"routes,omitempty"`
	// Ingresses sums up the scan, Webhook the in-cluster half.
	Ingresses string     `json:"ingresses,omitempty"`
	Webhook   string     `json:"webhook,omitempty"`
	Old       *SetStatus `json:"old,omitempty"`
	New       *SetStatus `json:"new,omitempty"`
	Migration Migration  `json:"migration"`
	// Parallel is a cutover by weights, beside which no node is moved.
	Parallel *ParallelStatus `json:"parallel,omitempty"`
	Serving  int             `json:"serving"`
	Floor    int             `json:"floor"`
	Nodes    []NodeStatus    `json:"nodes"`
	// Probe is what a probe found that ran meanwhile.
	Probe *Probed `json:"probe,omitempty"`
	// Problems are what is wrong, the worst first; Next is what to type.
	Problems []Problem `json:"problems,omitempty"`
	Next     string    `json:"next"`
}

// Probed counts the requests of a probe, and those that were lost.
type Probed struct {
	Sent int `json:"sent"`
	Lost int `json:"lost"`
}

// SetStatus is one DaemonSet.
type SetStatus struct {
	Name     string `json:"name"`
	Title    string `json:"title"`
	Image    string `json:"image"`
	Guarded  bool   `json:"guarded"`
	Strategy string `json:"strategy"`
	Revision string `json:"revision,omitempty"`
}

// Migration is where the cutover stands.
type Migration struct {
	ID    string `json:"id,omitempty"`
	Phase string `json:"phase"`
	// Strategy is story, or nothing.
	Strategy  journal.Strategy `json:"strategy,omitempty"`
	Started   time.Time        `json:"started,omitzero"`
	Holder    string           `json:"holder,omitempty"`
	Running   bool             `json:"running"`
	Requested string           `json:"requested,omitempty"`
	Stopped   string           `json:"stopped,omitempty"`
}

// ParallelStatus is where a cutover by weights stands.
type ParallelStatus struct {
	Phase        string   `json:"phase"`
	LoadBalancer string   `json:"loadBalancer"`
	Sides        lb.Sides `json:"sides"`
	// Weight is how many percent of the requests go to the new side, Good how many have
	// passed their gates.
	Weight int `json:"weight"`
	Good   int `json:"good"`
	// Since is when Weight was set.
	Since   time.Time `json:"since,omitzero"`
	Started time.Time `json:"started"`
	Holder  string    `json:"holder"`
	Running bool      `json:"running"`
	Stopped string    `json:"stopped,omitempty"`
	Next    string    `json:"next"`
}

// NodeStatus is one edge node.
type NodeStatus struct {
	Name string `json:"name"`
	// Serves is the title of the proxy that serves; empty: nobody.
	Serves string `json:"serves,omitempty"`
	Pod    string `json:"pod,omitempty"`
	Ready  bool   `json:"ready"`
	// Since is when the pod became ready, or was created.
	Since time.Time `json:"since,omitzero"`
	State string    `json:"state"`
	Label string    `json:"label,omitempty"`
	// Owner is whose the node is, by its label or, with strategy story, by the host names that
	// the DaemonSets leave out: old, new, or both where neither leaves it out.
	Owner string `json:"owner,omitempty"`
	Pods  int    `json:"pods"`
}

// Problem is something wrong and what to do about it.
type Problem struct {
	Object  string `json:"object"`
	What    string `json:"what"`
	Command string `json:"command,omitempty"`
}

// DeepCopyObject implements runtime.Object.
func (s *Status) DeepCopyObject() runtime.Object {
	out := *s
	out.Nodes, out.Problems = slices.Clone(s.Nodes), slices.Clone(s.Problems)
	if s.Probe != nil {
		probe := *s.Probe
		out.Probe = &probe
	}
	for _, set := range []**SetStatus{&out.Old, &out.New} {
		if *set != nil {
			copied := **set
			*set = &copied
		}
	}
	return &out
}

// NewStatus tells a fleet as it is now.
func NewStatus(f *fleet.Fleet, settings Settings, now time.Time) *Status {
	s := &Status{
		TypeMeta: metav1.TypeMeta{APIVersion: APIVersion, Kind: StatusKind},
		Old:      setStatus(f.Old), New: setStatus(f.New),
		Migration: Migration{Phase: PhaseText(f), Strategy: f.Strategy()},
		Serving:   f.Serving(), Floor: settings.FloorOf(present(f)), Next: Next(f),
	}
	if present(f) == 0 {
		s.Floor = 0 // nobody can serve, and nobody has to
	}
	if j := f.Journal; j != nil {
		s.Migration.ID, s.Migration.Started, s.Migration.Holder, s.Migration.Stopped = j.ID, j.Started, j.Holder, j.Stopped
		s.Migration.Requested = f.Requested
	}
	if f.Lease != nil {
		s.Migration.Running, s.Migration.Holder = true, f.Lease.Holder
	}
	for i := range f.Nodes {
		n := &f.Nodes[i]
		node := NodeStatus{Name: n.Name, State: State(f, n, now), Label: n.Label, Owner: owner(n), Pods: len(n.Pods)}
		if side := n.Serves(); side != "" {
			node.Serves = title(f, side)
		}
		if len(n.Pods) > 0 {
			p := n.Pods[0]
			node.Pod, node.Ready, node.Since = p.Name, p.Serves() && n.Ready, p.ReadySince
			if !p.Ready {
				node.Since = p.Created
			}
		}
		s.Nodes = append(s.Nodes, node)
	}
	if j := f.Journal; j != nil && f.Lease == nil && MayRetire(f, settings.Bake, now) == nil && j.Phase == journal.Switched {
		s.Next = "retire the old proxy (" + retireCommand + "), or go back (" + rollbackAllCommand + ")"
	}
	s.Problems = problems(f, settings)
	for _, a := range Stuck(f, now) {
		s.Problems = append(s.Problems, Problem{Object: a.Target, What: a.Why})
	}
	return s
}

func setStatus(set *fleet.Set) *SetStatus {
	if set == nil {
		return nil
	}
	return &SetStatus{
		Name: set.Name.String(), Title: set.Title, Image: set.Image, Guarded: isGuarded(set),
		Strategy: string(set.Object.Spec.UpdateStrategy.Type), Revision: set.RevisionName,
	}
}

func problems(f *fleet.Fleet, settings Settings) []Problem {
	var out []Problem
	if floor := settings.FloorOf(present(f)); present(f) > 0 && f.Serving() < floor {
		out = append(out, Problem{Object: "nodes", What: fmt.Sprintf("only %d of %d serve, the floor is %d", f.Serving(), present(f), floor)})
	}
	if side := Widowed(f); side != "" {
		out = append(out, Problem{Object: string(side.Other()) + " DaemonSet", What: "was deleted in the middle of a cutover: its nodes are dark"})
	}
	if j := f.Journal; j != nil && f.Lease == nil {
		// A node that we took out of rotation stays out until we put it back.
		for _, n := range j.Nodes {
			if n.Drained {
				out = append(out, Problem{Object: n.Name, What: "is out of the load balancer's rotation, and it was us", Command: resumeCommand})
			}
		}
		if j.Stopped != "" && j.Phase != journal.RolledBack {
			out = append(out, Problem{Object: "cutover " + j.ID, What: j.Stopped})
		}
		if active := j.Phase == journal.Switching || j.Phase == journal.Switched; active {
			for _, side := range []fleet.Side{fleet.Old, fleet.New} {
				if set := f.Set(side); set != nil && !isGuarded(set) {
					out = append(out, Problem{Object: set.Name.String(), What: "has lost its guard (GitOps?)", Command: resumeCommand})
				}
			}
		}
	}
	if contested := contested(f); f.Lease == nil && contested > 0 {
		out = append(out, Problem{
			Object: countOf(contested, "node"), What: "wanted by both proxies: whose pod ends there loses it, and nobody judges that while no cutover runs (--strategy=story)", Command: resumeCommand,
		})
	}
	if f.Lease == nil {
		for _, a := range PlanRecycle(f) {
			out = append(out, Problem{Object: a.Target, What: a.Why, Command: recycleCommand})
		}
	}
	return out
}

// owner says whose a node is.
func owner(n *fleet.Node) string {
	if n.Contested {
		return "both"
	}
	return string(n.Side())
}

// contested counts the nodes that both sides want.
func contested(f *fleet.Fleet) int {
	count := 0
	for i := range f.Nodes {
		if n := &f.Nodes[i]; n.Contested && !n.Gone {
			count++
		}
	}
	return count
}
