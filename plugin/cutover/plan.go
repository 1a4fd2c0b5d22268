package cutover

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover/gate"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover/journal"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/fleet"
)

// Plan is what a cutover would do, for the eyes of whoever says yes.
type Plan struct {
	metav1.TypeMeta `json:",inline"`
	ID              string `json:"id"`
	// Strategy is story, or nothing.
	Strategy journal.Strategy `json:"strategy,omitempty"`
	// Hazards of the strategy in this cluster, to be confirmed by HazardsID.
	Hazards   []Hazard `json:"hazards,omitempty"`
	HazardsID string   `json:"hazardsID,omitempty"`
	// Forbidden says why nothing lets this begin, and HazardsID is empty then.
	Forbidden string `json:"forbidden,omitempty"`
	Old       string `json:"old"`
	New       string `json:"new"`
	OldTitle  string `json:"oldTitle"`
	NewTitle  string `json:"newTitle"`
	Journal   string `json:"journal"`
	// Nodes in the order in which they are moved; Done are there already.
	Nodes []string `json:"nodes"`
	Done  []string `json:"done,omitempty"`
	// Adopt are nodes that the new proxy serves without a label.
	Adopt []string `json:"adopt,omitempty"`
	// Pending pods of the new proxy that its guard will remove.
	Pending int `json:"pending,omitempty"`
	Total   int `json:"total"`
	// LoneZones have one node: nobody serves in them while it is moved.
	LoneZones []string `json:"loneZones,omitempty"`
	Floor     int      `json:"floor"`
	Batch     int      `json:"batch"`
	// Ports that are asked on every node.
	Ports gate.Ports `json:"ports"`
	// PerNode and Estimate are in seconds; what pods take to end and to start is
	// not known beforehand, so they are upper bounds of the waiting only.
	CanarySoakSeconds int `json:"canarySoakSeconds"`
	PerNodeSeconds    int `json:"perNodeSeconds"`
	EstimateSeconds   int `json:"estimateSeconds"`
}

// DeepCopyObject implements runtime.Object, so that every output format of
// kubectl works.
func (p *Plan) DeepCopyObject() runtime.Object {
	out := *p
	out.Nodes, out.Done, out.Adopt, out.LoneZones = slices.Clone(p.Nodes), slices.Clone(p.Done), slices.Clone(p.Adopt), slices.Clone(p.LoneZones)
	out.Hazards = slices.Clone(p.Hazards)
	out.Ports = gate.Ports{HTTP: slices.Clone(p.Ports.HTTP), HTTPS: slices.Clone(p.Ports.HTTPS)}
	return &out
}

// NewID makes the id of a cutover.
func NewID() string {
	var raw [3]byte
	// Never fails: crypto/rand ends the program rather than return an error.
	_, _ = rand.Read(raw[:])
	return hex.EncodeToString(raw[:])
}

// MakePlan plans a cutover of what is not moved yet. It returns an error when
// the fleet cannot be moved node by node.
func MakePlan(f *fleet.Fleet, s Settings, id string) (*Plan, error) {
	if err := f.Need(fleet.Old, fleet.New); err != nil {
		return nil, err
	}
	if s.Strategy == journal.Story {
		if err := mayStory(f); err != nil {
			return nil, err
		}
	}
	p := &Plan{
		TypeMeta: metav1.TypeMeta{APIVersion: APIVersion, Kind: PlanKind},
		ID:       id,
		Strategy: s.Strategy,
		Old:      f.Old.Name.String(), New: f.New.Name.String(), OldTitle: f.Old.Title, NewTitle: f.New.Title,
		Journal:           f.Namespace() + "/ingress-migrate-" + id,
		CanarySoakSeconds: int(s.CanarySoak.Seconds()),
		Ports:             PortsToAsk(f, s),
	}
	var stranded []string
	for _, name := range s.inOrder(f) {
		n := f.Node(name)
		switch {
		case n.WantedByOld && !n.WantedByNew:
			stranded = append(stranded, n.Name)
		case n.Side() == fleet.New:
			p.Done = append(p.Done, n.Name)
		case adoptable(n):
			p.Adopt = append(p.Adopt, n.Name)
		case n.WantedByOld:
			p.Nodes = append(p.Nodes, n.Name)
		}
		p.Total++
		for _, pod := range n.Of(fleet.New) {
			if pod.PortsTaken {
				p.Pending++
			}
		}
	}
	if len(stranded) > 0 {
		return nil, fmt.Errorf("DaemonSet %s does not want %s, where %s serves: nobody would serve there; give both the same nodeSelector, affinity and tolerations", f.New.Name, list(stranded), f.Old.Name)
	}
	if len(p.Ports.HTTP)+len(p.Ports.HTTPS) == 0 {
		return nil, fmt.Errorf("cannot tell which host ports of DaemonSet %s speak HTTP: name them with --http-port or --https-port", f.Old.Name)
	}
	if s.Canary != "" && !slices.Contains(p.Nodes, s.Canary) {
		return nil, fmt.Errorf("the canary %s is not among the nodes to be moved (%s)", s.Canary, list(p.Nodes))
	}
	p.Floor, p.Batch = s.FloorOf(p.Total), s.MostAtOnce(p.Total)
	var err error
	if p.LoneZones, err = s.unzoned(f); err != nil {
		return nil, err
	}
	if p.Total == 1 {
		return nil, fmt.Errorf("there is one node, and nobody serves while it is moved: add a node")
	}
	if p.Total-1 < p.Floor {
		return nil, fmt.Errorf("%d of %d nodes must serve at any moment, so none can be taken out: add a node, or accept the risk with --i-accept-single-node or --floor", p.Floor, p.Total)
	}
	perNode := time.Duration(s.GateRounds-1)*s.GateEvery + s.Balancer.Recovery() + s.Soak + time.Duration(f.Old.Grace())*time.Second
	p.PerNodeSeconds = int(perNode.Seconds())
	if n := len(p.Nodes); n > 0 {
		rounds := 0
		for done := 0; done < n; done += s.BatchAfter(done, p.Total) {
			rounds++
		}
		p.EstimateSeconds = int((s.Settle + time.Duration(rounds)*perNode + s.CanarySoak - s.Soak).Seconds())
	}
	return p, nil
}

// adoptable: the new proxy runs there already, by whatever means it got there.
func adoptable(n *fleet.Node) bool {
	return n.Side() == fleet.Old && slices.ContainsFunc(n.Of(fleet.New), func(p fleet.Pod) bool { return p.Bound && !p.Terminating })
}

// PortsToAsk are the settings' or the old DaemonSet's.
func PortsToAsk(f *fleet.Fleet, s Settings) gate.Ports {
	if len(s.Ports.HTTP)+len(s.Ports.HTTPS) > 0 {
		return s.Ports
	}
	set := f.Old
	if set == nil {
		set = f.New
	}
	http, https := set.WebPorts()
	return gate.Ports{HTTP: http, HTTPS: https}
}

// list joins names for a message, not too many of them.
func list(names []string) string {
	const most = 5
	if len(names) > most {
		return strings.Join(names[:most], ", ") + fmt.Sprintf(" and %d more", len(names)-most)
	}
	return strings.Join(names, ", ")
}
