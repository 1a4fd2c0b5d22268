// Package rig is what tests of the cutover stand on: a real cluster of four nodes with
// two DaemonSets on one host port, proxies whose faults can be had by a flag, an engine
// whose waits are short, a watcher of the floor, and engines that die after a write.
//
// A package that uses it calls Main in its TestMain, and New in every test:
//
//	func TestMain(m *testing.M) { rig.Main(m) }
package rig

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover/journal"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/fleet"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/sandbox"
)

const (
	// Namespace is that of the DaemonSets.
	Namespace = "edge"
	// Port is the host port that both of them want.
	Port = 8000
	// Nodes is how many there are, edge-1 to edge-4, and Floor how many of them must
	// serve by the engine's defaults.
	Nodes = 4
	Floor = 3
)

// Rig is a cluster that is one test's alone, and clean, until the test ends.
type Rig struct {
	T       *testing.T
	Sandbox *sandbox.Sandbox
	// Client and Config are an administrator's.
	Client kubernetes.Interface
	Config *rest.Config
}

// New waits for a cluster and cleans it. Tests that call t.Parallel before it share the
// clusters of the package; the others have the same one, one after the other.
func New(t *testing.T) *Rig {
	t.Helper()
	s := borrow(t)
	r := &Rig{T: t, Sandbox: s, Config: s.RESTConfig()}
	var err error
	r.Client, err = kubernetes.NewForConfig(r.Config)
	r.Must(err)
	r.reset()
	return r
}

// reset removes what an earlier test left, and brings back what it took away.
func (r *Rig) reset() {
	r.T.Helper()
	ctx := r.T.Context()
	r.Must(r.Sandbox.StartAPIServer(ctx))
	r.Must(r.Sandbox.StartControllerManager(ctx))
	r.Must(r.Sandbox.StartScheduler(ctx))
	for _, n := range r.Sandbox.Nodes() {
		r.Must(r.Sandbox.StartNode(ctx, n.Name))
		r.PatchNode(n.Name, `{"metadata":{"labels":{"`+fleet.NodeLabel+`":null,"pair":null}}}`)
	}
	_, err := r.Client.CoreV1().Namespaces().Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: Namespace}}, metav1.CreateOptions{})
	if !apierrors.IsAlreadyExists(err) {
		r.Must(err)
	}
	all := metav1.ListOptions{}
	r.Must(r.Client.AppsV1().DaemonSets(Namespace).DeleteCollection(ctx, metav1.DeleteOptions{}, all))
	r.LoseJournals()
	r.Must(r.Client.CoordinationV1().Leases(Namespace).DeleteCollection(ctx, metav1.DeleteOptions{}, all))
	r.Eventually("the last test's pods are gone", func() error {
		pods, err := r.Client.CoreV1().Pods(Namespace).List(ctx, all)
		if err == nil && len(pods.Items) > 0 {
			err = fmt.Errorf("%d pods left", len(pods.Items))
		}
		return err
	})
	r.Eventually("all nodes are ready", func() error {
		for _, n := range r.Sandbox.Nodes() {
			node, err := r.Client.CoreV1().Nodes().Get(ctx, n.Name, metav1.GetOptions{})
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

// PatchNode is a merge patch of a Node.
func (r *Rig) PatchNode(name, patch string) {
	r.T.Helper()
	_, err := r.Client.CoreV1().Nodes().Patch(r.T.Context(), name, types.MergePatchType, []byte(patch), metav1.PatchOptions{})
	r.Must(err)
}

// LoseJournals deletes the record of every cutover.
func (r *Rig) LoseJournals() {
	r.T.Helper()
	r.Must(r.Client.CoreV1().ConfigMaps(Namespace).DeleteCollection(r.T.Context(), metav1.DeleteOptions{}, metav1.ListOptions{LabelSelector: journal.Label}))
}

// Must fails the test at an error.
func (r *Rig) Must(err error) {
	r.T.Helper()
	if err != nil {
		r.T.Fatal(err)
	}
}

// Eventually waits for something that will be true; the limit is there to end a
// broken test, not to measure anything.
func (r *Rig) Eventually(what string, check func() error) {
	r.T.Helper()
	var err error
	for limit := time.Now().Add(2 * time.Minute); time.Now().Before(limit); time.Sleep(50 * time.Millisecond) {
		if err = check(); err == nil {
			return
		}
	}
	r.T.Fatalf("not in two minutes: %s: %v", what, err)
}

// WantSame tells how two values differ.
func (r *Rig) WantSame(what string, want, got any) {
	r.T.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		r.T.Errorf("%s:\n%s", what, diff)
	}
}
