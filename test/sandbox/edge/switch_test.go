package edge_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/ingress-migrate/kubectl-ingress-migrate/test/sandbox"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/sandbox/backend"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/sandbox/balancer"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/sandbox/edge"
)

// proxyLabel on a node decides which of the two DaemonSets runs there.
const proxyLabel = "ingress-migrate/proxy"

// TestNothingIsLostWhenNodesAreSwitched takes the rig through a move by hand:
// node by node from Traefik 1.7 to 2.11 and back by one label, behind a balancer
// that knows nothing but health checks, under load.
func TestNothingIsLostWhenNodesAreSwitched(t *testing.T) {
	r := newRig(t)
	r.create(r.old, canaryIngress)
	r.create(r.admin, canaryIngressRoutes)
	graces := edge.Options{AcceptGrace: 4 * time.Second, FinishGrace: 5 * time.Second}
	old, err := edge.Traefik1(graces)
	if err != nil {
		t.Fatal(err)
	}
	next, err := edge.Traefik2(graces)
	if err != nil {
		t.Fatal(err)
	}
	guard(old.DaemonSet(), corev1.NodeSelectorOpNotIn)
	guard(next.DaemonSet(), corev1.NodeSelectorOpIn)
	r.apply(old)
	r.apply(next)
	r.waitRouted("http", 8000)

	var targets []balancer.Target
	for _, node := range r.s.Nodes() {
		targets = append(targets, balancer.Target{Name: node.Name, Address: net.JoinHostPort(node.Address, "8000")})
	}
	lb, err := balancer.Start(r.ctx, os.Stderr, balancer.Options{
		Targets: targets,
		// Detection takes at most 2 x 300 ms + 1 s, well below the accept grace. A proxy
		// says that it is well before it has its routes, on a busy machine a second
		// before: a balancer that knows no better must not use it so soon.
		Check: balancer.Check{Interval: 300 * time.Millisecond, Timeout: time.Second, Rise: 12, Fall: 2},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := lb.Stop(); err != nil {
			t.Error(err)
		}
	})
	for _, node := range r.s.Nodes() {
		r.waitHealthy(lb, node)
	}
	stop := r.load("http://" + lb.Address())
	for _, node := range r.s.Nodes() {
		r.switchNode(lb, node, `"v2"`, next.DaemonSet())
	}
	r.logMemory()
	for _, node := range r.s.Nodes() {
		r.switchNode(lb, node, `null`, old.DaemonSet())
	}
	sent, lost := stop()
	t.Logf("sent %d, lost %d; two nodes switched to v2.11 and back", sent, lost)
	if lost != 0 || sent == 0 {
		t.Errorf("%d of %d requests lost", lost, sent)
	}
	r.logMemory()
}

// guard lets a DaemonSet run only where the label says so, and lets nothing but
// that replace its pods.
func guard(d *appsv1.DaemonSet, operator corev1.NodeSelectorOperator) {
	d.Spec.UpdateStrategy = appsv1.DaemonSetUpdateStrategy{Type: appsv1.OnDeleteDaemonSetStrategyType}
	d.Spec.Template.Spec.Affinity = &corev1.Affinity{NodeAffinity: &corev1.NodeAffinity{
		RequiredDuringSchedulingIgnoredDuringExecution: &corev1.NodeSelector{NodeSelectorTerms: []corev1.NodeSelectorTerm{{
			MatchExpressions: []corev1.NodeSelectorRequirement{{Key: proxyLabel, Operator: operator, Values: []string{"v2"}}},
		}}},
	}}
}

// switchNode writes a node's label and waits until the other proxy routes there
// and the balancer uses it.
func (r *rig) switchNode(lb balancer.Balancer, node sandbox.Node, label string, to *appsv1.DaemonSet) {
	r.t.Helper()
	start := time.Now()
	patch := fmt.Sprintf(`{"metadata":{"labels":{%q:%s}}}`, proxyLabel, label)
	object := &corev1.Node{}
	object.Name = node.Name
	if err := r.admin.Patch(r.ctx, object, client.RawPatch(types.MergePatchType, []byte(patch))); err != nil {
		r.t.Fatal(err)
	}
	r.eventually(to.Name+" is ready on "+node.Name, func() error { return r.readyOn(node, to) })
	r.eventually(node.Name+" routes", func() error {
		response, err := r.get(node, "http", 8000, "/")
		if err == nil && response.Header.Get(backend.HeaderService) == "" {
			err = fmt.Errorf("status %d, not from an application", response.StatusCode)
		}
		return err
	})
	r.waitHealthy(lb, node)
	r.t.Logf("%s is with %s after %s", node.Name, to.Name, time.Since(start).Round(100*time.Millisecond))
}

func (r *rig) readyOn(node sandbox.Node, daemonSet *appsv1.DaemonSet) error {
	var pods corev1.PodList
	if err := r.admin.List(r.ctx, &pods, client.InNamespace(daemonSet.Namespace), client.MatchingLabels(daemonSet.Spec.Selector.MatchLabels)); err != nil {
		return err
	}
	for _, pod := range pods.Items {
		for _, condition := range pod.Status.Conditions {
			if pod.Spec.NodeName == node.Name && pod.DeletionTimestamp == nil && condition.Type == corev1.PodReady && condition.Status == corev1.ConditionTrue {
				return nil
			}
		}
	}
	return fmt.Errorf("%d pods, none ready there", len(pods.Items))
}

func (r *rig) waitHealthy(lb balancer.Balancer, node sandbox.Node) {
	r.t.Helper()
	r.eventually("the balancer uses "+node.Name, func() error {
		stats, err := lb.Stats(r.ctx)
		if err != nil {
			return err
		}
		for _, stat := range stats {
			if stat.Target == node.Name && stat.State != balancer.Healthy {
				return fmt.Errorf("%+v", stat)
			}
		}
		return nil
	})
}

// load sends requests from eight clients, every fourth of them long, until the
// returned function is called. An answer that is not the application's is lost.
func (r *rig) load(url string) (stop func() (sent, lost int64)) {
	ctx, cancel := context.WithCancel(r.ctx)
	var sent, lost atomic.Int64
	var clients sync.WaitGroup
	for i := range 8 {
		clients.Go(func() {
			connection := &http.Client{Transport: &http.Transport{}}
			defer connection.CloseIdleConnections()
			for n := i; ctx.Err() == nil; n++ {
				path := "/?sleep=30ms"
				if n%4 == 0 {
					path = "/?sleep=1s"
				}
				sent.Add(1)
				if err := ask(connection, url+path); err != nil {
					lost.Add(1)
					r.t.Errorf("lost: %v", err)
				}
			}
		})
	}
	return func() (int64, int64) {
		cancel()
		clients.Wait()
		return sent.Load(), lost.Load()
	}
}

func ask(connection *http.Client, url string) error {
	request, err := http.NewRequest(http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	request.Host = "shop.test"
	// http.Transport repeats a request that failed on a used connection if it
	// knows that there is no body. That would hide what was lost.
	request.Body = struct{ io.ReadCloser }{http.NoBody}
	response, err := connection.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if _, err := io.Copy(io.Discard, response.Body); err != nil {
		return err
	}
	if response.StatusCode != http.StatusOK || response.Header.Get(backend.HeaderService) == "" {
		return fmt.Errorf("status %d, not from an application", response.StatusCode)
	}
	return nil
}

// logMemory tells what the processes of the nodes' pods take, for the design's
// figures.
func (r *rig) logMemory() {
	for _, node := range r.s.Nodes() {
		pids, err := r.s.Processes(node.Name)
		if err != nil {
			r.t.Error(err)
		}
		for _, pid := range pids {
			r.t.Logf("%s: process %d, %s", node.Name, pid, residentMemory(pid))
		}
	}
}
