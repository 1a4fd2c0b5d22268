package fleet

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover/journal"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover/lock"
)

// Reader reads fleets from one cluster.
type Reader struct {
	Client    kubernetes.Interface
	Selection Selection
	Now       func() time.Time
}

// pageSize of lists: an answer of 500 pods stays under a few MB.
const pageSize = 500

// Read takes the picture. Either DaemonSet may be missing; see Fleet.Need.
func (r *Reader) Read(ctx context.Context) (*Fleet, error) {
	all, err := r.daemonSets(ctx)
	if err != nil {
		return nil, err
	}
	oldDS, newDS, err := choose(all, r.Selection)
	if err != nil {
		return nil, err
	}
	f := &Fleet{selection: r.Selection}
	var pods []Pod
	for _, side := range []Side{Old, New} {
		ds := oldDS
		if side == New {
			ds = newDS
		}
		if ds == nil {
			continue
		}
		set, err := r.set(ctx, ds, side)
		if err != nil {
			return nil, err
		}
		if side == Old {
			f.Old = set
		} else {
			f.New = set
		}
		of, err := r.pods(ctx, set)
		if err != nil {
			return nil, err
		}
		pods = append(pods, of...)
	}
	f.home = r.home(ctx, f)
	if err := r.record(ctx, f); err != nil {
		return nil, err
	}
	nodes, err := r.nodes(ctx, f.New)
	if err != nil {
		return nil, err
	}
	f.Nodes = assemble(f, nodes, pods)
	return f, nil
}

// daemonSets lists all, or gets the two that were named.
func (r *Reader) daemonSets(ctx context.Context) ([]appsv1.DaemonSet, error) {
	if r.Selection.Old.Name != "" && r.Selection.New.Name != "" {
		var all []appsv1.DaemonSet
		for _, name := range []types.NamespacedName{r.Selection.Old, r.Selection.New} {
			ds, err := r.Client.AppsV1().DaemonSets(name.Namespace).Get(ctx, name.Name, metav1.GetOptions{})
			if apierrors.IsNotFound(err) {
				continue
			}
			if err != nil {
				return nil, fmt.Errorf("reading daemonset %s: %w", name, err)
			}
			all = append(all, *ds)
		}
		return all, nil
	}
	var all []appsv1.DaemonSet
	err := paged(func(o metav1.ListOptions) (string, error) {
		list, err := r.Client.AppsV1().DaemonSets("").List(ctx, o)
		if err != nil {
			return "", fmt.Errorf("listing daemonsets (name the two with --old and --new if you may not list them all): %w", err)
		}
		all = append(all, list.Items...)
		return list.Continue, nil
	})
	return all, err
}

func (r *Reader) set(ctx context.Context, ds *appsv1.DaemonSet, side Side) (*Set, error) {
	guard, err := guardOf(ds, side)
	if err != nil {
		return nil, err
	}
	set := describe(ds, side)
	set.Guard, set.Settled = guard, ds.Status.ObservedGeneration >= ds.Generation
	return set, r.revisions(ctx, set)
}

// describe is what an object tells of itself.
func describe(ds *appsv1.DaemonSet, side Side) *Set {
	image := proxyImage(ds)
	product, major, minor := imageVersion(image)
	title := product
	if major > 0 {
		title = fmt.Sprintf("%s-%d.%d", product, major, minor)
	}
	return &Set{
		Side: side, Name: types.NamespacedName{Namespace: ds.Namespace, Name: ds.Name},
		Title: title, Image: image, Product: product, Major: major, Minor: minor,
		Ports: PortsOf(ds.Spec.Template.Spec), Object: ds,
	}
}

func (r *Reader) pods(ctx context.Context, set *Set) ([]Pod, error) {
	return r.podsOn(ctx, set, "")
}

func (r *Reader) podsOn(ctx context.Context, set *Set, fieldSelector string) ([]Pod, error) {
	selector, err := set.Selector()
	if err != nil {
		return nil, fmt.Errorf("reading the selector of daemonset %s: %w", set.Name, err)
	}
	var pods []Pod
	err = paged(func(o metav1.ListOptions) (string, error) {
		o.LabelSelector, o.FieldSelector = selector.String(), fieldSelector
		list, err := r.Client.CoreV1().Pods(set.Name.Namespace).List(ctx, o)
		if err != nil {
			return "", fmt.Errorf("listing pods of daemonset %s: %w", set.Name, err)
		}
		for i := range list.Items {
			if metav1.IsControlledBy(&list.Items[i], set.Object) {
				pods = append(pods, podOf(&list.Items[i], set))
			}
		}
		return list.Continue, nil
	})
	return pods, err
}

func (r *Reader) nodes(ctx context.Context, new *Set) ([]corev1.Node, error) {
	var nodes []corev1.Node
	err := paged(func(o metav1.ListOptions) (string, error) {
		list, err := r.Client.CoreV1().Nodes().List(ctx, o)
		if err != nil {
			return "", fmt.Errorf("listing nodes: %w", err)
		}
		for i := range list.Items {
			// Images and managed fields are most of a node's size; of the images one
			// is asked about.
			n := &list.Items[i]
			n.ManagedFields = nil
			n.Status.Images = slices.DeleteFunc(n.Status.Images, func(i corev1.ContainerImage) bool {
				return new == nil || !slices.ContainsFunc(i.Names, func(name string) bool { return name == new.Image || strings.HasSuffix(name, "/"+new.Image) })
			})
		}
		nodes = append(nodes, list.Items...)
		return list.Continue, nil
	})
	return nodes, err
}

// home finds the namespace of journal and Lease. When the old DaemonSet is gone,
// the new one's guard says where that was; two operators would not see each other
// if they looked elsewhere from then on.
func (r *Reader) home(ctx context.Context, f *Fleet) string {
	switch {
	case f.Old != nil:
		return f.Old.Name.Namespace
	case f.New == nil:
		return ""
	}
	home := r.Selection.Old.Namespace
	if record := f.New.Guard.Record; record != nil && record.Home != "" {
		home = record.Home
	}
	if home == "" || home == f.New.Name.Namespace {
		return f.New.Name.Namespace
	}
	// Nothing can be written to a namespace that was deleted along with it.
	namespace, err := r.Client.CoreV1().Namespaces().Get(ctx, home, metav1.GetOptions{})
	if apierrors.IsNotFound(err) || err == nil && namespace.DeletionTimestamp != nil {
		return f.New.Name.Namespace
	}
	return home
}

// record reads Lease and newest journal.
func (r *Reader) record(ctx context.Context, f *Fleet) error {
	namespace := f.Namespace()
	if namespace == "" {
		return nil
	}
	lease, err := r.Client.CoordinationV1().Leases(namespace).Get(ctx, lock.Name, metav1.GetOptions{})
	switch {
	case apierrors.IsNotFound(err):
	case err != nil:
		return fmt.Errorf("reading the lease %s/%s: %w", namespace, lock.Name, err)
	default:
		if held := lock.Held(lease, r.Now()); held != nil {
			f.Lease = &Lease{Holder: held.Holder, Purpose: held.Purpose, AgeSeconds: int(held.Age.Seconds()), LeftSeconds: int(held.Left.Seconds())}
		}
	}
	list, err := r.Client.CoreV1().ConfigMaps(namespace).List(ctx, metav1.ListOptions{LabelSelector: journal.Label})
	if err != nil {
		return fmt.Errorf("listing the journals in namespace %s: %w", namespace, err)
	}
	j, cm, err := journal.Latest(list.Items)
	if err != nil {
		return err
	}
	if j != nil {
		f.Journal, f.Requested = j, cm.Annotations[journal.RequestAnnotation]
	}
	return nil
}

// assemble joins nodes and pods; a node matters when a proxy is meant for it,
// runs on it, or was planned to.
func assemble(f *Fleet, nodes []corev1.Node, pods []Pod) []Node {
	byNode := map[string][]Pod{}
	for _, p := range pods {
		byNode[p.Node] = append(byNode[p.Node], p)
	}
	var planned []string
	if f.Journal != nil && f.Journal.Phase != journal.RolledBack {
		for _, n := range f.Journal.Nodes {
			planned = append(planned, n.Name)
		}
	}
	templates := map[Side]corev1.PodSpec{}
	for _, side := range []Side{Old, New} {
		if set := f.Set(side); set != nil {
			templates[side] = set.Unguarded().Spec
		}
	}
	var out []Node
	for i := range nodes {
		n := nodeOf(&nodes[i], templates)
		f.place(&n)
		n.Pods = byNode[n.Name]
		delete(byNode, n.Name)
		if !n.WantedByOld && !n.WantedByNew && len(n.Pods) == 0 && !slices.Contains(planned, n.Name) {
			continue
		}
		planned = slices.DeleteFunc(planned, func(p string) bool { return p == n.Name })
		out = append(out, n)
	}
	// Pods of nodes that no longer exist are about to be collected; a node that
	// was planned and is gone is worth a line.
	for _, name := range planned {
		out = append(out, Node{Name: name, Gone: true, Pods: byNode[name]})
	}
	for i := range out {
		sortPods(out[i].Pods)
	}
	slices.SortFunc(out, func(a, b Node) int { return strings.Compare(a.Name, b.Name) })
	return out
}

func nodeOf(n *corev1.Node, templates map[Side]corev1.PodSpec) Node {
	out := Node{
		Name:            n.Name,
		ProviderID:      n.Spec.ProviderID,
		Unschedulable:   n.Spec.Unschedulable,
		Zone:            cmp.Or(n.Labels[corev1.LabelTopologyZone], n.Labels[corev1.LabelFailureDomainBetaZone]),
		Architecture:    n.Labels[corev1.LabelArchStable],
		Label:           n.Labels[NodeLabel],
		Hostname:        n.Labels[corev1.LabelHostname],
		ResourceVersion: n.ResourceVersion,
		HasNewImage:     len(n.Status.Images) > 0,
		Scaling:         scalingOf(n),
		Labels:          n.Labels,
		Taints:          n.Spec.Taints,
	}
	for _, a := range n.Status.Addresses {
		if a.Type == corev1.NodeInternalIP && out.Address == "" {
			out.Address = a.Address
		}
	}
	for _, c := range n.Status.Conditions {
		if c.Type == corev1.NodeReady {
			out.Ready = c.Status == corev1.ConditionTrue
		}
	}
	for _, side := range slices.Sorted(maps.Keys(templates)) {
		if !wants(templates[side], n) {
			continue
		}
		if side == Old {
			out.WantedByOld = true
		} else {
			out.WantedByNew = true
		}
	}
	return out
}

// ReadNode takes a fresh picture of one node and both sides' pods on it: two or
// three small requests, for waiting on it. Pods that no scheduler has placed yet
// are part of it. A node that is gone has Gone set.
func (r *Reader) ReadNode(ctx context.Context, f *Fleet, name string) (*Node, error) {
	node, err := r.Client.CoreV1().Nodes().Get(ctx, name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return &Node{Name: name, Gone: true}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading node %s: %w", name, err)
	}
	templates := map[Side]corev1.PodSpec{}
	var pods []Pod
	for _, side := range []Side{Old, New} {
		set := f.Set(side)
		if set == nil {
			continue
		}
		templates[side] = set.Unguarded().Spec
		// Unscheduled pods have no node in the field that can be selected on.
		for _, selector := range []string{"spec.nodeName=" + name, "spec.nodeName="} {
			on, err := r.podsOn(ctx, set, selector)
			if err != nil {
				return nil, err
			}
			for _, p := range on {
				if p.Node == name {
					pods = append(pods, p)
				}
			}
		}
	}
	out := nodeOf(node, templates)
	out.Pods = pods
	sortPods(out.Pods)
	return &out, r.placeNow(ctx, f, &out)
}

// ReadSet takes a fresh picture of one DaemonSet.
func (r *Reader) ReadSet(ctx context.Context, s *Set) (*Set, error) {
	ds, err := r.Client.AppsV1().DaemonSets(s.Name.Namespace).Get(ctx, s.Name.Name, metav1.GetOptions{})
	if err != nil {
		return nil, fmt.Errorf("reading daemonset %s: %w", s.Name, err)
	}
	return r.set(ctx, ds, s.Side)
}

func paged(list func(metav1.ListOptions) (string, error)) error {
	options := metav1.ListOptions{Limit: pageSize}
	for {
		next, err := list(options)
		if err != nil {
			return err
		}
		if next == "" {
			return nil
		}
		options.Continue = next
	}
}

// Selector of a set's pods.
func (s *Set) Selector() (labels.Selector, error) {
	return metav1.LabelSelectorAsSelector(s.Object.Spec.Selector)
}
