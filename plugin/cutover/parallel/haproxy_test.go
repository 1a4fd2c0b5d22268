package parallel_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	networkingv1 "k8s.io/api/networking/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover/lock"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover/parallel"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/fleet"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/lb"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/probe"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/shift"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/verify"
	rigs "github.com/ingress-migrate/kubectl-ingress-migrate/test/rig"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/sandbox/balancer"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/sandbox/binaries"
)

// newPort is the host port of the new proxies, beside the old ones'.
const newPort = rigs.Port + 1

func onNewPort(ds *appsv1.DaemonSet) {
	c := &ds.Spec.Template.Spec.Containers[0]
	c.Args[0] = fmt.Sprintf("-address=$(NODE_IP):%d", newPort)
	c.Ports[0].ContainerPort, c.Ports[0].HostPort = newPort, newPort
	c.ReadinessProbe.HTTPGet.Port = intstr.FromInt32(newPort)
}

// front is a real HAProxy before two nodes with both proxies on each.
type front struct {
	*rigs.Rig
	haproxy balancer.Balancer
	sides   lb.Sides
}

func newFront(t *testing.T) *front {
	t.Helper()
	f := &front{Rig: rigs.New(t), sides: lb.Sides{Old: "plain/v1-*", New: "plain/v2-*"}}
	program, err := binaries.Ensure(t.Context(), os.Stderr, binaries.HAProxy)
	f.Must(err)
	nodes := f.Pair()
	f.Create(rigs.OldSet(rigs.OnPair))
	f.Create(rigs.NewSet(rigs.OnPair, onNewPort))
	for _, side := range []fleet.Side{fleet.Old, fleet.New} {
		f.Eventually("both proxies serve", func() error {
			w, err := f.workload(f.Client, side)(t.Context())
			if err == nil && w.Ready != len(nodes) {
				err = fmt.Errorf("%d of %s are ready", w.Ready, w.Name)
			}
			return err
		})
	}
	var targets []balancer.Target
	for _, n := range f.Sandbox.Nodes()[:len(nodes)] {
		for name, port := range map[string]int{"v1-": rigs.Port, "v2-": newPort} {
			targets = append(targets, balancer.Target{Name: name + n.Name, Address: net.JoinHostPort(n.Address, fmt.Sprint(port))})
		}
	}
	f.haproxy, err = balancer.StartHAProxy(t.Context(), program, balancer.Options{
		Listen: "127.0.0.1:0", Targets: targets, Check: balancer.Check{Interval: 200 * time.Millisecond, Timeout: 2 * time.Second},
	})
	f.Must(err)
	t.Cleanup(func() {
		if err := f.haproxy.Stop(); err != nil {
			t.Error(err)
		}
	})
	for _, name := range nodes {
		f.say("set weight plain/v2-" + name + " 0")
	}
	return f
}

// say gives HAProxy a command and returns its answer.
func (f *front) say(command string) string {
	f.T.Helper()
	connection, err := net.Dial("unix", balancer.RuntimeSocket(f.haproxy))
	f.Must(err)
	defer connection.Close()
	_, err = io.WriteString(connection, command+"\n")
	f.Must(err)
	answer, err := io.ReadAll(connection)
	f.Must(err)
	return strings.TrimSpace(string(answer))
}

// weights of all servers, in one line.
func (f *front) weights() string {
	f.T.Helper()
	var all []string
	for _, name := range []string{"edge-1", "edge-2"} {
		for _, side := range []string{"v1-", "v2-"} {
			weight, _, _ := strings.Cut(f.say("get weight plain/"+side+name), " ")
			all = append(all, side+name+"="+weight)
		}
	}
	return strings.Join(all, " ")
}

func (f *front) workload(client kubernetes.Interface, side fleet.Side) func(context.Context) (*fleet.Workload, error) {
	reader := &fleet.Reader{Client: client, Now: time.Now}
	ref, err := fleet.ParseWorkload(rigs.Namespace + "/" + string(side))
	f.Must(err)
	return func(ctx context.Context) (*fleet.Workload, error) { return reader.FindWorkload(ctx, side, ref) }
}

// mortal dies after a number of writes, to the API server or to HAProxy; nothing that it
// asks for afterwards arrives. Those of its lease do not count.
type mortal struct {
	lb.Shifter
	next  http.RoundTripper
	left  atomic.Int64
	death context.CancelFunc
}

func (m *mortal) wrote() {
	if m.left.Add(-1) == 0 {
		m.death()
	}
}

func (m *mortal) dead() bool { return m.left.Load() <= 0 }

func (m *mortal) RoundTrip(r *http.Request) (*http.Response, error) {
	if m.dead() {
		return nil, context.Canceled
	}
	response, err := m.next.RoundTrip(r)
	if r.Method != http.MethodGet && !strings.Contains(r.URL.Path, "/leases") {
		m.wrote()
	}
	return response, err
}

func (m *mortal) Write(ctx context.Context, c lb.Change) error {
	if m.dead() {
		return context.Canceled
	}
	err := m.Shifter.Write(ctx, c)
	m.wrote()
	return err
}

// engine dies after so many writes.
func (f *front) engine(writes int64) (*parallel.Engine, context.Context, *mortal) {
	f.T.Helper()
	haproxy, err := lb.NewHAProxyShifter([]string{"unix:" + balancer.RuntimeSocket(f.haproxy)}, f.sides)
	f.Must(err)
	ctx, death := context.WithCancel(f.T.Context())
	f.T.Cleanup(death)
	m := &mortal{Shifter: haproxy, death: death}
	m.left.Store(writes)
	config := rest.CopyConfig(f.Config)
	config.Wrap(func(next http.RoundTripper) http.RoundTripper { m.next = next; return m })
	client, err := kubernetes.NewForConfig(config)
	f.Must(err)
	holder := fmt.Sprintf("mortal@here/%d-%d", writes, time.Now().UnixNano())
	e := &parallel.Engine{
		Shift: &shift.Engine{
			Shifter: m, Store: &shift.Store{Client: client, Namespace: rigs.Namespace},
			LoadBalancer: "haproxy", Identity: "haproxy", Sides: f.sides, Holder: holder, Now: time.Now,
		},
		Acquire: func(ctx context.Context, purpose lock.Purpose) (shift.Lease, error) {
			return lock.Acquire(ctx, lock.Config{Client: client, Namespace: rigs.Namespace, Holder: holder, Purpose: purpose, Duration: time.Minute, Now: time.Now, After: time.After})
		},
		Old: f.workload(client, fleet.Old), New: f.workload(client, fleet.New),
		Clock: cutover.SystemClock{}, Observer: silent{}, Settings: parallel.Settings{Settings: rigs.Quick(), Weights: []int{50, 100}, MinHealthy: 100},
	}
	reader := &fleet.Reader{Client: client, Now: time.Now}
	e.Compare = func(ctx context.Context) (*verify.Report, error) { return f.compare(ctx, e, reader) }
	return e, ctx, m
}

type silent struct{}

func (silent) Observe(cutover.Event) {}

// compare asks both proxies past HAProxy, at their host ports; their bodies are their names.
func (f *front) compare(ctx context.Context, e *parallel.Engine, reader *fleet.Reader) (*verify.Report, error) {
	side := func(read func(context.Context) (*fleet.Workload, error)) (verify.Side, error) {
		w, err := read(ctx)
		if err != nil {
			return nil, err
		}
		urls, err := reader.URLs(ctx, w)
		if err != nil {
			return nil, err
		}
		return verify.ParseSide(urls)
	}
	old, err := side(e.Old)
	if err != nil {
		return nil, err
	}
	fresh, err := side(e.New)
	if err != nil {
		return nil, err
	}
	ignore, err := verify.ParseIgnore("body")
	if err != nil {
		return nil, err
	}
	prefix := networkingv1.PathTypePrefix
	shop := &networkingv1.Ingress{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "shop"}, Spec: networkingv1.IngressSpec{Rules: []networkingv1.IngressRule{{
		Host: "shop.test", IngressRuleValue: networkingv1.IngressRuleValue{HTTP: &networkingv1.HTTPIngressRuleValue{Paths: []networkingv1.HTTPIngressPath{{Path: "/", PathType: &prefix}}}},
	}}}}
	requests := verify.FromIngresses([]*networkingv1.Ingress{shop}, verify.Schemes(old, fresh))
	if len(requests) == 0 {
		return nil, errors.New("nothing to ask")
	}
	return verify.Run(ctx, verify.Options{Old: old, New: fresh, Requests: requests, Ignore: []verify.Ignore{ignore}, Timeout: 10 * time.Second, Parallel: 2})
}

// immortal is as many writes as nobody makes.
const immortal = 1 << 30

// heir does something after who died, whose lease is over: tests of the lease wait for that.
func (f *front) heir(do func(*parallel.Engine, context.Context) error) {
	f.T.Helper()
	err := f.Client.CoordinationV1().Leases(rigs.Namespace).Delete(f.T.Context(), lock.Name, metav1.DeleteOptions{})
	if !apierrors.IsNotFound(err) {
		f.Must(err)
	}
	e, ctx, _ := f.engine(immortal)
	f.Must(do(e, ctx))
}

// TestHAProxyUnderLoad shifts all requests to the new proxies and back, at a real HAProxy
// that repeats no request, with an operator who is killed after every single write: to the
// record and to HAProxy. No request is lost, and none gets another answer.
func TestHAProxyUnderLoad(t *testing.T) {
	f := newFront(t)
	original := f.weights()
	load, err := probe.Start(probe.Load{
		Requests: []probe.Request{{Name: "shop", Method: http.MethodGet, URL: "http://" + f.haproxy.Address() + "/", Host: "shop.test", Judge: func(a probe.Answer) probe.Verdict {
			if a.Status != http.StatusOK {
				return probe.Verdict{Outcome: probe.Lost, Cause: probe.ServerError, Detail: fmt.Sprint(a.Status)}
			}
			return probe.Verdict{Outcome: probe.Fine}
		}}},
		Rate: 200, Timeout: time.Minute, Transport: probe.Wire{}.Transport(),
	})
	f.Must(err)
	kills := 0
	for n := int64(1); ; n++ {
		e, ctx, operator := f.engine(n)
		err := e.Run(ctx)
		if !operator.dead() {
			f.Must(err)
			break
		}
		kills++
		if n%2 == 0 {
			f.heir(func(e *parallel.Engine, ctx context.Context) error {
				if r, err := e.Shift.Store.Open(ctx, shift.ID("haproxy", f.sides)); err != nil || !r.UnderWay() {
					return err // it died over the news that all is done
				}
				return e.Resume(ctx)
			})
			if got := f.weights(); got != "v1-edge-1=0 v2-edge-1=1 v1-edge-2=0 v2-edge-2=1" {
				t.Fatalf("killed after %d writes, resumed to %s", n, got)
			}
		}
		f.heir((*parallel.Engine).Rollback)
		if got := f.weights(); got != original {
			t.Fatalf("killed after %d writes, gone back to %s", n, got)
		}
	}
	for n := int64(1); ; n++ { // and on the way back
		e, ctx, operator := f.engine(n)
		err := e.Rollback(ctx)
		if !operator.dead() {
			f.Must(err)
			break
		}
		kills++
		f.heir(func(e *parallel.Engine, ctx context.Context) error {
			if r, err := e.Shift.Store.Open(ctx, shift.ID("haproxy", f.sides)); err != nil || !r.Active() {
				return err
			}
			return e.Rollback(ctx)
		})
		if got := f.weights(); got != original {
			t.Fatalf("going back killed after %d writes: %s", n, got)
		}
		f.heir((*parallel.Engine).Run)
	}
	if got := f.weights(); got != original {
		t.Errorf("in the end %s, in the beginning %s", got, original)
	}
	load.Stop()
	report := load.Wait()
	t.Logf("%d requests, %d kills", report.Sent, kills)
	if report.Lost+report.Changed > 0 || report.Sent == 0 || kills < 15 {
		t.Errorf("%d lost and %d changed of %d, %d kills: %v", report.Lost, report.Changed, report.Sent, kills, report.Causes)
	}
}
