package cutover

import (
	"time"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover/gate"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover/journal"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover/traffic"
)

// Balancer is what is known of the health check of the load balancer in front.
// The zero value means that nothing is known.
type Balancer struct {
	Interval  time.Duration `json:"interval,omitempty"`
	Timeout   time.Duration `json:"timeout,omitempty"`
	Unhealthy int           `json:"unhealthy,omitempty"`
	Healthy   int           `json:"healthy,omitempty"`
	// Margin is how long it takes until what was noticed is acted on everywhere.
	Margin time.Duration `json:"margin,omitempty"`
	// Port that is checked; 0: not known.
	Port int32 `json:"port,omitempty"`
}

// Known tells whether the arithmetic can be done.
func (b Balancer) Known() bool { return b.Interval > 0 && b.Unhealthy > 0 && b.Healthy > 0 }

// Detection is how long a node must go on serving while it says that it leaves.
func (b Balancer) Detection() time.Duration {
	return time.Duration(b.Unhealthy)*b.Interval + b.Timeout + b.Margin
}

// Recovery is how long a healthy node stays out of rotation. Of a balancer that
// is not known, half a minute is assumed.
func (b Balancer) Recovery() time.Duration {
	if !b.Known() {
		return 30 * time.Second
	}
	return time.Duration(b.Healthy)*b.Interval + b.Timeout + b.Margin
}

// Settings are the choices of one cutover. They are kept in the journal, so that
// a resumed one makes the same.
type Settings struct {
	// Strategy of a cutover that begins; one that has begun keeps that of its journal.
	Strategy journal.Strategy `json:"strategy,omitempty"`
	// Canary is the first node; empty: the first by name.
	Canary string `json:"canary,omitempty"`
	// CanarySoak and Soak are how long a node is watched before the next one.
	CanarySoak time.Duration `json:"canarySoak"`
	Soak       time.Duration `json:"soak"`
	// PauseAfterCanary stops the cutover when the first node is moved.
	PauseAfterCanary bool `json:"pauseAfterCanary,omitempty"`
	// Batch is how many nodes may be out at once in the end, see BatchAfter;
	// BatchPercent, if set, is that as a share of all nodes.
	Batch        int `json:"batch"`
	BatchPercent int `json:"batchPercent,omitempty"`
	// PrePull has every node fetch the new proxy's image first.
	PrePull bool `json:"prePull,omitempty"`
	// Bake is how long all nodes stay with the new proxy before the old one may be retired.
	Bake time.Duration `json:"bake,omitempty"`
	// Floor is how many nodes serve at any moment at least; 0: see Floor.
	Floor int `json:"floor,omitempty"`
	// ZoneFloor is how many nodes of every zone serve at any moment; 0: see zoneFloor.
	ZoneFloor int `json:"zoneFloor,omitempty"`
	// AcceptSingleNode lifts the rule that two nodes serve at any moment.
	AcceptSingleNode bool     `json:"acceptSingleNode,omitempty"`
	Balancer         Balancer `json:"balancer"`
	// LongestRequest is how long a request may take; 0: not known.
	LongestRequest time.Duration `json:"longestRequest,omitempty"`
	// LoadBalancer is what takes nodes out of rotation, see lb.Parse; empty: its own health
	// check.
	LoadBalancer string `json:"loadBalancer,omitempty"`
	// Settle is how long pods must stay the same after a guard was set.
	Settle time.Duration `json:"settle"`
	// ReadyTimeout is how long a pod may take to become ready.
	ReadyTimeout time.Duration `json:"readyTimeout"`
	// GateTimeout is how long routes may take to be the same; GateRounds good
	// rounds in a row, GateEvery apart, are asked for.
	GateTimeout time.Duration `json:"gateTimeout"`
	GateRounds  int           `json:"gateRounds"`
	GateEvery   time.Duration `json:"gateEvery"`
	// Sample is the most routes that are asked per node.
	Sample int `json:"sample"`
	// NodeTimeout is how long to wait for nodes that are away before giving up.
	NodeTimeout time.Duration `json:"nodeTimeout"`
	// Ports to ask; empty: told by the old DaemonSet.
	Ports gate.Ports `json:"ports"`
	// Poll is how often the API is asked while waiting.
	Poll time.Duration `json:"poll"`
	// Traffic is what the new proxy's own metrics are held against while a node is
	// watched; nil: they are not asked. MetricsPort is where, 0: told by the DaemonSet.
	Traffic     *traffic.Limits `json:"traffic,omitempty"`
	MetricsPort int32           `json:"metricsPort,omitempty"`
	// Prometheus is the URL of a server that is asked Queries about every node.
	Prometheus string          `json:"prometheus,omitempty"`
	Queries    []traffic.Query `json:"queries,omitempty"`
	// Verify is how many requests are compared between an old node and one that was
	// moved, 0: none; Ignore is what may differ, see verify.ParseIgnore.
	Verify int      `json:"verify,omitempty"`
	Ignore []string `json:"ignore,omitempty"`
	// LeaseDuration is how long a dead operator keeps others out.
	LeaseDuration time.Duration `json:"leaseDuration"`
}

// DefaultSettings are for production: slow and careful.
func DefaultSettings() Settings {
	limits := traffic.DefaultLimits()
	return Settings{
		CanarySoak:    10 * time.Minute,
		Soak:          time.Minute,
		Batch:         1,
		PrePull:       true,
		Bake:          24 * time.Hour,
		Settle:        15 * time.Second,
		ReadyTimeout:  2 * time.Minute,
		GateTimeout:   time.Minute,
		GateRounds:    3,
		GateEvery:     3 * time.Second,
		Sample:        200,
		NodeTimeout:   10 * time.Minute,
		Traffic:       &limits,
		Poll:          500 * time.Millisecond,
		LeaseDuration: time.Minute,
	}
}

// FloorOf returns how many of nodes must serve at any moment: three quarters,
// never fewer than two, but always so few that one can be taken out of three.
func (s Settings) FloorOf(nodes int) int {
	if s.Floor > 0 {
		return s.Floor
	}
	if s.AcceptSingleNode && nodes <= 2 {
		return 1 // a single node serves alone, so it can never be taken out
	}
	threeQuarters := (3*nodes + 3) / 4
	return max(2, min(threeQuarters, nodes-1))
}
