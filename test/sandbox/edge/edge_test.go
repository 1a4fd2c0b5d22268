package edge

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// facts are what the stories and the cutover rely on.
type facts struct {
	Image       string
	HostNetwork bool
	Strategy    appsv1.DaemonSetUpdateStrategyType
	Unavailable string
	Grace       int64
	Selector    map[string]string
	HostPorts   []int32
}

func factsOf(d *appsv1.DaemonSet) facts {
	pod := d.Spec.Template.Spec
	f := facts{
		Image: pod.Containers[0].Image, HostNetwork: pod.HostNetwork, Strategy: d.Spec.UpdateStrategy.Type,
		Unavailable: d.Spec.UpdateStrategy.RollingUpdate.MaxUnavailable.String(),
		Grace:       *pod.TerminationGracePeriodSeconds, Selector: pod.NodeSelector,
	}
	for _, port := range pod.Containers[0].Ports {
		f.HostPorts = append(f.HostPorts, port.HostPort)
	}
	return f
}

func TestDeploymentsCompeteForTheSameNodesAndPorts(t *testing.T) {
	for name, build := range map[string]func(Options) (Deployment, error){ImageTraefik1: Traefik1, ImageTraefik2: Traefik2, ImageTraefik3: Traefik3} {
		deployment, err := build(Options{HTTP: 18000})
		if err != nil {
			t.Fatal(err)
		}
		want := facts{
			Image: name, HostNetwork: true, Strategy: appsv1.RollingUpdateDaemonSetStrategyType, Unavailable: "1", Grace: 60,
			Selector: map[string]string{"edge-node-label": "true"}, HostPorts: []int32{18000, 8443, 8080},
		}
		if diff := cmp.Diff(want, factsOf(deployment.DaemonSet())); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestTraefik1Configuration(t *testing.T) {
	deployment, err := Traefik1(Options{RedirectToHTTPS: true, AcceptGrace: NoGrace, FinishGrace: 3 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	var toml string
	for _, object := range deployment {
		if config, ok := object.(*corev1.ConfigMap); ok {
			toml = config.Data["traefik.toml"]
		}
	}
	const want = `defaultEntryPoints = ["http", "https"]
logLevel = "INFO"

[entryPoints]
  [entryPoints.http]
  address = ":8000"
    [entryPoints.http.redirect]
    entryPoint = "https"
  [entryPoints.https]
  address = ":8443"
    [entryPoints.https.tls]
  [entryPoints.traefik]
  address = ":8080"

[kubernetes]

[api]

[metrics.prometheus]
entryPoint = "traefik"

# The balancer's health check asks the port that carries the traffic.
[ping]
entryPoint = "http"

[lifeCycle]
requestAcceptGraceTimeout = "0s"
graceTimeOut = "3s"
`
	if diff := cmp.Diff(want, toml); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestObjectsNameEachOther(t *testing.T) {
	deployment, err := Traefik2(Options{Namespace: "edge", Name: "proxy"})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, object := range deployment {
		kind := strings.TrimPrefix(object.GetObjectKind().GroupVersionKind().Kind, "*")
		got = append(got, kind+" "+client.ObjectKeyFromObject(object).String())
	}
	want := []string{"Namespace /edge", "ServiceAccount edge/proxy", "ClusterRole /proxy", "ClusterRoleBinding /proxy", "DaemonSet edge/proxy"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestCRDsAreOfBothGroups(t *testing.T) {
	definitions, err := CRDs(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	groups := map[string]int{}
	for _, definition := range definitions {
		_, group, _ := strings.Cut(definition.GetName(), ".")
		groups[group]++
	}
	if diff := cmp.Diff(map[string]int{"traefik.io": 9, "traefik.containo.us": 9}, groups); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
