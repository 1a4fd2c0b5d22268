package rig

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover/gate"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/fleet"
)

// Diary keeps the events of an engine.
type Diary struct {
	t  *testing.T
	mu sync.Mutex
	// Events so far; read them when the engine has ended.
	Events []cutover.Event
	// On is called for every event, outside the lock.
	On func(cutover.Event)
}

// Observe writes an event down.
func (d *Diary) Observe(e cutover.Event) {
	d.mu.Lock()
	d.Events = append(d.Events, e)
	d.mu.Unlock()
	d.t.Logf("%-8s %-7s %-4s %s %s", e.Kind, e.Node, e.To, e.Text, e.Took.Round(time.Millisecond))
	if d.On != nil {
		d.On(e)
	}
}

// Text of everything that happened.
func (d *Diary) Text() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	var b strings.Builder
	for _, e := range d.Events {
		fmt.Fprintf(&b, "%s %s %s\n", e.Kind, e.Node, e.Text)
	}
	return b.String()
}

// At calls f once, when the first such event happens.
func At(kind cutover.Kind, node string, f func()) func(cutover.Event) {
	var once sync.Once
	return func(e cutover.Event) {
		if e.Kind == kind && e.Node == node {
			once.Do(f)
		}
	}
}

// Quick are the settings of tests: the order is the same, the waits are not.
func Quick() cutover.Settings {
	s := cutover.DefaultSettings()
	s.CanarySoak, s.Soak, s.Settle = 0, 0, 200*time.Millisecond
	s.PrePull = false // tests of that switch it on
	s.ReadyTimeout, s.GateTimeout, s.NodeTimeout = time.Minute, 20*time.Second, 2*time.Minute
	s.GateRounds, s.GateEvery, s.Poll = 2, 50*time.Millisecond, 50*time.Millisecond
	s.Balancer = cutover.Balancer{Interval: 50 * time.Millisecond, Timeout: 50 * time.Millisecond, Unhealthy: 1, Healthy: 1}
	s.LeaseDuration = 5 * time.Second
	return s
}

// EngineOn makes an engine for a cluster; tests change it before they use it.
func EngineOn(config *rest.Config, holder string, observer cutover.Observer) (*cutover.Engine, error) {
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return nil, err
	}
	return &cutover.Engine{
		Client: client,
		Reader: &fleet.Reader{Client: client, Now: time.Now},
		Gate:   &gate.Client{Dial: (&net.Dialer{}).DialContext, Timeout: 5 * time.Second, Parallel: 4},
		Requests: func(_ context.Context, ports gate.Ports) ([]gate.Request, error) {
			var out []gate.Request
			for _, p := range ports.HTTP {
				out = append(out,
					gate.Request{Scheme: "http", Port: p, Host: "shop.test", Path: "/"},
					gate.Request{Scheme: "http", Port: p, Host: "other.test", Path: "/"})
			}
			return out, nil
		},
		Clock: cutover.SystemClock{}, Observer: observer, Settings: Quick(), Holder: holder, Stop: make(chan struct{}),
	}, nil
}

// Engine is one of this test, and its diary.
func (r *Rig) Engine() (*cutover.Engine, *Diary) {
	r.T.Helper()
	d := &Diary{t: r.T}
	e, err := EngineOn(r.Config, "tester@here/"+r.T.Name(), d)
	r.Must(err)
	return e, d
}

// Stopped wants err to be a stop and returns it.
func (r *Rig) Stopped(err error) *cutover.Stopped {
	r.T.Helper()
	var stopped *cutover.Stopped
	if !errors.As(err, &stopped) {
		r.T.Fatalf("want a stop, got %v", err)
	}
	return stopped
}
