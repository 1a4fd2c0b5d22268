package fleet

import (
	"cmp"
	"context"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
)

// WorkloadRef names a DaemonSet or a Deployment. The zero value names none.
type WorkloadRef struct {
	// Kind is KindDaemonSet, KindDeployment or "": whichever there is.
	Kind string `json:"kind,omitempty"`
	types.NamespacedName
}

// Kinds of workloads.
const (
	KindDaemonSet  = "DaemonSet"
	KindDeployment = "Deployment"
)

func (r WorkloadRef) String() string {
	return cmp.Or(r.Kind, KindDaemonSet+" or "+KindDeployment) + " " + r.NamespacedName.String()
}

// ParseWorkload reads [daemonset/|deployment/]NAMESPACE/NAME as in a flag; "" names none.
func ParseWorkload(text string) (WorkloadRef, error) {
	ref := WorkloadRef{}
	kind, rest, ok := strings.Cut(text, "/")
	switch {
	case ok && strings.Contains(rest, "/") && strings.EqualFold(kind, KindDaemonSet):
		ref.Kind = KindDaemonSet
	case ok && strings.Contains(rest, "/") && strings.EqualFold(kind, KindDeployment):
		ref.Kind = KindDeployment
	default:
		rest = text
	}
	var err error
	if ref.NamespacedName, err = ParseName(rest); err != nil {
		return ref, fmt.Errorf("%q is not [deployment/]NAMESPACE/NAME of a DaemonSet or a Deployment", text)
	}
	return ref, nil
}

// Workload is a controller that runs beside the other one, on ports or addresses of its
// own: no node is moved for it.
type Workload struct {
	Kind string
	Name types.NamespacedName
	UID  types.UID
	// Title is short and human, such as traefik-3.4.
	Title string
	// Desired pods, and those of them that are Ready.
	Desired, Ready int
	// Settled: its controller has seen the newest spec, and all pods are of it.
	Settled bool
	// Pods by name.
	Pods []WorkloadPod

	set *Set
}

// WorkloadPod is one pod of a Workload.
type WorkloadPod struct {
	Pod
	// HostIP is the address of its node.
	HostIP string
}

// MetricsURL is where a pod tells its metrics, see Set.MetricsURL.
func (w *Workload) MetricsURL(p *WorkloadPod, given int32) string {
	return w.set.MetricsURL(&Node{Address: p.HostIP}, &p.Pod, given)
}

// FindWorkload returns the workload of a side: the one that is named, or else the only one
// whose image tells that it is; nil when there is none.
func (r *Reader) FindWorkload(ctx context.Context, side Side, named WorkloadRef) (*Workload, error) {
	if named.Name != "" {
		return r.namedWorkload(ctx, side, named)
	}
	var found []*Workload
	var names []string
	take := func(kind string, meta metav1.ObjectMeta, template corev1.PodTemplateSpec, make func() *Workload) {
		if sideOf(&appsv1.DaemonSet{ObjectMeta: meta, Spec: appsv1.DaemonSetSpec{Template: template}}) == side {
			found, names = append(found, make()), append(names, strings.ToLower(kind)+"/"+meta.Namespace+"/"+meta.Name)
		}
	}
	err := paged(func(o metav1.ListOptions) (string, error) {
		list, err := r.Client.AppsV1().DaemonSets("").List(ctx, o)
		if err != nil {
			return "", fmt.Errorf("listing daemonsets (name the two controllers with --old and --new if you may not list them all): %w", err)
		}
		for i := range list.Items {
			ds := &list.Items[i]
			take(KindDaemonSet, ds.ObjectMeta, ds.Spec.Template, func() *Workload { return ofDaemonSet(ds, side) })
		}
		return list.Continue, nil
	})
	if err != nil {
		return nil, err
	}
	err = paged(func(o metav1.ListOptions) (string, error) {
		list, err := r.Client.AppsV1().Deployments("").List(ctx, o)
		if err != nil {
			return "", fmt.Errorf("listing deployments (name the two controllers with --old and --new if you may not list them all): %w", err)
		}
		for i := range list.Items {
			d := &list.Items[i]
			take(KindDeployment, d.ObjectMeta, d.Spec.Template, func() *Workload { return ofDeployment(d, side) })
		}
		return list.Continue, nil
	})
	if err != nil {
		return nil, err
	}
	switch len(found) {
	case 0:
		return nil, nil
	case 1:
		return found[0], r.fill(ctx, found[0])
	}
	slices.Sort(names)
	return nil, fmt.Errorf("%d controllers could be the %s one by their images (%s): choose one with --%s", len(found), side, strings.Join(names, ", "), side)
}

func (r *Reader) namedWorkload(ctx context.Context, side Side, named WorkloadRef) (*Workload, error) {
	if named.Kind != KindDeployment {
		ds, err := r.Client.AppsV1().DaemonSets(named.Namespace).Get(ctx, named.Name, metav1.GetOptions{})
		if err == nil {
			w := ofDaemonSet(ds, side)
			return w, r.fill(ctx, w)
		}
		if !apierrors.IsNotFound(err) {
			return nil, fmt.Errorf("reading daemonset %s: %w", named.NamespacedName, err)
		}
	}
	if named.Kind != KindDaemonSet {
		d, err := r.Client.AppsV1().Deployments(named.Namespace).Get(ctx, named.Name, metav1.GetOptions{})
		if err == nil {
			w := ofDeployment(d, side)
			return w, r.fill(ctx, w)
		}
		if !apierrors.IsNotFound(err) {
			return nil, fmt.Errorf("reading deployment %s: %w", named.NamespacedName, err)
		}
	}
	return nil, &NoWorkloadError{named, side}
}

// NoWorkloadError says that a workload that is named, or recorded, does not exist.
type NoWorkloadError struct {
	Ref  WorkloadRef
	Side Side
}

func (e *NoWorkloadError) Error() string {
	return fmt.Sprintf("there is no %s (given with --%s)", e.Ref, e.Side)
}

func ofDaemonSet(ds *appsv1.DaemonSet, side Side) *Workload {
	s := ds.Status
	return &Workload{
		Kind: KindDaemonSet, Name: types.NamespacedName{Namespace: ds.Namespace, Name: ds.Name}, UID: ds.UID,
		Desired: int(s.DesiredNumberScheduled), Ready: int(s.NumberReady),
		Settled: s.ObservedGeneration >= ds.Generation &&
			(ds.Spec.UpdateStrategy.Type == appsv1.OnDeleteDaemonSetStrategyType || s.UpdatedNumberScheduled >= s.DesiredNumberScheduled),
		set: describe(ds, side),
	}
}

func ofDeployment(d *appsv1.Deployment, side Side) *Workload {
	desired := int32(1) // the API's default
	if d.Spec.Replicas != nil {
		desired = *d.Spec.Replicas
	}
	s := d.Status
	return &Workload{
		Kind: KindDeployment, Name: types.NamespacedName{Namespace: d.Namespace, Name: d.Name}, UID: d.UID,
		Desired: int(desired), Ready: int(s.ReadyReplicas),
		Settled: s.ObservedGeneration >= d.Generation && s.UpdatedReplicas >= desired && s.Replicas <= s.UpdatedReplicas,
		set:     describe(&appsv1.DaemonSet{ObjectMeta: d.ObjectMeta, Spec: appsv1.DaemonSetSpec{Selector: d.Spec.Selector, Template: d.Spec.Template}}, side),
	}
}

// fill reads the pods.
func (r *Reader) fill(ctx context.Context, w *Workload) error {
	w.Title = w.set.Title
	selector, err := w.set.Selector()
	if err != nil {
		return fmt.Errorf("reading the selector of %s %s: %w", w.Kind, w.Name, err)
	}
	err = paged(func(o metav1.ListOptions) (string, error) {
		o.LabelSelector = selector.String()
		list, err := r.Client.CoreV1().Pods(w.Name.Namespace).List(ctx, o)
		if err != nil {
			return "", fmt.Errorf("listing pods of %s %s: %w", w.Kind, w.Name, err)
		}
		for i := range list.Items {
			p := &list.Items[i]
			w.Pods = append(w.Pods, WorkloadPod{podOf(p, w.set), p.Status.HostIP})
		}
		return list.Continue, nil
	})
	slices.SortFunc(w.Pods, func(a, b WorkloadPod) int { return strings.Compare(a.Name, b.Name) })
	return err
}

// URLs are where a workload is asked past the load balancer: the host ports of one of its
// pods, or a Service of type LoadBalancer or NodePort; none when there is neither.
func (r *Reader) URLs(ctx context.Context, w *Workload) ([]string, error) {
	http, https := w.set.WebPorts()
	for i := range w.Pods {
		if p := &w.Pods[i]; len(http)+len(https) > 0 && p.Serves() && p.HostIP != "" {
			return urlsAt(p.HostIP, http, https), nil
		}
	}
	services, err := r.Client.CoreV1().Services(w.Name.Namespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, fmt.Errorf("listing services in namespace %s: %w", w.Name.Namespace, err)
	}
	template := labels.Set(w.set.Object.Spec.Template.Labels)
	var nodePorts []string
	for i := range services.Items {
		s := &services.Items[i]
		if len(s.Spec.Selector) == 0 || !labels.SelectorFromSet(s.Spec.Selector).Matches(template) {
			continue
		}
		for _, ingress := range s.Status.LoadBalancer.Ingress {
			http, https := servicePorts(s, func(p corev1.ServicePort) int32 { return p.Port })
			if address := cmp.Or(ingress.IP, ingress.Hostname); address != "" && len(http)+len(https) > 0 {
				return urlsAt(address, http, https), nil
			}
		}
		for i := range w.Pods {
			http, https := servicePorts(s, func(p corev1.ServicePort) int32 { return p.NodePort })
			// With externalTrafficPolicy Local a node answers only where a pod is.
			if p := &w.Pods[i]; len(nodePorts) == 0 && p.Serves() && p.HostIP != "" {
				nodePorts = urlsAt(p.HostIP, http, https)
			}
		}
	}
	return nodePorts, nil
}

// servicePorts sorts those of a Service by what they speak, which goes by name, then by
// number.
func servicePorts(s *corev1.Service, number func(corev1.ServicePort) int32) (http, https []int32) {
	for _, p := range s.Spec.Ports {
		name := strings.ToLower(p.Name)
		n := number(p)
		switch {
		case n == 0 || p.Protocol != "" && p.Protocol != corev1.ProtocolTCP:
		case has(name, "admin", "traefik", "dashboard", "api", "ping", "metrics", "health", "prom"):
		case has(name, "https", "websecure", "tls", "ssl") || p.Port == 443:
			https = append(https, n)
		case has(name, "http", "web") || p.Port == 80:
			http = append(http, n)
		}
	}
	return http, https
}

func urlsAt(address string, http, https []int32) []string {
	var urls []string
	for _, of := range []struct {
		scheme string
		ports  []int32
	}{{"http", http}, {"https", https}} {
		if len(of.ports) > 0 {
			urls = append(urls, of.scheme+"://"+net.JoinHostPort(address, strconv.Itoa(int(of.ports[0]))))
		}
	}
	return urls
}
