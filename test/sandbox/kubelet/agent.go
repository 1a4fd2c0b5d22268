package kubelet

import (
	"context"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/record"
)

// agent is a node's kubelet while it runs: it registers the node, renews its
// lease, and gives every pod bound to the node a worker.
type agent struct {
	node     *node
	machine  *machine
	ctx      context.Context
	cancel   context.CancelFunc
	recorder record.EventRecorder
	// registered is closed once the Node is there and Ready.
	registered chan struct{}
	running    sync.WaitGroup

	mu      sync.Mutex
	begun   int
	workers map[types.UID]*worker
	// finished pods may still be mentioned by late events; they are never begun
	// again.
	finished map[types.UID]bool
}

const retryDelay = 300 * time.Millisecond

func startAgent(n *node, m *machine) *agent {
	ctx, cancel := context.WithCancel(context.Background())
	a := &agent{
		node: n, machine: m, ctx: ctx, cancel: cancel,
		recorder:   n.k.recorder(n.spec.Name),
		registered: make(chan struct{}),
		workers:    map[types.UID]*worker{},
		finished:   map[types.UID]bool{},
	}
	a.running.Go(a.heartbeat)
	a.running.Go(a.watch)
	if n.k.options.Serving != nil {
		a.running.Go(a.serveLogs)
	}
	return a
}

// wait returns when every goroutine of a cancelled agent has ended.
func (a *agent) wait() { a.running.Wait() }

func (a *agent) heartbeat() {
	for {
		err := a.node.register(a.ctx)
		if err == nil {
			// The lease must be there when the node is reported as registered.
			err = a.node.beat(a.ctx)
		}
		if err == nil {
			break
		}
		a.complain("register", err)
		if !sleep(a.ctx, retryDelay) {
			return
		}
	}
	close(a.registered)
	for sleep(a.ctx, a.node.k.options.Heartbeat) {
		if err := a.node.beat(a.ctx); err != nil {
			a.complain("heartbeat", err)
		}
	}
}

// complain tells the log what failed, unless the agent is being stopped.
func (a *agent) complain(what string, err error) {
	if a.ctx.Err() == nil {
		a.node.k.logf("node %s: %s: %v", a.node.spec.Name, what, err)
	}
}

// watch follows the pods bound to this node.
func (a *agent) watch() {
	list := cache.NewFilteredListWatchFromClient(
		a.node.k.options.Client.CoreV1().RESTClient(), "pods", "", byNode(a.node.spec.Name))
	store, controller := cache.NewInformerWithOptions(cache.InformerOptions{
		ListerWatcher: list,
		ObjectType:    &corev1.Pod{},
		Handler: cache.ResourceEventHandlerFuncs{
			AddFunc:    func(o any) { a.seen(o.(*corev1.Pod)) },
			UpdateFunc: func(_, o any) { a.seen(o.(*corev1.Pod)) },
			DeleteFunc: func(o any) {
				if gone, ok := o.(cache.DeletedFinalStateUnknown); ok {
					o = gone.Obj
				}
				if pod, ok := o.(*corev1.Pod); ok {
					a.vanished(pod.UID)
				}
			},
		},
	})
	a.running.Go(func() {
		if cache.WaitForCacheSync(a.ctx.Done(), controller.HasSynced) {
			a.sweep(store)
		}
	})
	controller.RunWithContext(a.ctx)
}

// sweep ends what runs for pods that were deleted while no kubelet looked.
func (a *agent) sweep(store cache.Store) {
	// The records first: whatever is recorded by now is in the store already, or
	// was deleted and has a worker that knows.
	records := a.machine.records()
	known := map[types.UID]bool{}
	for _, o := range store.List() {
		known[o.(*corev1.Pod).UID] = true
	}
	for _, r := range records {
		if !known[r.uid] {
			a.begin(r.pod, true)
		}
	}
}

func (a *agent) seen(pod *corev1.Pod) {
	a.mu.Lock()
	w := a.workers[pod.UID]
	finished := a.finished[pod.UID]
	a.mu.Unlock()
	switch {
	case w != nil:
		w.update(pod)
	case finished:
	default:
		a.begin(pod, false)
	}
}

func (a *agent) begin(pod *corev1.Pod, vanished bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.ctx.Err() != nil || a.workers[pod.UID] != nil {
		return
	}
	w, err := newWorker(a, pod)
	if err != nil {
		a.node.k.logf("node %s: pod %s/%s: %v", a.node.spec.Name, pod.Namespace, pod.Name, err)
		return
	}
	if vanished {
		w.vanish()
	}
	a.begun++
	w.number = a.begun
	a.workers[pod.UID] = w
	a.running.Go(func() {
		if w.run(a.ctx) {
			a.finish(w)
		}
	})
}

// finish forgets a pod of which nothing is left.
func (a *agent) finish(w *worker) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.workers, w.record.uid)
	if !w.isVanished() {
		a.finished[w.record.uid] = true
	}
	a.machine.remove(w.record.uid)
	a.node.k.addresses.free(w.record.uid)
}

func (a *agent) vanished(uid types.UID) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.finished, uid)
	if w := a.workers[uid]; w != nil {
		w.vanish()
	}
}

func byNode(name string) func(*metav1.ListOptions) {
	selector := fields.OneTermEqualSelector("spec.nodeName", name).String()
	return func(o *metav1.ListOptions) { o.FieldSelector = selector }
}

// sleep waits and reports whether ctx still lives.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
