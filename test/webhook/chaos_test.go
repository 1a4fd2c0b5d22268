package webhook_test

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"sync"
	"syscall"
	"time"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"
)

// ingressObject is ingress as an object.
func (r *rig) ingressObject(namespace, name, host string) *networkingv1.Ingress {
	r.t.Helper()
	var object networkingv1.Ingress
	if err := yaml.Unmarshal([]byte(ingress(namespace, name, host)), &object); err != nil {
		r.t.Fatal(err)
	}
	return &object
}

// leader is the pod that leads: the only one that tells how long Ingresses wait.
func (r *rig) leader() corev1.Pod {
	r.t.Helper()
	var leader corev1.Pod
	r.eventually("somebody leads", func() error {
		for _, pod := range r.webhookPods() {
			response, err := http.Get("http://" + pod.Status.PodIP + ":8080/metrics")
			if err != nil {
				return err
			}
			text, err := io.ReadAll(response.Body)
			response.Body.Close()
			if err != nil {
				return err
			}
			if strings.Contains(string(text), "\ningress_migrate_oldest_ingress_without_current_route_seconds ") {
				leader = pod
				return nil
			}
		}
		return errNotYet
	})
	return leader
}

// testBurst applies, changes and deletes Ingresses at once, several at a time, and
// kills the leader on the way.
func (r *rig) testBurst() {
	ns := r.namespace(nil)
	watched := r.watchInvariants(ns)
	leader := r.leader()
	names := make(chan int)
	var workers sync.WaitGroup
	var mu sync.Mutex
	var failed []error
	client := r.client.NetworkingV1().Ingresses(ns)
	one := func(n int) error {
		name := fmt.Sprintf("burst-%d", n)
		stored, err := client.Create(r.ctx, r.ingressObject(ns, name, name+".example.com"), metav1.CreateOptions{})
		if err != nil {
			return err
		}
		switch n % 5 {
		case 1:
			stored.Spec.Rules[0].Host = "changed-" + stored.Spec.Rules[0].Host
			_, err = client.Update(r.ctx, stored, metav1.UpdateOptions{})
		case 2:
			err = client.Delete(r.ctx, name, metav1.DeleteOptions{})
		}
		return err
	}
	for range 8 {
		workers.Go(func() {
			for n := range names {
				if err := one(n); err != nil {
					mu.Lock()
					failed = append(failed, err)
					mu.Unlock()
				}
			}
		})
	}
	for n := range *burst {
		if n == *burst/3 {
			r.kill(leader)
		}
		names <- n
	}
	close(names)
	workers.Wait()
	begin := time.Now()
	if len(failed) > 0 {
		r.t.Errorf("%d applies failed, the first: %v", len(failed), failed[0])
	}
	watched.settled()
	r.t.Logf("all was settled %s after the last of %d applies; the leader was killed after a third", time.Since(begin).Round(time.Millisecond), *burst)
	r.scale(2)
}

// signal sends a signal to the processes of all replicas.
func (r *rig) signal(s syscall.Signal) {
	r.t.Helper()
	for _, pod := range r.webhookPods() {
		process, err := os.FindProcess(r.pid(pod))
		if err == nil {
			err = process.Signal(s)
		}
		if err != nil {
			r.t.Fatal(err)
		}
	}
}

// testHanging: replicas that do not answer any more delay an apply by the timeout of
// the registration, and do not stop it.
func (r *rig) testHanging() {
	ns := r.namespace(nil)
	watched := r.watchInvariants(ns)
	r.apply(ingress(ns, "before", "before.example.com"))
	r.waitRoute(ns, "before")
	before := r.failedOpen()
	r.signal(syscall.SIGSTOP)
	begin := time.Now()
	for n := range 3 {
		name := fmt.Sprintf("hung-%d", n)
		r.apply(ingress(ns, name, name+".example.com"))
	}
	took := time.Since(begin)
	r.signal(syscall.SIGCONT)
	if counted := r.failedOpen() - before; counted != 3 {
		r.t.Errorf("the API server went on without us %d times, want 3", counted)
	}
	watched.settled()
	r.waitEvent(ns, "hung-0", "not seen by the webhook")
	r.t.Logf("3 applies took %s with replicas that hang", took.Round(time.Millisecond))
	r.scale(2)
}

// testAPIServerRestarts while Ingresses are being applied.
func (r *rig) testAPIServerRestarts() {
	ns := r.namespace(nil)
	watched := r.watchInvariants(ns)
	for n := range 10 {
		if n == 5 {
			r.StopAPIServer(r.ctx)
			if err := r.StartAPIServer(r.ctx); err != nil {
				r.t.Fatal(err)
			}
		}
		name := fmt.Sprintf("web-%d", n)
		r.eventually("the API server takes "+name, func() error {
			_, stderr, err := r.kubectl(ingress(ns, name, name+".example.com"), "apply", "-f", "-")
			if err != nil {
				return fmt.Errorf("%s", stderr)
			}
			return nil
		})
	}
	watched.settled()
	r.scale(2)
}
