package preflight

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	"sync"
	"syscall"
	"time"

	corev1 "k8s.io/api/core/v1"

	"golang.org/x/sync/errgroup"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/fleet"
)

// portsTaken: whoever waits for a port gets it in the moment between the proxies.
func portsTaken(f *Facts) []Finding {
	if why, ok := f.Unreadable["workloads"]; ok {
		return []Finding{unknown(why, "see that no other workload wants the proxies' host ports")}
	}
	var out []Finding
	for _, w := range f.Workloads {
		if w.Kind == "DaemonSet" && slices.ContainsFunc(f.sets(), func(s *fleet.Set) bool { return s.Name.Namespace == w.Namespace && s.Name.Name == w.Name }) {
			continue
		}
		port, of := f.collision(fleet.PortsOf(w.Pod))
		if of == nil {
			continue
		}
		var where []string
		for i := range f.Fleet.Nodes {
			if n := &f.Fleet.Nodes[i]; !n.Gone && n.MayRun(w.Pod) {
				where = append(where, n.Name)
			}
		}
		if len(where) == 0 {
			continue
		}
		finding := stop // it has or wants a pod on each of them
		if w.Kind != "DaemonSet" {
			finding = warn
		}
		out = append(out, finding(
			fmt.Sprintf("%s wants host port %s as %s does, and may run on %s: whoever waits for it takes it when the old proxy ends", w, port, name(of), some(where)),
			"give it another port, or keep it off these nodes",
		))
	}
	if len(f.Listening) > 0 {
		out = append(out, stop(
			fmt.Sprintf("something answers already on %s, which %s is going to bind there: its pods would crash", some(f.Listening), name(f.Fleet.New)),
			"find out what it is (on the node: ss -ltnp), and end it or move "+name(f.Fleet.New)+" to another port",
		))
	}
	if len(f.Unasked) > 0 {
		out = append(out, unknown("no answer from "+some(f.Unasked)+": whether "+name(f.Fleet.New)+" can bind there is not known", "run this where nodes can be reached"))
	}
	return out
}

// collision finds a port of the proxies among ports.
func (f *Facts) collision(ports []fleet.Port) (fleet.Port, *fleet.Set) {
	for _, set := range f.sets() {
		for _, own := range set.Ports {
			if slices.ContainsFunc(ports, own.Collides) {
				return own, set
			}
		}
	}
	return fleet.Port{}, nil
}

// Dial opens a connection, as net.Dialer does.
type Dial func(ctx context.Context, network, address string) (net.Conn, error)

// Knock tries the ports that the new proxy alone binds, on nodes where it does not
// run: nobody should answer there yet. What no manifest tells of shows that way.
func (f *Facts) Knock(ctx context.Context, dial Dial) {
	const (
		atOnce = 32
		each   = 2 * time.Second
		atMost = 15 * time.Second
	)
	var ports []int32
	for _, p := range f.Fleet.New.Ports {
		if p.Protocol == corev1.ProtocolTCP && !slices.ContainsFunc(f.Fleet.Old.Ports, p.Collides) {
			ports = append(ports, p.HostPort)
		}
	}
	ctx, cancel := context.WithTimeout(ctx, atMost)
	defer cancel()
	var mutex sync.Mutex
	var group errgroup.Group
	group.SetLimit(atOnce)
	for _, port := range ports {
		for i := range f.Fleet.Nodes {
			n := &f.Fleet.Nodes[i]
			if n.Gone || !n.Ready || n.Address == "" || slices.ContainsFunc(n.Of(fleet.New), func(p fleet.Pod) bool { return p.Bound }) {
				continue
			}
			group.Go(func() error {
				limited, cancel := context.WithTimeout(ctx, each)
				defer cancel()
				connection, err := dial(limited, "tcp", net.JoinHostPort(n.Address, strconv.Itoa(int(port))))
				at := fmt.Sprintf("%s:%d", n.Name, port)
				mutex.Lock()
				defer mutex.Unlock()
				switch {
				case err == nil:
					connection.Close()
					f.Listening = append(f.Listening, at)
				case !errors.Is(err, syscall.ECONNREFUSED):
					f.Unasked = append(f.Unasked, at)
				}
				return nil
			})
		}
	}
	_ = group.Wait() // none returns an error
	slices.Sort(f.Listening)
	slices.Sort(f.Unasked)
}
