package egress_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/client-go/kubernetes/fake"
	clienttesting "k8s.io/client-go/testing"

	"github.com/ingress-migrate/kubectl-ingress-migrate/test/sandbox/egress"
)

func pod(name, ip string, ready, leaving bool) *corev1.Pod {
	status := corev1.ConditionFalse
	if ready {
		status = corev1.ConditionTrue
	}
	p := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: name, Labels: map[string]string{"app": "web"}},
		Spec:       corev1.PodSpec{Containers: []corev1.Container{{Ports: []corev1.ContainerPort{{Name: "https", ContainerPort: 9443}}}}},
		Status:     corev1.PodStatus{PodIP: ip, Conditions: []corev1.PodCondition{{Type: corev1.PodReady, Status: status}}},
	}
	if leaving {
		now := metav1.NewTime(time.Unix(0, 0))
		p.DeletionTimestamp, p.Finalizers = &now, []string{"example.com/wait"}
	}
	return p
}

func service(name, ip string, selector map[string]string) *corev1.Service {
	return &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: name},
		Spec: corev1.ServiceSpec{ClusterIP: ip, Selector: selector, Ports: []corev1.ServicePort{
			{Name: "by-name", Port: 443, TargetPort: intstr.FromString("https")},
			{Name: "by-number", Port: 80, TargetPort: intstr.FromInt32(8080)},
		}},
	}
}

func TestResolve(t *testing.T) {
	resolver := egress.NewServices(fake.NewClientset(
		service("web", "10.99.0.7", map[string]string{"app": "web"}),
		service("empty", "10.99.0.8", map[string]string{"app": "none"}),
		service("bare", "10.99.0.9", nil),
		pod("a", "127.1.1.1", true, false),
		pod("unready", "127.1.1.2", false, false),
		pod("leaving", "127.1.1.3", true, true),
	))
	for name, c := range map[string]struct{ ask, want, err string }{
		"named target port":  {"10.99.0.7:443", "127.1.1.1:9443", ""},
		"number":             {"10.99.0.7:80", "127.1.1.1:8080", ""},
		"DNS name":           {"web.ns.svc:443", "127.1.1.1:9443", ""},
		"full DNS name":      {"web.ns.svc.cluster.local:443", "127.1.1.1:9443", ""},
		"kubelet":            {"127.0.1.1:10250", "127.0.1.1:10250", ""},
		"no such port":       {"10.99.0.7:81", "", "has no port 81"},
		"no ready pod":       {"10.99.0.8:443", "", "no ready pod"},
		"no selector":        {"10.99.0.9:443", "", "no selector"},
		"no such service":    {"10.99.0.10:443", "", "no Service has the ClusterIP"},
		"the world outside":  {"192.0.2.1:443", "", "no Service has the ClusterIP"},
		"a name outside":     {"example.com:443", "", "neither"},
		"not even a port":    {"10.99.0.7", "", "missing port"},
		"a port by its name": {"10.99.0.7:https", "", "no number"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := resolver.Resolve(context.Background(), c.ask)
			if got != c.want || (err == nil) != (c.err == "") || (err != nil && !strings.Contains(err.Error(), c.err)) {
				t.Errorf("resolve %s: %q, %v; want %q, %q", c.ask, got, err, c.want, c.err)
			}
		})
	}
}

// Those that dial at once ask the API server once, also when the first of them leaves.
func TestResolveTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := fake.NewClientset(service("web", "10.99.0.7", map[string]string{"app": "web"}), pod("a", "127.1.1.1", true, false), pod("b", "127.1.1.2", true, false))
		asked := 0
		answer := make(chan struct{})
		client.PrependReactor("list", "pods", func(clienttesting.Action) (bool, runtime.Object, error) {
			asked++
			<-answer
			return false, nil, nil
		})
		resolver := egress.NewServices(client)
		got := make(chan string)
		ask := func(ctx context.Context) {
			address, err := resolver.Resolve(ctx, "10.99.0.7:443")
			if err != nil {
				address = err.Error()
			}
			got <- address
		}
		leaving, leave := context.WithCancel(t.Context())
		go ask(leaving)
		synctest.Wait()
		for range 9 {
			go ask(t.Context())
		}
		synctest.Wait()
		leave()
		close(answer)
		pods := map[string]int{}
		for range 10 {
			pods[<-got]++
		}
		if asked != 1 || pods["127.1.1.1:9443"] != 5 || pods["127.1.1.2:9443"] != 5 {
			t.Errorf("asked %d times, answers %v", asked, pods)
		}
	})
}
