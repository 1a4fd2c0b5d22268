// Package lb speaks to the load balancers in front of the proxies.
package lb

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"k8s.io/client-go/kubernetes"
)

// Target is a node as a load balancer knows it.
type Target struct {
	Node    string `json:"node"`
	Address string `json:"address"`
	// Ports are the host ports that the proxies serve.
	Ports []int32 `json:"ports,omitempty"`
	// ProviderID is the node's spec.providerID, such as aws:///eu-central-1a/i-0123; "" where
	// no cloud says it.
	ProviderID string `json:"providerID,omitempty"`
	// Original is what a Rememberer said of it before it was drained.
	Original json.RawMessage `json:"-"`
}

// State is what a load balancer does with a target.
type State string

// The states. Unknown is never treated as good.
const (
	InService State = "InService" // gets requests
	Initial   State = "Initial"   // not checked yet
	Draining  State = "Draining"  // gets no new requests, some are under way
	Out       State = "Out"       // gets none, and none is under way
	Unhealthy State = "Unhealthy" // its checks fail
	Unknown   State = "Unknown"   // cannot be told, or differs from server to server
)

// states lists them, for what comes from outside.
var states = []State{InService, Initial, Draining, Out, Unhealthy, Unknown}

// Facts are what a load balancer says about itself; zero is not known.
type Facts struct {
	// Name is for people, such as "HAProxy 2.6.12 at unix:/run/haproxy.sock".
	Name string `json:"name"`
	// Interval and Timeout of the health check.
	Interval time.Duration `json:"-"`
	Timeout  time.Duration `json:"-"`
	// Healthy and Unhealthy are how many checks in a row change a target's state.
	Healthy   int `json:"healthy,omitempty"`
	Unhealthy int `json:"unhealthy,omitempty"`
	// DeregistrationDelay is how long requests under way may take once a target drains.
	DeregistrationDelay time.Duration `json:"-"`
	// Sticky tells whether clients are kept at one target.
	Sticky bool `json:"sticky,omitempty"`
	// Owner is what else changes it, such as a controller that would change it back.
	Owner string `json:"owner,omitempty"`
	// Reverts: it is known that the owner changes it back.
	Reverts bool `json:"-"`
}

// Drainer is a load balancer that takes single nodes out of rotation. Without one a
// cutover is passive: the balancer's own health check sees the leaving proxy's /ping turn
// bad, and the proxy goes on serving long enough.
type Drainer interface {
	Describe(ctx context.Context) (Facts, error)
	// Drain and Undrain are idempotent and return at once; State tells the rest.
	Drain(ctx context.Context, target Target) error
	Undrain(ctx context.Context, target Target) error
	// State also says in a few words why.
	State(ctx context.Context, target Target) (State, string, error)
}

// Rememberer is a Drainer that forgets what it drains: what has to be known to undrain a
// node is kept elsewhere, and is part of the Target from then on.
type Rememberer interface {
	Drainer
	// Remember is asked once, before the first Drain.
	Remember(ctx context.Context, target Target) (json.RawMessage, error)
}

// Kinds of load balancers as --lb names them.
const (
	Passive       = "passive"
	kindHAProxy   = "haproxy"
	kindExec      = "exec"
	kindNodeLabel = "node-label"
)

// Parse reads a value of --lb; nil without an error is passive:
//
//	passive                                the balancer's health check does it
//	haproxy:ADDRESS[,ADDRESS…]             runtime API of one HAProxy or several;
//	                                       unix:/path or host:port
//	exec:PROGRAM [ARGUMENT…]               a program of your own, see Exec
//	node-label:DURATION                    a cloud's controller, see NodeLabel
//
// The client is that of the nodes' cluster; a value can be judged without one.
func Parse(value string, client kubernetes.Interface) (Drainer, error) {
	kind, rest, _ := strings.Cut(value, ":")
	switch kind {
	case Passive, "":
		if rest != "" {
			return nil, fmt.Errorf("--lb=%s: passive takes nothing behind it", value)
		}
		return nil, nil
	case kindHAProxy:
		addresses := strings.Split(rest, ",")
		if slices.Contains(addresses, "") {
			return nil, fmt.Errorf("--lb=%s: name the runtime socket, such as haproxy:unix:/run/haproxy/admin.sock or haproxy:10.0.0.5:9999", value)
		}
		return NewHAProxy(addresses), nil
	case kindExec:
		command := strings.Fields(rest)
		if len(command) == 0 {
			return nil, fmt.Errorf("--lb=%s: name the program, such as exec:./my-load-balancer", value)
		}
		return NewExec(command), nil
	case kindNodeLabel:
		delay, err := time.ParseDuration(rest)
		if err != nil || delay <= 0 {
			return nil, fmt.Errorf("--lb=%s: say how long the cloud takes to stop and to begin using a node, such as node-label:90s", value)
		}
		return NewNodeLabel(client, delay), nil
	}
	return nil, fmt.Errorf("--lb=%s: unknown load balancer %q: passive, aws:TARGET-GROUP, haproxy:ADDRESS, node-label:DURATION or exec:PROGRAM", value, kind)
}
