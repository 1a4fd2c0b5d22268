package egress

import (
	"context"
	"fmt"
	"net"
	"sort"
	"strconv"
	"strings"
	"sync/atomic"

	"golang.org/x/sync/singleflight"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/client-go/kubernetes"
)

// Services resolves ClusterIPs and Service DNS names to ready pods by asking
// the API server anew each time: a connection is rare, a stale answer confusing. Those
// that ask at the same time share the answer: an API server that calls a webhook under
// load with a new certificate dials a hundred times at once, and has little to spare.
type Services struct {
	client kubernetes.Interface
	turn   atomic.Uint64
	asking singleflight.Group
}

// NewServices returns a Resolver over a cluster's Services and pods.
func NewServices(client kubernetes.Interface) *Services { return &Services{client: client} }

// Resolve translates clusterIP:port or name.namespace.svc:port. An address in
// 127.0.0.0/8 is one of our kubelets or pods already and stays as it is; any
// other is refused, so that nothing leaves the machine.
func (s *Services) Resolve(ctx context.Context, hostPort string) (string, error) {
	host, portText, err := net.SplitHostPort(hostPort)
	if err != nil {
		return "", fmt.Errorf("resolve %q: %w", hostPort, err)
	}
	if ip := net.ParseIP(host); ip != nil && ip.IsLoopback() {
		return hostPort, nil
	}
	port, err := strconv.Atoi(portText)
	if err != nil {
		return "", fmt.Errorf("resolve %q: port is no number", hostPort)
	}
	addresses, err, _ := s.asking.Do(hostPort, func() (any, error) {
		// Whoever came first may leave before the others.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), dialTimeout)
		defer cancel()
		service, err := s.service(ctx, host)
		if err != nil {
			return nil, err
		}
		return s.endpoints(ctx, service, int32(port))
	})
	if err != nil {
		return "", err
	}
	ready, _ := addresses.([]string) // never empty
	return ready[s.turn.Add(1)%uint64(len(ready))], nil
}

func (s *Services) service(ctx context.Context, host string) (*corev1.Service, error) {
	if net.ParseIP(host) == nil {
		parts := strings.Split(host, ".")
		if len(parts) < 3 || parts[2] != "svc" {
			return nil, fmt.Errorf("%s is neither a ClusterIP nor a Service's DNS name", host)
		}
		return s.client.CoreV1().Services(parts[1]).Get(ctx, parts[0], metav1.GetOptions{})
	}
	list, err := s.client.CoreV1().Services("").List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, fmt.Errorf("find the Service of %s: %w", host, err)
	}
	for i := range list.Items {
		if list.Items[i].Spec.ClusterIP == host {
			return &list.Items[i], nil
		}
	}
	return nil, fmt.Errorf("no Service has the ClusterIP %s", host)
}

func (s *Services) endpoints(ctx context.Context, service *corev1.Service, port int32) ([]string, error) {
	name := service.Namespace + "/" + service.Name
	var target *intstr.IntOrString
	for i := range service.Spec.Ports {
		if p := &service.Spec.Ports[i]; p.Port == port {
			target = &p.TargetPort
		}
	}
	if target == nil {
		return nil, fmt.Errorf("service %s has no port %d", name, port)
	}
	if len(service.Spec.Selector) == 0 {
		return nil, fmt.Errorf("service %s has no selector", name)
	}
	pods, err := s.client.CoreV1().Pods(service.Namespace).List(ctx, metav1.ListOptions{
		LabelSelector: labels.SelectorFromSet(service.Spec.Selector).String(),
	})
	if err != nil {
		return nil, fmt.Errorf("find the pods of service %s: %w", name, err)
	}
	addresses := readyAddresses(pods.Items, *target)
	if len(addresses) == 0 {
		return nil, fmt.Errorf("service %s has no ready pod", name)
	}
	return addresses, nil
}

func readyAddresses(pods []corev1.Pod, target intstr.IntOrString) []string {
	var addresses []string
	for i := range pods {
		pod := &pods[i]
		if pod.DeletionTimestamp != nil || pod.Status.PodIP == "" || !isReady(pod) {
			continue
		}
		if port := targetPort(pod, target); port != 0 {
			addresses = append(addresses, net.JoinHostPort(pod.Status.PodIP, strconv.Itoa(int(port))))
		}
	}
	sort.Strings(addresses)
	return addresses
}

func isReady(pod *corev1.Pod) bool {
	for _, c := range pod.Status.Conditions {
		if c.Type == corev1.PodReady {
			return c.Status == corev1.ConditionTrue
		}
	}
	return false
}

func targetPort(pod *corev1.Pod, target intstr.IntOrString) int32 {
	if target.Type == intstr.Int {
		return target.IntVal
	}
	for _, c := range pod.Spec.Containers {
		for _, p := range c.Ports {
			if p.Name == target.StrVal {
				return p.ContainerPort
			}
		}
	}
	return 0
}
