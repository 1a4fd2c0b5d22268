// Package journal is the record of one cutover: a ConfigMap in the cluster that
// says what was there before, what is to be done in which order, and how far it
// got. It is a record, not the truth: what a node serves is decided by its label
// and by the guards on the two DaemonSets, and the engine asks those first.
package journal

import (
	"encoding/json"
	"slices"
	"time"
	"unicode/utf8"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover/traffic"
)

// Version of the stored form, the newest that is known. A reader refuses a newer one.
const Version = 2

// form is the version that a journal needs: who knows labels alone must not go on with
// the other strategy.
func (j *Journal) form() int {
	if j.Strategy == ByLabel {
		return 1
	}
	return Version
}

// Strategy is how nodes are given to one proxy or the other.
type Strategy string

// The strategies.
const (
	// ByLabel: by a label of the node, which guards on both DaemonSets obey.
	ByLabel Strategy = ""
	// Story: the old DaemonSet leaves out one host name after the other, while pods of the
	// new one wait for the ports on every node.
	Story Strategy = "story"
)

// Phase says how far a cutover got as a whole.
type Phase string

// The phases, in order.
const (
	// Preparing: originals are recorded, guards are being set.
	Preparing Phase = "preparing"
	// Switching: both guards are set, nodes are moved one after the other.
	Switching Phase = "switching"
	// Switched: every node is served by the new proxy.
	Switched Phase = "switched"
	// Retiring: the old DaemonSet is being removed for good.
	Retiring Phase = "retiring"
	// RollingBack: nodes are moved back to the old proxy.
	RollingBack Phase = "rolling-back"
	// Restoring: every node is back, the old DaemonSet is being restored.
	Restoring Phase = "restoring"
	// RolledBack: the old DaemonSet is exactly what it was before.
	RolledBack Phase = "rolled-back"
	// Aborted: given up; nodes stay where they are until rolled back.
	Aborted Phase = "aborted"
)

// NodePhase says how far the move of one node got.
type NodePhase string

// The phases of a node, in order; the last four are ends.
const (
	Waiting     NodePhase = "waiting"
	Draining    NodePhase = "draining"
	SwitchingTo NodePhase = "switching"
	Gating      NodePhase = "gating"
	Soaking     NodePhase = "soaking"
	Done        NodePhase = "done"
	Failed      NodePhase = "failed"
	Lost        NodePhase = "lost"
	Skipped     NodePhase = "skipped"
)

// InFlight tells whether a node was being worked on.
func (p NodePhase) InFlight() bool {
	switch p {
	case Draining, SwitchingTo, Gating, Soaking:
		return true
	}
	return false
}

// Journal is everything that is recorded about one cutover.
type Journal struct {
	Version int    `json:"version"`
	ID      string `json:"id"`
	// Sequence counts the writes: a writer that finds another number than its
	// own last one is not the only writer.
	Sequence int64 `json:"sequence"`
	// Fence is the Lease's number of transitions when the writer took it. A
	// writer never overwrites a higher one.
	Fence   int32     `json:"fence"`
	Holder  string    `json:"holder"`
	Started time.Time `json:"started"`
	Phase   Phase     `json:"phase"`
	// Strategy never changes within a cutover.
	Strategy Strategy `json:"strategy,omitempty"`
	Old      Original `json:"old"`
	New      Original `json:"new"`
	// Settings are the engine's, kept so that a resumed cutover makes the same
	// choices.
	Settings json.RawMessage `json:"settings,omitempty"`
	Floor    int             `json:"floor"`
	// Traffic is what the old proxies' metrics said before the first node was moved.
	Traffic *traffic.Counts `json:"traffic,omitempty"`
	// Pulled is the new proxy's image that every node has fetched; PulledID is what it
	// is on all of them, "" when that has no one name.
	Pulled   string `json:"pulled,omitempty"`
	PulledID string `json:"pulledID,omitempty"`
	// Switched is when the last node was moved to the new proxy.
	Switched *time.Time `json:"switched,omitempty"`
	// Stopped is why the engine stopped, empty while it runs or when it is done.
	Stopped string `json:"stopped,omitempty"`
	Nodes   []Node `json:"nodes"`
}

// Original is a DaemonSet as it was before the cutover touched it.
type Original struct {
	Name types.NamespacedName `json:"name"`
	UID  types.UID            `json:"uid"`
	// Revision is the name of its ControllerRevision.
	Revision string                         `json:"revision"`
	Strategy appsv1.DaemonSetUpdateStrategy `json:"strategy"`
	Template corev1.PodTemplateSpec         `json:"template"`
}

// Node is the record of one node, about 500 bytes.
type Node struct {
	Name  string    `json:"name"`
	Phase NodePhase `json:"phase"`
	// To is the side that the node is being moved to: old or new.
	To    string    `json:"to,omitempty"`
	Since time.Time `json:"since"`
	// Begun and Ended span the whole move of the node.
	Begun *time.Time `json:"begun,omitempty"`
	Ended *time.Time `json:"ended,omitempty"`
	// Dark is how long nobody served on the node, in seconds.
	Dark float64 `json:"darkSeconds,omitempty"`
	// Drained tells that we, and nobody else, took the node out of rotation.
	Drained bool `json:"drained,omitempty"`
	// Original is how the load balancer had the node before, see lb.Rememberer; nil where it
	// knows that itself, or the node is not drained.
	Original json.RawMessage `json:"original,omitempty"`
	Why      string          `json:"why,omitempty"`
	// Unasked: nobody moved it. Its pod of the one side ended, and the one of the other
	// side that waited took the ports.
	Unasked bool `json:"unasked,omitempty"`
	// Steps are the phases of the newest move, in order, MaxSteps of them at most.
	Steps []Step `json:"steps,omitempty"`
}

// Step is a phase of a node, and when it began.
type Step struct {
	Phase NodePhase `json:"phase"`
	At    time.Time `json:"at"`
}

// MaxSteps of a node are recorded: what the last ones of a move that was begun again
// and again say, the earlier ones said too.
const MaxSteps = 12

// Enter puts the node into a phase. A move that begins takes the place of the one
// before.
func (n *Node) Enter(phase NodePhase, now time.Time) {
	if phase.InFlight() && !n.Phase.InFlight() {
		n.Steps = nil
	}
	n.Phase, n.Since = phase, now.UTC().Truncate(time.Second)
	n.Steps = append(n.Steps, Step{Phase: phase, At: now.UTC().Truncate(time.Millisecond)})
	if more := len(n.Steps) - MaxSteps; more > 0 {
		n.Steps = slices.Delete(n.Steps, 0, more)
	}
}

// Node returns the record of a node, or nil. The record may be changed.
func (j *Journal) Node(name string) *Node {
	for i := range j.Nodes {
		if j.Nodes[i].Name == name {
			return &j.Nodes[i]
		}
	}
	return nil
}

// Plan appends nodes that are not recorded yet.
func (j *Journal) Plan(now time.Time, names ...string) {
	for _, name := range names {
		if j.Node(name) == nil {
			j.Nodes = append(j.Nodes, Node{Name: name, Phase: Waiting, Since: now})
		}
	}
}

// Forget removes a node that is no longer part of the cluster.
func (j *Journal) Forget(name string) {
	j.Nodes = slices.DeleteFunc(j.Nodes, func(n Node) bool { return n.Name == name })
}

// A journal of a thousand nodes must fit into a ConfigMap, whatever went wrong on each
// of them, beside the answers that routes are compared with: 1 MiB in all
// (k8s.io/kubernetes pkg/apis/core/validation ValidateConfigMap). So texts are cut, at
// so many bytes of JSON.
const (
	mostWhy     = 200
	mostStopped = 4000
)

// trim cuts texts that are longer than a journal has room for.
func (j *Journal) trim() {
	j.Stopped = trimmed(j.Stopped, mostStopped)
	for i := range j.Nodes {
		j.Nodes[i].Why = trimmed(j.Nodes[i].Why, mostWhy)
	}
}

// trimmed cuts a text that would take more than so many bytes in JSON.
func trimmed(text string, most int) string {
	const ellipsis = "…"
	size, end := 0, 0
	for i, r := range text {
		size += sizeInJSON(r)
		if size > most {
			return text[:end] + ellipsis
		}
		if size <= most-len(ellipsis) {
			end = i + utf8.RuneLen(r)
			if r == utf8.RuneError {
				end = i + 1 // an invalid byte, or the first of three
			}
		}
	}
	return text
}

// sizeInJSON is how many bytes encoding/json writes for a character.
func sizeInJSON(r rune) int {
	switch {
	case r == '"' || r == '\\' || r == '\n' || r == '\r' || r == '\t' || r == '\b' || r == '\f':
		return 2
	case r < 0x20 || r == '<' || r == '>' || r == '&' || r == '\u2028' || r == '\u2029' || r == utf8.RuneError:
		return 6
	}
	return utf8.RuneLen(r)
}

// Clone returns a copy that shares nothing.
func (j *Journal) Clone() *Journal {
	if j == nil {
		return nil
	}
	raw, err := json.Marshal(j)
	if err != nil {
		panic("journal: " + err.Error()) // plain data, cannot fail
	}
	out := &Journal{}
	if err := json.Unmarshal(raw, out); err != nil {
		panic("journal: " + err.Error())
	}
	return out
}
