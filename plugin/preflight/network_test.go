package preflight

import (
	"context"
	"errors"
	"net"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/emit"
)

// onPodNetwork gives both proxies pod addresses and host ports.
func onPodNetwork(w *world) {
	for _, ds := range []*appsv1.DaemonSet{w.old, w.new} {
		ds.Spec.Template.Spec.HostNetwork = false
		for i := range ds.Spec.Template.Spec.Containers[0].Ports {
			p := &ds.Spec.Template.Spec.Containers[0].Ports[i]
			p.HostPort = p.ContainerPort
		}
	}
	w.others = append(w.others, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "edge", Labels: map[string]string{"zone": "dmz"}}})
}

func policy(namespace, name string, spec networkingv1.NetworkPolicySpec) *networkingv1.NetworkPolicy {
	return &networkingv1.NetworkPolicy{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name}, Spec: spec}
}

func labelled(key, value string) *metav1.LabelSelector {
	return &metav1.LabelSelector{MatchLabels: map[string]string{key: value}}
}

// from lets pods with a label connect that are in namespaces with zone=dmz.
func from(apps ...string) []networkingv1.NetworkPolicyIngressRule {
	rule := networkingv1.NetworkPolicyIngressRule{}
	for _, app := range apps {
		rule.From = append(rule.From, networkingv1.NetworkPolicyPeer{NamespaceSelector: labelled("zone", "dmz"), PodSelector: labelled("app", app)})
	}
	return []networkingv1.NetworkPolicyIngressRule{rule}
}

func TestNetworkPolicies(t *testing.T) {
	const shut = "NETWORK-POLICY stop: NetworkPolicy shop/web lets pods of traefik1 reach applications, and not those of traefik2 -> add app=traefik2 in namespace edge to who may connect"
	for name, test := range map[string]struct {
		spoil func(*world)
		want  []string
	}{
		"an application that knows the old one only": {func(w *world) {
			onPodNetwork(w)
			w.others = append(w.others, policy("shop", "web", networkingv1.NetworkPolicySpec{Ingress: from("traefik1")}))
		}, []string{shut}},
		"one that knows both": {func(w *world) {
			onPodNetwork(w)
			w.others = append(w.others, policy("shop", "web", networkingv1.NetworkPolicySpec{Ingress: from("traefik1", "traefik2")}))
		}, nil},
		"policies add up": {func(w *world) {
			onPodNetwork(w)
			w.others = append(w.others,
				policy("shop", "web", networkingv1.NetworkPolicySpec{PodSelector: *labelled("app", "web"), Ingress: from("traefik1")}),
				policy("shop", "all", networkingv1.NetworkPolicySpec{Ingress: from("traefik2")}))
		}, nil},
		"one for other pods does not help": {func(w *world) {
			onPodNetwork(w)
			w.others = append(w.others,
				policy("shop", "web", networkingv1.NetworkPolicySpec{PodSelector: *labelled("app", "web"), Ingress: from("traefik1")}),
				policy("shop", "db", networkingv1.NetworkPolicySpec{PodSelector: *labelled("app", "db"), Ingress: from("traefik2")}))
		}, []string{shut}},
		"one about what may be connected to": {func(w *world) {
			onPodNetwork(w)
			w.others = append(w.others, policy("shop", "web", networkingv1.NetworkPolicySpec{PolicyTypes: []networkingv1.PolicyType{networkingv1.PolicyTypeEgress}}))
		}, nil},
		"the new one on the host's network": {func(w *world) {
			onPodNetwork(w)
			w.new.Spec.Template.Spec.HostNetwork = true
			w.others = append(w.others, policy("shop", "web", networkingv1.NetworkPolicySpec{Ingress: from("traefik1")}))
		}, []string{"NETWORK-POLICY stop: NetworkPolicy shop/web lets pods of traefik1 reach applications, and not those of traefik2 -> let the nodes' addresses connect (ipBlock): traefik2 is on the host's network"}},
		"both on the host's network": {func(w *world) {
			w.others = append(w.others, policy("shop", "web", networkingv1.NetworkPolicySpec{Ingress: from("traefik1")}))
		}, nil},
		"the new one is confined": {func(w *world) {
			onPodNetwork(w)
			w.others = append(w.others, policy("edge", "tight", networkingv1.NetworkPolicySpec{
				PodSelector: *labelled("app", "traefik2"), PolicyTypes: []networkingv1.PolicyType{networkingv1.PolicyTypeEgress, networkingv1.PolicyTypeIngress},
			}))
		}, []string{
			"NETWORK-POLICY warn: NetworkPolicy edge/tight says where pods of traefik2 may connect to, and not those of traefik1 -> see that it lets them reach the API server, DNS and every application",
			"NETWORK-POLICY warn: NetworkPolicy edge/tight says who may connect to pods of traefik2, and not to those of traefik1 -> see that it lets clients, the load balancer's health check and you (the gate) reach their host ports",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, found(t, test.spoil)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// other is a workload with a host port.
func other(name, image string, port int32, selector map[string]string) *appsv1.DaemonSet {
	ds := set(name, image)
	ds.Namespace = "kube-system"
	ds.Spec.Template.Spec.NodeSelector = selector
	ds.Spec.Template.Spec.Containers[0].Ports = []corev1.ContainerPort{{ContainerPort: port}}
	return ds
}

func TestSurroundings(t *testing.T) {
	deployment := func(ds *appsv1.DaemonSet) *appsv1.Deployment {
		return &appsv1.Deployment{ObjectMeta: ds.ObjectMeta, Spec: appsv1.DeploymentSpec{Template: ds.Spec.Template}}
	}
	for name, test := range map[string]struct {
		spoil func(*world)
		want  []string
	}{
		"others want a port": {func(w *world) {
			w.others = append(w.others, other("svclb", "klipper-lb:v0.4", 80, map[string]string{"kubernetes.io/hostname": "edge-2"}), deployment(other("admin", "admin:1", 8080, nil)))
		}, []string{
			"PORTS-TAKEN stop: daemonset kube-system/svclb wants host port 80/TCP as traefik1 does, and may run on edge-2: whoever waits for it takes it when the old proxy ends -> give it another port, or keep it off these nodes",
			"PORTS-TAKEN warn: deployment kube-system/admin wants host port 8080/TCP as traefik1 does, and may run on edge-1, edge-2, edge-3 and 1 more: whoever waits for it takes it when the old proxy ends -> give it another port, or keep it off these nodes",
		}},
		"others on other nodes": {func(w *world) {
			w.others = append(w.others, other("internal", "traefik-internal:1", 80, map[string]string{"pool": "internal"}))
		}, nil},
		"an autoscaler, and a node that goes": {func(w *world) {
			w.others = append(w.others, deployment(other("scaler", "registry.k8s.io/autoscaling/cluster-autoscaler:v1.30.0", 8085, nil)))
			w.nodes[0].Annotations = map[string]string{"cluster-autoscaler.kubernetes.io/scale-down-disabled": "true"}
			w.nodes[1].Spec.Taints = []corev1.Taint{{Key: "DeletionCandidateOfClusterAutoscaler", Effect: corev1.TaintEffectPreferNoSchedule}}
		}, []string{
			"AUTOSCALER stop: an autoscaler is about to remove edge-2 (DeletionCandidateOfClusterAutoscaler) -> wait until it has, or take the taint and the reason for it away",
			"AUTOSCALER warn: deployment kube-system/scaler may remove edge-3, edge-4 in the middle of a move -> for the time of the cutover: kubectl annotate node edge-3 edge-4 cluster-autoscaler.kubernetes.io/scale-down-disabled=true",
		}},
		"Karpenter's nodes": {func(w *world) {
			for _, n := range w.nodes {
				n.Labels["karpenter.sh/nodepool"] = "edge"
			}
			w.nodes[3].Annotations = map[string]string{"karpenter.sh/do-not-disrupt": "true"}
		}, []string{"AUTOSCALER warn: Karpenter may remove edge-1, edge-2, edge-3 in the middle of a move -> for the time of the cutover: kubectl annotate node edge-1 edge-2 edge-3 karpenter.sh/do-not-disrupt=true"}},
		"rights that lack": {func(w *world) {
			w.denied = []Right{{"patch", "nodes", "", "", ""}, {"create", "leases", "coordination.k8s.io", "edge", ""}, {"patch", "leases", "coordination.k8s.io", "edge", ""}, {"list", "deployments", "apps", "", ""}}
			w.proxyDenied = []Right{{"list", "secrets", "", "", ""}, {"watch", "secrets", "", "", ""}, {"watch", "tlsstores", "traefik.containo.us", "", ""}}
		}, []string{
			"RIGHTS stop: you may not patch nodes; create, patch leases.coordination.k8s.io in edge -> kubectl apply -k manifests/operator gives it, to a group that you are a member of",
			"PROXY-RIGHTS warn: the ServiceAccount of traefik2 may not list, watch secrets; watch tlsstores.traefik.containo.us: it would load no route -> apply the ClusterRole that belongs to traefik-2.11",
			"RIGHTS warn: you may not list deployments.apps: what depends on it is not checked -> kubectl apply -k manifests/operator gives it, to a group that you are a member of",
		}},
		"routes for another version": {func(w *world) { w.target = emit.Target{Version: emit.V3, APIGroup: emit.Group} }, []string{
			"TARGET stop: routes are made for Traefik 3 of traefik.io, but traefik2 is traefik-2.11 -> say --to v2 here, in scan and in sync",
		}},
		"a Traefik 3": {three("v3"), []string{
			"TARGET stop: routes are made for Traefik 2 of traefik.io, but traefik2 is traefik-3.6 with core.defaultRuleSyntax=v3 -> say --to v3 here, in scan and in sync, or start it with --core.defaultRuleSyntax=v2",
		}},
		"a Traefik 3 that reads the rules of 2": {three("v2"), nil},
		"a Traefik 3 that reads them, with routes of its own": {func(w *world) {
			three("v2")(w)
			w.target.Version = emit.V3
		}, []string{
			"TARGET stop: routes are made for Traefik 3 of traefik.io, but traefik2 is traefik-3.6 with core.defaultRuleSyntax=v2 -> say --to v2 here, in scan and in sync, or start it without that option",
		}},
		"a Traefik that reads the older group": {func(w *world) {
			w.new.Spec.Template.Spec.Containers[0].Image = "traefik:2.9.10"
			w.target = emit.Target{Version: emit.V2, APIGroup: emit.Group}
			for _, n := range w.nodes {
				n.Status.Images = []corev1.ContainerImage{{Names: []string{"docker.io/library/traefik:2.9.10"}}}
			}
		}, []string{"TARGET stop: routes are made for Traefik 2 of traefik.io, but traefik2 is traefik-2.9 -> say --api-group traefik.containo.us here, in scan and in sync"}},
		"a Traefik that reads no routes": {func(w *world) {
			newContainer(w).Args = []string{"--entrypoints.web.address=:80", "--ping", "--providers.kubernetesingress", "--entrypoints.web.transport.lifecycle.requestacceptgracetimeout=22"}
		}, []string{"GATE stop: traefik2 reads no routes: its configuration has no providers.kubernetesCRD -> add --providers.kubernetescrd to its arguments"}},
		"one that is told by variables": {func(w *world) {
			c := newContainer(w)
			c.Args = nil
			c.Env = []corev1.EnvVar{
				{Name: "TRAEFIK_PROVIDERS_KUBERNETESCRD", Value: "true"}, {Name: "TRAEFIK_PING", Value: "true"},
				{Name: "TRAEFIK_ENTRYPOINTS_WEB_ADDRESS", Value: ":80"}, {Name: "TRAEFIK_ENTRYPOINTS_WEB_TRANSPORT_LIFECYCLE_REQUESTACCEPTGRACETIMEOUT", Value: "22"},
			}
		}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, found(t, test.spoil)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// three has Traefik 3.6 take over, with that syntax of rules, and routes for Traefik 2.
func three(syntax string) func(*world) {
	return func(w *world) {
		c := newContainer(w)
		c.Image, c.Args = "traefik:3.6.12", append(c.Args, "--core.defaultRuleSyntax="+syntax)
		w.target = emit.Target{Version: emit.V2, APIGroup: emit.Group}
		for _, n := range w.nodes {
			n.Status.Images = []corev1.ContainerImage{{Names: []string{"docker.io/library/traefik:3.6.12"}}}
		}
	}
}

// A process that no manifest tells of answers on a port that only the new proxy binds.
func TestKnock(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	port := int32(listener.Addr().(*net.TCPAddr).Port)
	got := found(t, func(w *world) {
		w.dial = func(ctx context.Context, network, address string) (net.Conn, error) {
			if strings.HasPrefix(address, "127.0.0.3:") {
				return nil, errors.New("no route to host")
			}
			return (&net.Dialer{}).DialContext(ctx, network, address)
		}
		newContainer(w).Ports = append(newContainer(w).Ports, corev1.ContainerPort{Name: "metrics", ContainerPort: port})
		for i, address := range []string{"127.0.0.1", "127.0.0.2", "127.0.0.3", ""} {
			w.nodes[i].Status.Addresses = []corev1.NodeAddress{{Type: corev1.NodeInternalIP, Address: address}}
		}
	})
	at := func(text string) string { return strings.ReplaceAll(text, "<port>", strconv.Itoa(int(port))) }
	want := []string{
		at("PORTS-TAKEN stop: something answers already on edge-1:<port>, which traefik2 is going to bind there: its pods would crash -> find out what it is (on the node: ss -ltnp), and end it or move traefik2 to another port"),
		at("PORTS-DIFFER warn: traefik2 declares host port <port>/TCP (0.0.0.0/TCP/<port>), traefik1 does not -> see that nobody needs it, or declare it in both"),
		at("PORTS-TAKEN unknown: no answer from edge-3:<port>: whether traefik2 can bind there is not known -> run this where nodes can be reached"),
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// Every code is told from the others and explained.
func TestCodes(t *testing.T) {
	seen := map[string]bool{}
	for _, info := range Codes() {
		if seen[info.Code] || info.Code != strings.ToUpper(info.Code) {
			t.Errorf("%s: taken, or not in capitals", info.Code)
		}
		seen[info.Code] = true
		if len(info.What) == 0 || len(info.What) > 20 || len(info.Explain) > 700 || len(info.Remedy) > 300 ||
			!strings.HasSuffix(info.Explain, ".") || !strings.HasSuffix(info.Remedy, ".") {
			t.Errorf("%s: %q, %q, %q", info.Code, info.What, info.Explain, info.Remedy)
		}
		if got, ok := Lookup(strings.ToLower(info.Code)); !ok || got != info {
			t.Errorf("%s is not found in lower case", info.Code)
		}
	}
	if _, ok := Lookup("NOSUCH"); ok {
		t.Error("NOSUCH is found")
	}
}
