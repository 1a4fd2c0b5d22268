package cutover_test

import (
	"context"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover/gate"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover/journal"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/fleet"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/sandbox"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/sandbox/kubelet"
)

const (
	namespace = "edge"
	port      = 8000
	nodes     = 4
	floor     = 3
)

// shared is the one sandbox of this package: tests follow one another on it.
var shared struct {
	once sync.Once
	s    *sandbox.Sandbox
	err  error
}

func TestMain(m *testing.M) {
	if side := os.Getenv(proxyEnv); side != "" {
		os.Exit(runProxy(side))
	}
	if os.Getenv(operatorEnv) != "" {
		os.Exit(runOperator())
	}
	status := m.Run()
	if shared.s != nil {
		if err := shared.s.Stop(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			status = 1
		}
	}
	os.Exit(status)
}

// rig is a cluster with two DaemonSets on it, cleaned for one test.
type rig struct {
	t      *testing.T
	s      *sandbox.Sandbox
	client kubernetes.Interface
	config *rest.Config
}

func newRig(t *testing.T) *rig {
	t.Helper()
	shared.once.Do(func() {
		program, err := os.Executable()
		if err != nil {
			shared.err = err
			return
		}
		as := func(side string) kubelet.Program {
			return kubelet.Program{Path: program, Env: []string{proxyEnv + "=" + side}}
		}
		// The default limit on starting is the test binary's own.
		shared.s, shared.err = sandbox.Start(context.Background(), sandbox.Options{
			Nodes: nodes, NodeMonitorGracePeriod: 6 * time.Second, FirstProbes: 20 * time.Millisecond, Log: os.Stderr,
			Images: map[string]kubelet.Program{"traefik:1.7.34": as("old"), "traefik:2.11.50": as("new")},
		})
	})
	if shared.err != nil {
		t.Fatal(shared.err)
	}
	config := shared.s.RESTConfig()
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	r := &rig{t: t, s: shared.s, client: client, config: config}
	r.reset()
	return r
}

// reset removes what an earlier test left.
func (r *rig) reset() {
	r.t.Helper()
	ctx := r.t.Context()
	for _, n := range r.s.Nodes() {
		r.must(r.s.StartNode(ctx, n.Name))
		r.patchNode(n.Name, `{"metadata":{"labels":{"`+fleet.NodeLabel+`":null,"pair":null}}}`)
	}
	_, err := r.client.CoreV1().Namespaces().Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: namespace}}, metav1.CreateOptions{})
	if !apierrors.IsAlreadyExists(err) {
		r.must(err)
	}
	all := metav1.ListOptions{}
	r.must(r.client.AppsV1().DaemonSets(namespace).DeleteCollection(ctx, metav1.DeleteOptions{}, all))
	r.must(r.client.CoreV1().ConfigMaps(namespace).DeleteCollection(ctx, metav1.DeleteOptions{}, metav1.ListOptions{LabelSelector: journal.Label}))
	r.must(r.client.CoordinationV1().Leases(namespace).DeleteCollection(ctx, metav1.DeleteOptions{}, all))
	r.eventually("the last test's pods are gone", func() error {
		pods, err := r.client.CoreV1().Pods(namespace).List(ctx, all)
		if err == nil && len(pods.Items) > 0 {
			err = fmt.Errorf("%d pods left", len(pods.Items))
		}
		return err
	})
	r.eventually("all nodes are ready", func() error {
		for _, n := range r.s.Nodes() {
			node, err := r.client.CoreV1().Nodes().Get(ctx, n.Name, metav1.GetOptions{})
			if err != nil {
				return err
			}
			if len(node.Spec.Taints) > 0 {
				return fmt.Errorf("%s has taints %v", n.Name, node.Spec.Taints)
			}
		}
		return nil
	})
}

func (r *rig) patchNode(name, patch string) {
	r.t.Helper()
	_, err := r.client.CoreV1().Nodes().Patch(r.t.Context(), name, types.MergePatchType, []byte(patch), metav1.PatchOptions{})
	r.must(err)
}

func (r *rig) must(err error) {
	r.t.Helper()
	if err != nil {
		r.t.Fatal(err)
	}
}

// eventually waits for something that will be true; the limit is there to end a
// broken test, not to measure anything.
func (r *rig) eventually(what string, check func() error) {
	r.t.Helper()
	var err error
	for limit := time.Now().Add(2 * time.Minute); time.Now().Before(limit); time.Sleep(50 * time.Millisecond) {
		if err = check(); err == nil {
			return
		}
	}
	r.t.Fatalf("not in two minutes: %s: %v", what, err)
}

type change func(*appsv1.DaemonSet)

// args appends flags of the test's proxy.
func args(a ...string) change {
	return func(ds *appsv1.DaemonSet) {
		c := &ds.Spec.Template.Spec.Containers[0]
		c.Args = append(c.Args, a...)
	}
}

func rolling(maxUnavailable, maxSurge int32) change {
	return func(ds *appsv1.DaemonSet) {
		u, s := intstr.FromInt32(maxUnavailable), intstr.FromInt32(maxSurge)
		ds.Spec.UpdateStrategy = appsv1.DaemonSetUpdateStrategy{
			Type: appsv1.RollingUpdateDaemonSetStrategyType, RollingUpdate: &appsv1.RollingUpdateDaemonSet{MaxUnavailable: &u, MaxSurge: &s},
		}
	}
}

func onPair(ds *appsv1.DaemonSet) {
	ds.Spec.Template.Spec.NodeSelector = map[string]string{"pair": "yes"}
}

func onDelete(ds *appsv1.DaemonSet) {
	ds.Spec.UpdateStrategy = appsv1.DaemonSetUpdateStrategy{Type: appsv1.OnDeleteDaemonSetStrategyType}
}

// daemonSet is a proxy on host port 8000 of every node.
func daemonSet(name, image string, changes ...change) *appsv1.DaemonSet {
	labels := map[string]string{"app": name}
	grace := int64(10)
	ds := &appsv1.DaemonSet{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name},
		Spec: appsv1.DaemonSetSpec{
			Selector: &metav1.LabelSelector{MatchLabels: labels},
			Template: corev1.PodTemplateSpec{
				ObjectMeta: metav1.ObjectMeta{Labels: labels},
				Spec: corev1.PodSpec{
					HostNetwork:                   true,
					TerminationGracePeriodSeconds: &grace,
					Containers: []corev1.Container{{
						Name: "proxy", Image: image, Args: []string{fmt.Sprintf("-address=$(NODE_IP):%d", port)},
						Env:   []corev1.EnvVar{{Name: "NODE_IP", ValueFrom: &corev1.EnvVarSource{FieldRef: &corev1.ObjectFieldSelector{FieldPath: "status.hostIP"}}}},
						Ports: []corev1.ContainerPort{{Name: "web", ContainerPort: port, HostPort: port}},
						ReadinessProbe: &corev1.Probe{
							ProbeHandler:  corev1.ProbeHandler{HTTPGet: &corev1.HTTPGetAction{Path: "/ping", Port: intstr.FromInt32(port)}},
							PeriodSeconds: 1,
						},
					}},
				},
			},
		},
	}
	rolling(1, 0)(ds)
	for _, c := range changes {
		c(ds)
	}
	return ds
}

func oldSet(changes ...change) *appsv1.DaemonSet {
	return daemonSet("old", "traefik:1.7.34", changes...)
}
func newSet(changes ...change) *appsv1.DaemonSet {
	return daemonSet("new", "traefik:2.11.50", changes...)
}

func (r *rig) create(ds *appsv1.DaemonSet) {
	r.t.Helper()
	_, err := r.client.AppsV1().DaemonSets(namespace).Create(r.t.Context(), ds, metav1.CreateOptions{})
	r.must(err)
}

// deploy creates the old set, waits until it serves everywhere, and then the new.
func (r *rig) deploy(old, new *appsv1.DaemonSet) {
	r.t.Helper()
	r.create(old)
	r.waitServed(fleet.Old, nodes)
	r.create(new)
}

func (r *rig) reader(config *rest.Config) *fleet.Reader {
	client, err := kubernetes.NewForConfig(config)
	r.must(err)
	return &fleet.Reader{Client: client, Now: time.Now}
}

func (r *rig) fleet() *fleet.Fleet {
	r.t.Helper()
	f, err := r.reader(r.config).Read(r.t.Context())
	r.must(err)
	return f
}

// served says which side serves each node.
func (r *rig) served() map[string]fleet.Side {
	r.t.Helper()
	out := map[string]fleet.Side{}
	for _, n := range r.fleet().Nodes {
		out[n.Name] = n.Serves()
	}
	return out
}

func (r *rig) waitServed(side fleet.Side, count int) {
	r.t.Helper()
	r.eventually(fmt.Sprintf("%d nodes are served by the %s proxy", count, side), func() error {
		found := 0
		for _, s := range r.served() {
			if s == side {
				found++
			}
		}
		if found != count {
			return fmt.Errorf("%d are", found)
		}
		return nil
	})
}

// serving returns the UIDs of a side's pods by node.
func (r *rig) serving(side fleet.Side) map[string]types.UID {
	r.t.Helper()
	out := map[string]types.UID{}
	for _, n := range r.fleet().Nodes {
		for _, p := range n.Of(side) {
			if p.Serves() {
				out[n.Name] = p.UID
			}
		}
	}
	return out
}

// diary keeps the events of an engine.
type diary struct {
	t      *testing.T
	mu     sync.Mutex
	events []cutover.Event
	// on is called for every event, outside the lock.
	on func(cutover.Event)
}

func (d *diary) Observe(e cutover.Event) {
	d.mu.Lock()
	d.events = append(d.events, e)
	d.mu.Unlock()
	d.t.Logf("%-8s %-7s %-4s %s %s", e.Kind, e.Node, e.To, e.Text, e.Took.Round(time.Millisecond))
	if d.on != nil {
		d.on(e)
	}
}

// text of everything that happened.
func (d *diary) text() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	var b strings.Builder
	for _, e := range d.events {
		fmt.Fprintf(&b, "%s %s %s\n", e.Kind, e.Node, e.Text)
	}
	return b.String()
}

// quick are the settings of tests: the order is the same, the waits are not.
func quick() cutover.Settings {
	s := cutover.DefaultSettings()
	s.CanarySoak, s.Soak, s.Settle = 0, 0, 200*time.Millisecond
	s.PrePull = false // tests of that switch it on
	s.ReadyTimeout, s.GateTimeout, s.NodeTimeout = time.Minute, 20*time.Second, 2*time.Minute
	s.GateRounds, s.GateEvery, s.Poll = 2, 50*time.Millisecond, 50*time.Millisecond
	s.Balancer = cutover.Balancer{Interval: 50 * time.Millisecond, Timeout: 50 * time.Millisecond, Unhealthy: 1, Healthy: 1}
	s.LeaseDuration = 5 * time.Second
	return s
}

// engineOn makes an engine for a cluster; tests change it before they use it.
func engineOn(config *rest.Config, holder string, observer cutover.Observer) (*cutover.Engine, error) {
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return nil, err
	}
	dial := (&netDialer{}).DialContext
	return &cutover.Engine{
		Client: client,
		Reader: &fleet.Reader{Client: client, Now: time.Now},
		Gate:   &gate.Client{Dial: dial, Timeout: 5 * time.Second, Parallel: 4},
		Requests: func(_ context.Context, ports gate.Ports) ([]gate.Request, error) {
			var out []gate.Request
			for _, p := range ports.HTTP {
				out = append(out,
					gate.Request{Scheme: "http", Port: p, Host: "shop.test", Path: "/"},
					gate.Request{Scheme: "http", Port: p, Host: "other.test", Path: "/"})
			}
			return out, nil
		},
		Clock: cutover.SystemClock{}, Observer: observer, Settings: quick(), Holder: holder, Stop: make(chan struct{}),
	}, nil
}

func (r *rig) engine() (*cutover.Engine, *diary) {
	r.t.Helper()
	d := &diary{t: r.t}
	e, err := engineOn(r.config, "tester@here/"+r.t.Name(), d)
	r.must(err)
	return e, d
}
