package parallel_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes/fake"
	clienttesting "k8s.io/client-go/testing"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover/lock"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover/parallel"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover/traffic"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/fleet"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/lb"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/lb/elbv2"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/shift"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/verify"
	aws "github.com/ingress-migrate/kubectl-ingress-migrate/test/sandbox/elbv2"
)

// rig is a load balancer of AWS before two controllers: a DaemonSet and a Deployment.
type rig struct {
	*testing.T
	aws                  *aws.Fake
	client               *fake.Clientset
	listener, rule, base string
	settings             parallel.Settings
	compare              func(context.Context) (*verify.Report, error)
	prometheus           *traffic.Prometheus
	clock                *clock
	stop                 chan struct{}
	// good and bad are what the new proxy's metrics count for each look, forwarded what the
	// old one carries to applications; otherwise it answers health checks alone.
	good, bad, forwarded atomic.Int64
	// left is how many writes may still be made before everything fails; negative: all.
	left atomic.Int64
	// each is called before every call that may be made.
	each func(what string)

	mu     sync.Mutex
	events []cutover.Event
}

const unlimited = -1

var errKilled = errors.New("killed")

// clock lets time pass as soon as somebody waits for it.
type clock struct {
	mu  sync.Mutex
	now time.Time
	// passing is told, if set.
	passing func()
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) After(d time.Duration) <-chan time.Time {
	if c.passing != nil {
		c.passing()
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
	done := make(chan time.Time, 1)
	done <- c.now
	return done
}

func newRig(t *testing.T) *rig {
	t.Helper()
	r := &rig{T: t, clock: &clock{now: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}, stop: make(chan struct{}), settings: parallel.DefaultSettings()}
	r.settings.CanarySoak, r.settings.Soak, r.settings.GateEvery = time.Minute, 30*time.Second, 10*time.Second
	r.settings.Old, _ = fleet.ParseWorkload("edge/old")
	r.settings.New, _ = fleet.ParseWorkload("deployment/edge/new")
	r.good.Store(100)
	r.forwarded.Store(1000)
	r.aws = aws.New([]aws.Balancer{{Name: "edge", Type: "application"}}, []aws.Group{
		{Name: "v1", Targets: map[string]string{"i-1": "healthy", "i-2": "healthy"}},
		{Name: "v2", Targets: map[string]string{"i-1": "healthy", "i-2": "healthy"}},
	})
	t.Cleanup(func() {
		r.aws.Close()
		for _, problem := range r.aws.Problems() {
			t.Error(problem)
		}
	})
	for name, value := range r.aws.Environment() {
		t.Setenv(name, value)
	}
	r.listener = r.aws.AddListener("edge", 443, aws.Forward("v1"))
	shop := aws.Forward("v1")
	shop["Conditions.member.1.Field"], shop["Conditions.member.1.HostHeaderConfig.Values.member.1"] = "host-header", "shop.test"
	r.rule = r.aws.AddRule(r.listener, 10, shop)
	r.base = r.aws.Dump()
	r.left.Store(unlimited)
	r.client = fake.NewClientset(r.controllers()...)
	r.client.PrependReactor("*", "*", func(a clienttesting.Action) (bool, runtime.Object, error) {
		if err := r.spend(a.GetVerb() + " " + a.GetResource().Resource); err != nil {
			return true, nil, err
		}
		return false, nil, nil
	})
	r.aws.Before(func(action string) *aws.Error {
		if r.spend(action) != nil {
			return &aws.Error{Status: 403, Code: "Killed", Message: "killed"}
		}
		return nil
	})
	return r
}

func (r *rig) spend(what string) error {
	reads := strings.HasPrefix(what, "get ") || strings.HasPrefix(what, "list ") || strings.HasPrefix(what, "Describe")
	switch left := r.left.Load(); {
	case left == unlimited:
	case left == 0:
		return errKilled
	case !reads:
		r.left.Add(-1)
	}
	if r.each != nil {
		r.each(what)
	}
	return nil
}

// controllers are the old DaemonSet and the new Deployment with a pod each, whose metrics
// grow whenever they are asked.
func (r *rig) controllers() []runtime.Object {
	metrics := func(good, bad, forwards func() int64) string {
		var mu sync.Mutex
		var fine, failed, forwarded int64
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			mu.Lock()
			defer mu.Unlock()
			fine, failed, forwarded = fine+good(), failed+bad(), forwarded+forwards()
			fmt.Fprintf(w, "# TYPE traefik_entrypoint_requests_total counter\ntraefik_entrypoint_requests_total{code=\"200\",entrypoint=\"web\"} %d\ntraefik_entrypoint_requests_total{code=\"502\",entrypoint=\"web\"} %d\n", fine, failed)
			fmt.Fprintf(w, "# TYPE traefik_backend_requests_total counter\ntraefik_backend_requests_total{code=\"200\",backend=\"shop\"} %d\n", forwarded)
		}))
		r.Cleanup(server.Close)
		_, port, _ := net.SplitHostPort(server.Listener.Addr().String())
		return port
	}
	always := func(n int64) func() int64 { return func() int64 { return n } }
	template := func(name, image, port string) corev1.PodTemplateSpec {
		return corev1.PodTemplateSpec{
			ObjectMeta: metav1.ObjectMeta{Labels: map[string]string{"app": name}, Annotations: map[string]string{"prometheus.io/port": port}},
			Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "proxy", Image: image}}},
		}
	}
	pod := func(name string) *corev1.Pod {
		return &corev1.Pod{
			ObjectMeta: metav1.ObjectMeta{Namespace: "edge", Name: name + "-1", UID: types.UID(name), Labels: map[string]string{"app": name}},
			Spec:       corev1.PodSpec{NodeName: "n1"},
			Status: corev1.PodStatus{
				Phase: corev1.PodRunning, PodIP: "127.0.0.1", HostIP: "10.0.0.1",
				Conditions: []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue}}, ContainerStatuses: []corev1.ContainerStatus{{Name: "proxy"}},
			},
		}
	}
	one := int32(1)
	selector := func(name string) *metav1.LabelSelector {
		return &metav1.LabelSelector{MatchLabels: map[string]string{"app": name}}
	}
	return []runtime.Object{
		&appsv1.DaemonSet{
			ObjectMeta: metav1.ObjectMeta{Namespace: "edge", Name: "old", UID: "old-set"},
			Spec:       appsv1.DaemonSetSpec{Selector: selector("old"), Template: template("old", "traefik:v1.7.34", metrics(always(1000), always(0), r.forwarded.Load))},
			Status:     appsv1.DaemonSetStatus{DesiredNumberScheduled: 1, NumberReady: 1, UpdatedNumberScheduled: 1},
		},
		&appsv1.Deployment{
			ObjectMeta: metav1.ObjectMeta{Namespace: "edge", Name: "new"},
			Spec:       appsv1.DeploymentSpec{Replicas: &one, Selector: selector("new"), Template: template("new", "traefik:v3.4.1", metrics(r.good.Load, r.bad.Load, always(0)))},
			Status:     appsv1.DeploymentStatus{Replicas: 1, ReadyReplicas: 1, UpdatedReplicas: 1},
		},
		pod("old"), pod("new"),
	}
}

// engine is made anew for every command, as on another machine.
func (r *rig) engine() *parallel.Engine {
	r.Helper()
	sides := lb.Sides{Old: "v1", New: "v2"}
	balancer, err := elbv2.New(r.Context(), sides)
	if err != nil {
		r.Fatal(err)
	}
	reader := &fleet.Reader{Client: r.client, Now: r.clock.Now}
	store := &shift.Store{Client: r.client, Namespace: "edge"}
	e := &parallel.Engine{
		Shift: &shift.Engine{Shifter: balancer, Store: store, LoadBalancer: "aws", Identity: "aws", Sides: sides, Holder: "ops@bastion/1", Now: r.clock.Now},
		Acquire: func(ctx context.Context, purpose lock.Purpose) (shift.Lease, error) {
			return lock.Acquire(ctx, lock.Config{Client: r.client, Namespace: "edge", Holder: "ops@bastion/1", Purpose: purpose, Duration: time.Hour, Now: r.clock.Now, After: r.clock.After})
		},
		Old: func(ctx context.Context) (*fleet.Workload, error) {
			return reader.FindWorkload(ctx, fleet.Old, r.settings.Old)
		},
		New: func(ctx context.Context) (*fleet.Workload, error) {
			return reader.FindWorkload(ctx, fleet.New, r.settings.New)
		},
		Scraper:    &traffic.Scraper{Dial: (&net.Dialer{}).DialContext, Timeout: 10 * time.Second},
		Prometheus: r.prometheus, Compare: r.compare, Clock: r.clock, Observer: r, Settings: r.settings, Stop: r.stop,
	}
	return e
}

// Observe implements cutover.Observer.
func (r *rig) Observe(e cutover.Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.events = append(r.events, e)
}

// told is everything that was said of a weight, or of the whole.
func (r *rig) told(node string) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var texts []string
	for _, e := range r.events {
		if e.Node == node {
			texts = append(texts, e.Text)
		}
	}
	return strings.Join(texts, "\n")
}

// record as stored; nil when there is none.
func (r *rig) record() *shift.Record {
	r.Helper()
	list, err := (&shift.Store{Client: r.client, Namespace: "edge"}).List(context.Background())
	if err != nil {
		r.Fatal(err)
	}
	if len(list) == 0 {
		return nil
	}
	return list[0]
}

// weights are those that were set, in order.
func (r *rig) weights() string {
	var out []string
	for _, step := range r.record().History {
		out = append(out, fmt.Sprint(step.Split.Weight))
	}
	return strings.Join(out, " ")
}

// now is the new side's share in percent, as both rules have it.
func (r *rig) now() string {
	r.Helper()
	text := ""
	for _, rule := range r.aws.Rules(r.listener) {
		group := "Actions.member.1.ForwardConfig.TargetGroups.member."
		share := rule.Fields.Get(group+"1.Weight") + ":" + rule.Fields.Get(group+"2.Weight")
		if text != "" && text != share {
			return text + " and " + share
		}
		text = share
	}
	return text
}

func (r *rig) wantOriginal() {
	r.Helper()
	if got := r.aws.Dump(); got != r.base {
		r.Errorf("not as it was:\n%s\nwant\n%s", got, r.base)
	}
}

func (r *rig) must(err error) {
	r.Helper()
	if err != nil {
		r.Fatal(err)
	}
}

// stopped wants that a command stopped in a good state, for a reason that holds a text.
func (r *rig) stopped(err error, reason string) *cutover.Stopped {
	r.Helper()
	var stopped *cutover.Stopped
	if !errors.As(err, &stopped) {
		r.Fatalf("not stopped but %v", err)
	}
	if !strings.Contains(stopped.Reason, reason) {
		r.Errorf("stopped because %q, want %q", stopped.Reason, reason)
	}
	return stopped
}

func (r *rig) deployment(change func(*appsv1.Deployment)) {
	r.Helper()
	d, err := r.client.AppsV1().Deployments("edge").Get(context.Background(), "new", metav1.GetOptions{})
	r.must(err)
	change(d)
	_, err = r.client.AppsV1().Deployments("edge").Update(context.Background(), d, metav1.UpdateOptions{})
	r.must(err)
}

// shiftByHand is one step of the shift commands.
func (r *rig) shiftByHand(weight int) {
	r.Helper()
	e := r.engine().Shift
	e.Acquire = func(ctx context.Context) (shift.Lease, error) { return r.engine().Acquire(ctx, lock.Shift) }
	request := shift.Request{Weight: &weight, MinHealthy: 100}
	plan, err := e.Plan(r.Context(), request)
	r.must(err)
	_, err = e.Do(r.Context(), request, plan)
	r.must(err)
}

func settingsOf(t *testing.T, raw json.RawMessage) parallel.Settings {
	t.Helper()
	var s parallel.Settings
	if err := json.Unmarshal(raw, &s); err != nil {
		t.Fatal(err)
	}
	return s
}
