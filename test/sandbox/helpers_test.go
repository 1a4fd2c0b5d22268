package sandbox_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/client-go/kubernetes"

	"github.com/ingress-migrate/kubectl-ingress-migrate/test/sandbox"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/sandbox/kubelet"
)

// patience bounds every wait. Nothing depends on it but how long a failure takes.
const patience = 90 * time.Second

// cluster is a sandbox with what tests do with it.
type cluster struct {
	*sandbox.Sandbox
	t      *testing.T
	ctx    context.Context
	client *kubernetes.Clientset
}

// start starts a sandbox that ends with the test. Its programs may have to be
// built first, hence the long limit.
func start(t *testing.T, options sandbox.Options) *cluster {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Minute)
	t.Cleanup(cancel)
	options.Dir = t.TempDir()
	options.Log = testLog{t}
	if options.Images == nil {
		options.Images = map[string]kubelet.Program{"server:1": program(t, "server")}
	}
	s, err := sandbox.Start(ctx, options)
	if err != nil {
		t.Fatal(err)
	}
	c := &cluster{Sandbox: s, t: t, ctx: ctx, client: clientOf(t, s)}
	t.Cleanup(func() {
		if t.Failed() {
			c.describe()
		}
		if err := s.Stop(); err != nil {
			t.Errorf("stop: %v", err)
		}
	})
	return c
}

func clientOf(t *testing.T, s *sandbox.Sandbox) *kubernetes.Clientset {
	t.Helper()
	client, err := kubernetes.NewForConfig(s.RESTConfig())
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// describe shows the pods of a failed test.
func (c *cluster) describe() {
	pods, err := c.client.CoreV1().Pods("").List(c.ctx, metav1.ListOptions{})
	if err != nil {
		c.t.Logf("list pods: %v", err)
		return
	}
	for i := range pods.Items {
		p := &pods.Items[i]
		data, _ := json.Marshal(p.Status)
		c.t.Logf("%s/%s on %q deleted=%v: %s", p.Namespace, p.Name, p.Spec.NodeName, p.DeletionTimestamp, data)
		for _, container := range p.Spec.Containers {
			log, _ := os.ReadFile(c.PodLog(p.Namespace, p.Name, container.Name))
			c.t.Logf("log of %s: %s", container.Name, log)
		}
	}
}

type testLog struct{ t *testing.T }

func (l testLog) Write(p []byte) (int, error) {
	// Not t.Log: goroutines of the sandbox may write after the test's end.
	return os.Stderr.Write(append([]byte(l.t.Name()+": "), p...))
}

// eventually waits until check finds nothing to complain about.
func (c *cluster) eventually(what string, check func() error) {
	c.t.Helper()
	deadline := time.Now().Add(patience)
	for {
		err := check()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			c.t.Fatalf("%s: %v", what, err)
		}
		time.Sleep(100 * time.Millisecond)
	}
}

// serverPod is a pod of the test server on the node's address and port.
func serverPod(port int, args ...string) corev1.PodSpec {
	grace := int64(20)
	return corev1.PodSpec{
		HostNetwork:                   true,
		TerminationGracePeriodSeconds: &grace,
		Containers: []corev1.Container{{
			Name: "server", Image: "server:1",
			Args: append([]string{fmt.Sprintf("-listen=$(NODE_IP):%d", port)}, args...),
			Env: []corev1.EnvVar{{Name: "NODE_IP", ValueFrom: &corev1.EnvVarSource{
				FieldRef: &corev1.ObjectFieldSelector{FieldPath: "status.hostIP"},
			}}},
			Ports: []corev1.ContainerPort{{Name: "web", ContainerPort: int32(port)}},
			ReadinessProbe: &corev1.Probe{
				ProbeHandler:  corev1.ProbeHandler{HTTPGet: &corev1.HTTPGetAction{Path: "/ready", Port: intstr.FromString("web")}},
				PeriodSeconds: 1, FailureThreshold: 1,
			},
		}},
	}
}

func (c *cluster) daemonSet(name string, spec corev1.PodSpec) *appsv1.DaemonSet {
	c.t.Helper()
	labels := map[string]string{"app": name}
	ds, err := c.client.AppsV1().DaemonSets("default").Create(c.ctx, &appsv1.DaemonSet{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec: appsv1.DaemonSetSpec{
			Selector: &metav1.LabelSelector{MatchLabels: labels},
			Template: corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: labels}, Spec: spec},
		},
	}, metav1.CreateOptions{})
	if err != nil {
		c.t.Fatal(err)
	}
	return ds
}

func (c *cluster) pod(name string, spec corev1.PodSpec) *corev1.Pod {
	c.t.Helper()
	pod, err := c.client.CoreV1().Pods("default").Create(c.ctx, &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{"app": name}}, Spec: spec,
	}, metav1.CreateOptions{})
	if err != nil {
		c.t.Fatal(err)
	}
	return pod
}

// pods returns the pods of an app by node; Pending ones are under "".
func (c *cluster) pods(app string) map[string][]corev1.Pod {
	c.t.Helper()
	list, err := c.client.CoreV1().Pods("default").List(c.ctx, metav1.ListOptions{LabelSelector: "app=" + app})
	if err != nil {
		c.t.Fatal(err)
	}
	byNode := map[string][]corev1.Pod{}
	for _, p := range list.Items {
		byNode[p.Spec.NodeName] = append(byNode[p.Spec.NodeName], p)
	}
	return byNode
}

func (c *cluster) get(pod string) *corev1.Pod {
	c.t.Helper()
	p, err := c.client.CoreV1().Pods("default").Get(c.ctx, pod, metav1.GetOptions{})
	if err != nil {
		c.t.Fatal(err)
	}
	return p
}

// waitPod waits until the pod's status satisfies ok.
func (c *cluster) waitPod(name, what string, ok func(*corev1.Pod) bool) *corev1.Pod {
	c.t.Helper()
	var pod *corev1.Pod
	c.eventually("pod "+name+" "+what, func() error {
		pod = c.get(name)
		if !ok(pod) {
			return fmt.Errorf("it is not: phase %s", pod.Status.Phase)
		}
		return nil
	})
	return pod
}

// waitReady waits until app has this many Ready pods and no other.
func (c *cluster) waitReady(app string, want int) {
	c.t.Helper()
	c.eventually("pods of "+app+" Ready", func() error {
		ready, all := 0, 0
		for _, pods := range c.pods(app) {
			for i := range pods {
				all++
				if isReady(&pods[i]) && pods[i].DeletionTimestamp == nil {
					ready++
				}
			}
		}
		if ready != want || all != want {
			return fmt.Errorf("%d of %d pods are Ready, want %d", ready, all, want)
		}
		return nil
	})
}

func isReady(pod *corev1.Pod) bool {
	for _, cond := range pod.Status.Conditions {
		if cond.Type == corev1.PodReady {
			return cond.Status == corev1.ConditionTrue
		}
	}
	return false
}

func (c *cluster) nodeReady(name string) bool {
	c.t.Helper()
	node, err := c.client.CoreV1().Nodes().Get(c.ctx, name, metav1.GetOptions{})
	if err != nil {
		c.t.Fatal(err)
	}
	for _, cond := range node.Status.Conditions {
		if cond.Type == corev1.NodeReady {
			return cond.Status == corev1.ConditionTrue
		}
	}
	return false
}

func (c *cluster) waitNode(name string, ready bool) {
	c.t.Helper()
	c.eventually(fmt.Sprintf("node %s ready=%v", name, ready), func() error {
		if c.nodeReady(name) != ready {
			return fmt.Errorf("it is ready=%v", !ready)
		}
		return nil
	})
}

// get asks a test server; "" if nothing answers.
func body(url string) string {
	client := &http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Get(url)
	if err != nil {
		return ""
	}
	defer resp.Body.Close()
	data, _ := io.ReadAll(resp.Body)
	return string(data)
}

func ask(t *testing.T, url string) answer {
	t.Helper()
	var a answer
	if err := json.Unmarshal([]byte(body(url)), &a); err != nil {
		t.Fatalf("%s: %v", url, err)
	}
	return a
}

func (c *cluster) deletePod(name string, options metav1.DeleteOptions) {
	c.t.Helper()
	if err := c.client.CoreV1().Pods("default").Delete(c.ctx, name, options); err != nil {
		c.t.Fatal(err)
	}
}

func (c *cluster) waitGone(name string) {
	c.t.Helper()
	c.eventually("pod "+name+" gone", func() error {
		_, err := c.client.CoreV1().Pods("default").Get(c.ctx, name, metav1.GetOptions{})
		if err == nil {
			return fmt.Errorf("it is still there")
		}
		return nil
	})
}

// lines of a container's log.
func (c *cluster) lines(pod string) []string {
	data, err := os.ReadFile(c.PodLog("default", pod, "server"))
	if err != nil {
		c.t.Fatal(err)
	}
	return strings.Fields(string(data))
}
