package sandbox

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"time"

	"k8s.io/client-go/kubernetes"

	"github.com/ingress-migrate/kubectl-ingress-migrate/test/sandbox/kubelet"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/sandbox/loopback"
)

// Node is a node's name and the address that its host ports are on.
type Node struct{ Name, Address string }

// startNodes makes the Kubelet and the nodes of Options.Nodes.
func (s *Sandbox) startNodes(ctx context.Context) error {
	config := s.RESTConfig()
	config.UserAgent = "kubelet"
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return fmt.Errorf("make the kubelets' client: %w", err)
	}
	pair, err := s.ca.Server("kubelet")
	if err != nil {
		return err
	}
	serving, err := tls.X509KeyPair(pair.Cert, pair.Key)
	if err != nil {
		return fmt.Errorf("load the kubelets' certificate: %w", err)
	}
	clientCAs := x509.NewCertPool()
	clientCAs.AppendCertsFromPEM(s.ca.CertPEM())
	apiServer := kubelet.APIServer{URL: s.server, CA: s.ca.CertPEM()}
	if s.options.PodAPIServer != nil {
		apiServer = *s.options.PodAPIServer
	}
	s.kubelet, err = kubelet.New(kubelet.Options{
		Client:       client,
		Starter:      s.starter,
		Dir:          s.dir,
		Images:       s.options.Images,
		APIServer:    apiServer,
		PodAddress:   s.slot.Pod,
		CrashBackOff: s.options.CrashBackOff,
		FirstProbes:  s.options.FirstProbes,
		Heartbeat:    min(2*time.Second, s.options.NodeMonitorGracePeriod/4),
		Serving:      &serving,
		ClientCAs:    clientCAs,
		Log:          s.options.Log,
	})
	if err != nil {
		return err
	}
	starts := make([]func() error, s.options.Nodes)
	for i := range starts {
		starts[i] = func() error {
			_, err := s.AddNode(ctx)
			return err
		}
	}
	return together(starts...)
}

// AddNode adds the next node, edge-N at 127.0.S.N, with Options.NodeLabels. It
// returns when the node is registered; the scheduler uses it once the controllers
// have taken its not-ready taint away.
func (s *Sandbox) AddNode(ctx context.Context) (Node, error) {
	s.nodesMu.Lock()
	s.nodeCount++
	number := s.nodeCount
	s.nodesMu.Unlock()
	if number > loopback.MaxNodes {
		return Node{}, fmt.Errorf("add node: a sandbox has at most %d", loopback.MaxNodes)
	}
	node := Node{Name: fmt.Sprintf("edge-%d", number), Address: s.slot.Node(number)}
	return node, s.kubelet.AddNode(ctx, kubelet.NodeSpec{
		Name: node.Name, Address: node.Address, Labels: s.options.NodeLabels, Taints: s.options.NodeTaints,
	})
}

// RemoveNode takes a node away for good, processes and Node object.
func (s *Sandbox) RemoveNode(ctx context.Context, name string) error {
	return s.kubelet.RemoveNode(ctx, name)
}

// Nodes lists the nodes in the order of their numbers, killed ones too.
func (s *Sandbox) Nodes() []Node {
	var nodes []Node
	for _, spec := range s.kubelet.Nodes() {
		nodes = append(nodes, Node{Name: spec.Name, Address: spec.Address})
	}
	return nodes
}

// KillNode loses a node at once, as when its power fails: all its processes die
// by SIGKILL, nothing is written to the API. The control plane notices after
// Options.NodeMonitorGracePeriod.
func (s *Sandbox) KillNode(name string) error { return s.kubelet.Kill(name) }

// StopKubelet stops a node's agent; its processes live on, as the control plane
// believes the node lost.
func (s *Sandbox) StopKubelet(name string) error { return s.kubelet.StopKubelet(name) }

// StartNode brings a node back after KillNode or StopKubelet and returns when it
// has said that it is Ready.
func (s *Sandbox) StartNode(ctx context.Context, name string) error {
	return s.kubelet.Start(ctx, name)
}

// SetImage says which program stands for an image from now on.
func (s *Sandbox) SetImage(image string, program kubelet.Program) {
	s.kubelet.SetImage(image, program)
}

// Processes returns the ids of the processes of all pods on a node.
func (s *Sandbox) Processes(node string) ([]int, error) { return s.kubelet.Processes(node) }

// PodLog is the file that a container's output goes to, restarts included.
func (s *Sandbox) PodLog(namespace, pod, container string) string {
	return s.path(fmt.Sprintf("pods/%s_%s/%s.log", namespace, pod, container))
}
