package webhook_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"syscall"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// testKilledReplica kills one of two replicas, each in turn, so that the leader
// is among them, while Ingresses are applied.
func (r *rig) testKilledReplica() {
	for _, pod := range r.webhookPods() {
		ns := r.namespace(nil)
		for n := range 20 {
			if n == 5 {
				r.kill(pod)
			}
			r.apply(ingress(ns, fmt.Sprintf("web-%d", n), fmt.Sprintf("web-%d.example.com", n)))
		}
		begin := time.Now()
		for n := range 20 {
			r.waitRoute(ns, fmt.Sprintf("web-%d", n))
		}
		r.t.Logf("the last of 20 routes was there %s after the last apply, a replica was killed after the fifth", time.Since(begin))
		r.scale(2)
	}
}

// kill ends the process of a pod by SIGKILL.
func (r *rig) kill(pod corev1.Pod) {
	r.t.Helper()
	process, err := os.FindProcess(r.pid(pod))
	if err == nil {
		err = process.Signal(syscall.SIGKILL)
	}
	if err != nil {
		r.t.Fatal(err)
	}
}

// pid is that of a pod's process.
func (r *rig) pid(pod corev1.Pod) int {
	r.t.Helper()
	pids, err := r.Processes(pod.Spec.NodeName)
	if err != nil {
		r.t.Fatal(err)
	}
	for _, pid := range pids {
		environment, err := os.ReadFile(fmt.Sprintf("/proc/%d/environ", pid))
		if err != nil || !slices.Contains(strings.Split(string(environment), "\x00"), "HOSTNAME="+pod.Name) {
			continue
		}
		return pid
	}
	r.t.Fatalf("pod %s has no process on %s", pod.Name, pod.Spec.NodeName)
	return 0
}

// testDown: nothing that happens while the webhook is away is lost, and nothing
// waits for it.
func (r *rig) testDown() {
	ns := r.namespace(nil)
	for _, name := range []string{"changed", "deleted", "leaving"} {
		r.apply(ingress(ns, name, name+".example.com"))
		r.waitRoute(ns, name)
	}
	r.scale(0)

	r.apply(ingress(ns, "new", "new.example.com"))
	r.apply(ingress(ns, "changed", "changed2.example.com"))
	r.apply(ingress(ns, "leaving", "leaving.example.com", "kubernetes.io/ingress.class=nginx"))
	if _, stderr, err := r.kubectl("", "delete", "ingress", "-n", ns, "deleted"); err != nil {
		r.t.Fatal(stderr)
	}
	// Deletion needs no webhook: the collector does it.
	r.waitNoRoute(ns, "deleted")
	if r.route(ns, "new") != nil {
		r.t.Fatal("somebody makes routes while there is no webhook")
	}
	status, stdout, _ := r.plugin("webhook", "check")
	if status != 1 || !strings.Contains(stdout, "no answer from the webhook") {
		r.t.Errorf("check while it is down: exit status %d\n%s", status, stdout)
	}

	r.scale(2)
	r.waitRoute(ns, "new")
	r.waitEvent(ns, "new", "RouteWritten", "not seen by the webhook")
	r.waitNoRoute(ns, "leaving")
	r.eventually("the changed route has the new host", func() error {
		if text := fmt.Sprint(r.route(ns, "changed").Object["spec"]); !strings.Contains(text, "`changed2.") {
			return fmt.Errorf("it is %s", text)
		}
		return nil
	})
	r.eventually("scan finds nothing", func() error { return r.scanClean(ns) })
}

// collectorHasRun returns when an object whose owner is deleted now is collected.
func (r *rig) collectorHasRun(ns string) {
	r.t.Helper()
	r.apply(ingress(ns, "owner", "owner.example.com"))
	owner, err := r.client.NetworkingV1().Ingresses(ns).Get(r.ctx, "owner", metav1.GetOptions{})
	if err != nil {
		r.t.Fatal(err)
	}
	r.create("ingressroutes", map[string]any{
		"apiVersion": "traefik.io/v1alpha1", "kind": "IngressRoute",
		"metadata": map[string]any{"name": "owned", "namespace": ns, "ownerReferences": []any{map[string]any{
			"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "name": "owner", "uid": string(owner.UID),
		}}},
		"spec": map[string]any{"routes": []any{}},
	})
	if _, stderr, err := r.kubectl("", "delete", "ingress", "-n", ns, "owner"); err != nil {
		r.t.Fatal(stderr)
	}
	r.waitNoRoute(ns, "owned")
}
