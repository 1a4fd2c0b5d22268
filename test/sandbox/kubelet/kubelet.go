package kubelet

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"sort"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/kubernetes/scheme"
	typedcorev1 "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/tools/record"

	"github.com/ingress-migrate/kubectl-ingress-migrate/test/sandbox/process"
)

// ErrNoNode is what the fault methods answer for a name they do not know.
var ErrNoNode = errors.New("no such node")

// Options says how a Kubelet works. Client, Starter, Dir, APIServer and
// PodAddress are needed, the rest has defaults.
type Options struct {
	// Client acts as the nodes; it must be allowed everything a node may do, for
	// every node, and to request service account tokens.
	Client kubernetes.Interface
	// Starter makes the processes.
	Starter *process.Starter
	// Dir receives pods/NAMESPACE_NAME/CONTAINER.log and the pods' volumes.
	Dir string
	// Images is the table of programs; SetImage adds to it.
	Images map[string]Program
	// APIServer is what pods find in their KUBECONFIG.
	APIServer APIServer
	// PodAddress gives the m-th address, 1 to 254, for pods without hostNetwork.
	PodAddress func(m int) string
	// CrashBackOff is the wait before the second restart (the first is at once);
	// it doubles up to ten times as much. Default 1 s.
	CrashBackOff time.Duration
	// FirstProbes, when set, is how often readiness is asked for during the first
	// period of its probe, in which a failure is not counted.
	FirstProbes time.Duration
	// Heartbeat is the time between two renewals of a node's Lease. Default 2 s.
	Heartbeat time.Duration
	// Serving is the certificate of the nodes' log endpoint and ClientCAs signs who
	// may read there. Nil: `kubectl logs` does not work.
	Serving   *tls.Certificate
	ClientCAs *x509.CertPool
	// Log is told what goes wrong on a node, a line each.
	Log io.Writer
}

// NodeSpec describes a node to register.
type NodeSpec struct {
	Name string
	// Address is the node's InternalIP and its host ports' address.
	Address string
	// Labels beside kubernetes.io/hostname, os and arch.
	Labels map[string]string
	Taints []corev1.Taint
}

// Kubelet runs virtual nodes. Its methods may be called from any goroutine.
type Kubelet struct {
	options   Options
	images    *images
	addresses *addressPool
	objects   informers.SharedInformerFactory
	source    objectSource
	events    record.EventBroadcaster
	cancel    context.CancelFunc

	mu     sync.Mutex
	nodes  map[string]*node
	closed bool
}

// New returns a Kubelet without nodes.
func New(options Options) (*Kubelet, error) {
	if options.Client == nil || options.Starter == nil || options.Dir == "" || options.PodAddress == nil {
		return nil, errors.New("kubelet needs a client, a starter, a directory and pod addresses")
	}
	if options.CrashBackOff == 0 {
		options.CrashBackOff = time.Second
	}
	if options.Heartbeat == 0 {
		options.Heartbeat = 2 * time.Second
	}
	if options.Log == nil {
		options.Log = io.Discard
	}
	ctx, cancel := context.WithCancel(context.Background())
	k := &Kubelet{
		options:   options,
		images:    newImages(options.Images),
		addresses: newAddressPool(options.PodAddress),
		objects:   informers.NewSharedInformerFactory(options.Client, 0),
		events:    record.NewBroadcaster(record.WithContext(ctx)),
		cancel:    cancel,
		nodes:     map[string]*node{},
	}
	k.source = cachedObjects{
		configMaps: k.objects.Core().V1().ConfigMaps().Lister(),
		secrets:    k.objects.Core().V1().Secrets().Lister(),
	}
	k.events.StartRecordingToSink(&typedcorev1.EventSinkImpl{Interface: options.Client.CoreV1().Events("")})
	k.objects.StartWithContext(ctx)
	return k, nil
}

// SetImage says from now on which program stands for image. Running pods are not
// touched; pods that wait for the image find it at their next try.
func (k *Kubelet) SetImage(image string, p Program) { k.images.set(image, p) }

// AddNode registers a node and returns when the API server has it.
func (k *Kubelet) AddNode(ctx context.Context, spec NodeSpec) error {
	k.mu.Lock()
	if k.closed {
		k.mu.Unlock()
		return errors.New("add node: kubelet is closed")
	}
	if _, exists := k.nodes[spec.Name]; exists {
		k.mu.Unlock()
		return fmt.Errorf("add node: %s exists", spec.Name)
	}
	n := newNode(k, spec)
	k.nodes[spec.Name] = n
	k.mu.Unlock()
	return n.start(ctx)
}

// RemoveNode takes a node away for good: as Kill, and its Node object is deleted.
// The pod garbage collector removes its pods' objects in its own time.
func (k *Kubelet) RemoveNode(ctx context.Context, name string) error {
	n, err := k.node(name)
	if err != nil {
		return err
	}
	n.kill()
	k.mu.Lock()
	delete(k.nodes, name)
	k.mu.Unlock()
	return n.unregister(ctx)
}

// Kill loses a node at once: every process on it dies by SIGKILL, the heartbeat
// stops, nothing is written to the API any more. It returns when all is dead.
func (k *Kubelet) Kill(name string) error {
	n, err := k.node(name)
	if err != nil {
		return err
	}
	n.kill()
	return nil
}

// StopKubelet stops the node's agent only; its processes live on.
func (k *Kubelet) StopKubelet(name string) error {
	n, err := k.node(name)
	if err != nil {
		return err
	}
	n.stopAgent()
	return nil
}

// Start brings a node back: after Kill its pods that are still bound to it start
// anew, as after a reboot; after StopKubelet they are found running. It returns when
// the node is registered as Ready.
func (k *Kubelet) Start(ctx context.Context, name string) error {
	n, err := k.node(name)
	if err != nil {
		return err
	}
	return n.start(ctx)
}

// Nodes returns the nodes' specs, sorted by name, whether they are up or not.
func (k *Kubelet) Nodes() []NodeSpec {
	k.mu.Lock()
	defer k.mu.Unlock()
	specs := make([]NodeSpec, 0, len(k.nodes))
	for _, n := range k.nodes {
		specs = append(specs, n.spec)
	}
	// By number, as long as names differ in nothing else: edge-2 before edge-10.
	sort.Slice(specs, func(i, j int) bool {
		a, b := specs[i].Name, specs[j].Name
		return len(a) < len(b) || (len(a) == len(b) && a < b)
	})
	return specs
}

// Processes returns the ids of all processes that run on a node.
func (k *Kubelet) Processes(name string) ([]int, error) {
	n, err := k.node(name)
	if err != nil {
		return nil, err
	}
	return n.processes(), nil
}

// Close kills every process and ends every node without a word to the API.
func (k *Kubelet) Close() {
	k.mu.Lock()
	k.closed = true
	var all []*node
	for _, n := range k.nodes {
		all = append(all, n)
	}
	k.mu.Unlock()
	var wg sync.WaitGroup
	for _, n := range all {
		wg.Go(n.kill)
	}
	wg.Wait()
	k.events.Shutdown()
	k.cancel()
	k.objects.Shutdown()
}

func (k *Kubelet) node(name string) (*node, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	n, ok := k.nodes[name]
	if !ok {
		return nil, fmt.Errorf("%w: %s", ErrNoNode, name)
	}
	return n, nil
}

func (k *Kubelet) recorder(node string) record.EventRecorder {
	return k.events.NewRecorder(scheme.Scheme, corev1.EventSource{Component: "kubelet", Host: node})
}

func (k *Kubelet) logf(format string, args ...any) {
	fmt.Fprintf(k.options.Log, format+"\n", args...)
}
