package preflight

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover/journal"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/lb"
)

// balancerOf serves all nodes but one.
type balancerOf struct {
	out, owner string
	reverts    bool
	facts      lb.Facts
	err        error
}

func (b balancerOf) Describe(context.Context) (lb.Facts, error) {
	b.facts.Name, b.facts.Owner, b.facts.Reverts = "iron", b.owner, b.reverts
	return b.facts, b.err
}
func (balancerOf) Drain(context.Context, lb.Target) error   { return nil }
func (balancerOf) Undrain(context.Context, lb.Target) error { return nil }
func (b balancerOf) State(_ context.Context, t lb.Target) (lb.State, string, error) {
	if t.Node == b.out {
		return lb.Out, "is MAINT", nil
	}
	return lb.InService, "is UP", nil
}

// byHostNames is the story's way.
func byHostNames(w *world) { w.settings.Strategy = journal.Story }

func TestChecks(t *testing.T) {
	tests := map[string]struct {
		spoil func(*world)
		// want are all results that are not ok, as "CODE result: finding -> remedy".
		want []string
	}{
		"all is well": {spoil: func(*world) {}},
		"E7: a higher priority": {
			spoil: func(w *world) {
				w.others = append(w.others, class("edge-critical", 1000000, false, corev1.PreemptLowerPriority))
				w.new.Spec.Template.Spec.PriorityClassName = "edge-critical"
			},
			want: []string{"PRIORITY stop: traefik2 (edge-critical, 1000000) would preempt traefik1 (no class, 0) on every node at once -> give both the same priorityClassName, or that of traefik2 preemptionPolicy: Never"},
		},
		"E7: a higher priority by default, for pods made since": {
			spoil: func(w *world) {
				w.others = append(w.others, class("standard", 100, true, corev1.PreemptLowerPriority))
			},
			want: []string{"PRIORITY stop: traefik2 (standard, the cluster's default, 100) would preempt traefik1 (standard, the cluster's default, 0) on every node at once -> give both the same priorityClassName, or that of traefik2 preemptionPolicy: Never"},
		},
		"a higher priority that never preempts": {
			spoil: func(w *world) {
				w.others = append(w.others, class("polite", 1000, false, corev1.PreemptNever))
				w.new.Spec.Template.Spec.PriorityClassName = "polite"
			},
		},
		"a built-in class": {
			spoil: func(w *world) { w.new.Spec.Template.Spec.PriorityClassName = "system-node-critical" },
			want:  []string{"PRIORITY stop: traefik2 (system-node-critical, 2000001000) would preempt traefik1 (no class, 0) on every node at once -> give both the same priorityClassName, or that of traefik2 preemptionPolicy: Never"},
		},
		"E16: ports that the scheduler cannot see": {
			spoil: func(w *world) { w.new.Spec.Template.Spec.Containers[0].Ports = nil },
			want:  []string{"PORTS-HIDDEN stop: traefik2 runs on the host's network without declaring ports: the scheduler would start both proxies on one node, where one of them crashes -> declare its ports in the container's ports: list"},
		},
		"E16: another port, another address": {
			spoil: func(w *world) {
				w.new.Spec.Template.Spec.Containers[0].Ports = []corev1.ContainerPort{{Name: "http", ContainerPort: 80, HostIP: "10.0.0.1"}, {Name: "metrics", ContainerPort: 9100}}
			},
			want: []string{
				"PORTS-DIFFER stop: traefik1 declares host port 80/TCP (0.0.0.0/TCP/80), traefik2 does not -> declare the same port, protocol and hostIP in both",
				"PORTS-DIFFER stop: traefik2 declares host port 80/TCP (10.0.0.1/TCP/80), traefik1 does not -> declare the same port, protocol and hostIP in both",
				"PORTS-DIFFER warn: traefik1 declares host port 8080/TCP (0.0.0.0/TCP/8080), traefik2 does not -> see that nobody needs it, or declare it in both",
				"PORTS-DIFFER warn: traefik2 declares host port 9100/TCP (0.0.0.0/TCP/9100), traefik1 does not -> see that nobody needs it, or declare it in both",
			},
		},
		"E2: pods wait and the old set rolls": {
			spoil: func(w *world) { w.newPods = append(w.newPods, waiting(w.new, "edge-1"), waiting(w.new, "edge-2")) },
			want:  []string{"PENDING-RACE stop: 2 pods of traefik2 wait for the ports that traefik1 holds, and traefik1 rolls by itself (RollingUpdate): any change of its template, an affinity too, hands over node after node and then gets stuck -> kubectl ingress-migrate recycle guards traefik2 and removes them; cutover run begins with that too"},
		},
		"E21: pods wait and the old set does not roll": {
			spoil: func(w *world) {
				w.newPods = append(w.newPods, waiting(w.new, "edge-1"))
				w.old.Spec.UpdateStrategy = appsv1.DaemonSetUpdateStrategy{Type: appsv1.OnDeleteDaemonSetStrategyType}
			},
			want: []string{"PENDING-RACE warn: 1 pod of traefik2 wait for the ports that traefik1 holds: each pod of traefik1 that ends hands its node over -> kubectl ingress-migrate recycle guards traefik2 and removes them; cutover run begins with that too"},
		},
		"E22: surge with host ports": {
			spoil: func(w *world) {
				one, zero := intstr.FromInt32(1), intstr.FromInt32(0)
				w.new.Spec.UpdateStrategy.RollingUpdate = &appsv1.RollingUpdateDaemonSet{MaxSurge: &one, MaxUnavailable: &zero}
			},
			want: []string{"SURGE stop: traefik2 has maxSurge 1 and host ports: its next roll-out waits for ever for a port that its own old pod holds -> set updateStrategy.rollingUpdate to maxSurge: 0, maxUnavailable: 1; kubectl ingress-migrate recycle does, where a roll-out is stuck already"},
		},
		"selectors that overlap": {
			spoil: func(w *world) { w.new.Spec.Template.Labels["app"] = "traefik1" },
			want:  []string{"SELECTORS stop: the selector of traefik1 (app=traefik1) matches the pods of traefik2 as well -> create traefik2 anew with labels of its own; selectors cannot be changed"},
		},
		"other nodes": {
			spoil: func(w *world) {
				w.new.Spec.Template.Spec.NodeSelector = map[string]string{"kubernetes.io/hostname": "edge-1"}
			},
			want: []string{"NODES-DIFFER stop: traefik2 is not meant for edge-2, edge-3, edge-4, where traefik1 serves -> give both the same nodeSelector, affinity and tolerations"},
		},
		"a roll-out under way": {
			spoil: func(w *world) {
				controller := true
				w.old.Generation, w.old.Status.ObservedGeneration = 2, 2
				w.others = append(w.others, &appsv1.ControllerRevision{
					ObjectMeta: metav1.ObjectMeta{
						Namespace: "edge", Name: "traefik1-b", Labels: map[string]string{"app": "traefik1", appsv1.DefaultDaemonSetUniqueLabelKey: "b"},
						OwnerReferences: []metav1.OwnerReference{{Kind: "DaemonSet", Name: "traefik1", UID: w.old.UID, Controller: &controller}},
					}, Revision: 2,
				})
				for i, p := range w.oldPods {
					hash := "a"
					if i == 0 {
						hash = "b"
					}
					p.Labels = map[string]string{"app": "traefik1", appsv1.DefaultDaemonSetUniqueLabelKey: hash}
				}
			},
			want: []string{"ROLLOUT stop: traefik1 is being rolled out: 3 pods of an older template are left -> wait for it (kubectl rollout status -n edge daemonset/traefik1); if it is stuck, kubectl ingress-migrate recycle"},
		},
		"a pod that is not ready": {
			spoil: func(w *world) { w.oldPods[1].Status.Conditions = nil },
			want: []string{
				"NOT-SERVING stop: no ready proxy on edge-2 -> mend the pods there (kubectl ingress-migrate status), or kubectl ingress-migrate recycle",
				"FLOOR stop: 3 of 4 nodes serve now and 3 must at any moment -> bring the others back first (kubectl ingress-migrate status)",
			},
		},
		"two nodes": {
			spoil: func(w *world) { w.nodes, w.oldPods = w.nodes[:2], w.oldPods[:2] },
			want:  []string{"FLOOR stop: 2 of 2 nodes must serve at any moment, so none can be taken out -> add a node (surge for host ports is a node), or accept the risk with --i-accept-single-node or --floor"},
		},
		"one node, whatever is accepted": {
			spoil: func(w *world) {
				w.nodes, w.oldPods, w.settings.AcceptSingleNode = w.nodes[:1], w.oldPods[:1], true
			},
			want: []string{"FLOOR stop: there is one node, and nobody serves while it is moved -> add a node (surge for host ports is a node)"},
		},
		"two nodes, of which one serves alone": {
			spoil: func(w *world) {
				w.nodes, w.oldPods, w.settings.AcceptSingleNode = w.nodes[:2], w.oldPods[:2], true
			},
		},
		"no CRDs": {
			spoil: func(w *world) { w.crds = false },
			want:  []string{"CRDS stop: the cluster has no IngressRoutes (neither traefik.io nor traefik.containo.us) -> install the CRDs of the new Traefik first"},
		},
		"routes missing": {
			spoil: func(w *world) { w.scan = &Scan{Text: "2 missing", Next: "kubectl ingress-migrate sync -A"} },
			want:  []string{"SCAN stop: 2 missing -> kubectl ingress-migrate sync -A"},
		},
		"somebody else at it": {
			spoil: func(w *world) {
				holder, duration, at := "ops@bastion/1", int32(60), metav1.NewMicroTime(now.Add(-20*time.Second))
				w.others = append(w.others, &coordinationv1.Lease{
					ObjectMeta: metav1.ObjectMeta{Namespace: "edge", Name: "ingress-migrate"},
					Spec:       coordinationv1.LeaseSpec{HolderIdentity: &holder, LeaseDurationSeconds: &duration, RenewTime: &at},
				})
			},
			want: []string{"LEASE stop: ops@bastion/1 is working on these proxies, last sign of life 20 s ago -> let it finish, or if it is dead wait 41 s"},
		},
		"GitOps": {
			spoil: func(w *world) { w.old.Annotations = map[string]string{"argocd.argoproj.io/tracking-id": "edge:x"} },
			want:  []string{"OWNER stop: traefik1 is applied by Argo CD (argocd.argoproj.io/tracking-id), which would take the guard off again -> pause it for the cutover (argocd app set edge --sync-policy none), or add this to its kustomization; then --accept-owner"},
		},
		"Helm does nothing by itself": {
			spoil: func(w *world) { w.new.Labels = map[string]string{"app.kubernetes.io/managed-by": "Helm"} },
			want:  []string{"OWNER warn: traefik2 is applied by Helm -> apply it not during the cutover, or have its chart render this (its own values, or this kustomization as a post-renderer)"},
		},
		"GitOps, the story's way": { // what it leaves out grows: no manifest has it
			spoil: func(w *world) {
				byHostNames(w)
				w.old.Annotations = map[string]string{"argocd.argoproj.io/tracking-id": "edge:x"}
				w.new.Labels = map[string]string{"kustomize.toolkit.fluxcd.io/name": "edge", "kustomize.toolkit.fluxcd.io/namespace": "flux-system"}
			},
			want: []string{
				"OWNER stop: traefik1 is applied by Argo CD (argocd.argoproj.io/tracking-id), which would undo what --strategy=story changes in it: OnDelete, and kubernetes.io/hostname NotIn [one name more with each node that is moved] -> pause it for the cutover (argocd app set edge --sync-policy none), which no manifest can replace; then --accept-owner",
				"OWNER stop: traefik2 is applied by Flux (kustomization flux-system/edge), which would undo what --strategy=story changes in it: OnDelete, and kubernetes.io/hostname NotIn [one name more with each node that goes back] -> pause it for the cutover (flux suspend kustomization -n flux-system edge), which no manifest can replace; then --accept-owner",
			},
		},
		"GitOps that is paused, and Helm, the story's way": {
			spoil: func(w *world) {
				byHostNames(w)
				w.accept = true
				w.old.Annotations = map[string]string{"argocd.argoproj.io/tracking-id": "edge:x"}
				w.new.Labels = map[string]string{"app.kubernetes.io/managed-by": "Helm"}
			},
			want: []string{
				"OWNER warn: traefik1 is applied by Argo CD (argocd.argoproj.io/tracking-id): that would undo what --strategy=story changes in it: OnDelete, and kubernetes.io/hostname NotIn [one name more with each node that is moved] -> apply it not during the cutover",
				"OWNER warn: traefik2 is applied by Helm: that would undo what --strategy=story changes in it: OnDelete, and kubernetes.io/hostname NotIn [one name more with each node that goes back] -> apply it not during the cutover",
			},
		},
		"pods wait and the old set rolls, the story's way": { // by intention, and OnDelete comes first
			spoil: func(w *world) {
				byHostNames(w)
				w.newPods = append(w.newPods, waiting(w.new, "edge-1"), waiting(w.new, "edge-2"))
			},
		},
		"a drain that is too short": {
			spoil: func(w *world) {
				w.settings.Balancer = cutover.Balancer{Interval: 30 * time.Second, Timeout: 6 * time.Second, Unhealthy: 2, Healthy: 5, Margin: 10 * time.Second}
				w.old.Spec.Template.Spec.Containers[0].Args = nil
				w.new.Spec.Template.Spec.Containers[0].Args = args("--entrypoints.web.transport.lifecycle.requestacceptgracetimeout=80")
			},
			want: []string{
				"DRAIN-ACCEPT stop: the balancer needs 76 s to notice (2 x 30 s + 6 s + 10 s), traefik1 stops accepting after 0 s -> set lifeCycle.requestAcceptGraceTimeout of traefik1 to 76 s or more, or check more often",
				"DRAIN-GRACE stop: pods of traefik2 are killed after 60 s, but need 105 s to end (80 s accepting + 10 s finishing + 15 s closing) -> set terminationGracePeriodSeconds of traefik2 to 105 or more",
			},
		},
		"a balancer that uses nodes again too soon": {
			spoil: func(w *world) {
				w.settings.Balancer = cutover.Balancer{Interval: 2 * time.Second, Timeout: 500 * time.Millisecond, Unhealthy: 2, Healthy: 2, Margin: time.Second}
			},
			want: []string{"BALANCER-UP warn: the balancer uses a node again 4 s after its first good check (2 x 2 s), but routes and certificates can be 5 s late: some requests would get 404 or the default certificate -> ask for 3 good checks in a row"},
		},
		"settings in a mounted file": {
			spoil: func(w *world) {
				w.old.Spec.Template.Spec.Containers[0].Args = []string{"--configfile=/config/traefik.toml"}
				w.old.Spec.Template.Spec.Volumes = []corev1.Volume{{Name: "c", VolumeSource: corev1.VolumeSource{ConfigMap: &corev1.ConfigMapVolumeSource{LocalObjectReference: corev1.LocalObjectReference{Name: "conf"}}}}}
				w.others = append(w.others, &corev1.ConfigMap{
					ObjectMeta: metav1.ObjectMeta{Namespace: "edge", Name: "conf"},
					Data:       map[string]string{"traefik.toml": "[lifeCycle]\nrequestAcceptGraceTimeout = 5\ngraceTimeOut = \"10s\"\n[ping]\n[acme]\nstorage = \"acme.json\"\n"},
				})
			},
			want: []string{
				"DRAIN-ACCEPT stop: the balancer needs 22 s to notice (2 x 5 s + 2 s + 10 s), traefik1 stops accepting after 5 s -> set lifeCycle.requestAcceptGraceTimeout of traefik1 to 22 s or more, or check more often",
				"ACME warn: traefik1 gets certificates itself (ACME) and keeps them in a file; the new one begins without them -> give the new one the converted file, or Secrets",
			},
		},
		"ingress-nginx, whose version begins with a 1 too": {
			spoil: func(w *world) {
				c := &w.old.Spec.Template.Spec.Containers[0]
				c.Image, c.Args = "registry.k8s.io/ingress-nginx/controller:v1.11.3@sha256:0", []string{"/nginx-ingress-controller", "--configmap=$(POD_NAMESPACE)/nginx", "--shutdown-grace-period=5"}
				c.Env = []corev1.EnvVar{{Name: "POD_NAMESPACE", ValueFrom: &corev1.EnvVarSource{FieldRef: &corev1.ObjectFieldSelector{FieldPath: "metadata.namespace"}}}}
				w.minor = "31"
				w.others = append(w.others, &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: "edge", Name: "nginx"}, Data: map[string]string{"worker-shutdown-timeout": "50s"}})
			},
			want: []string{
				"DRAIN-ACCEPT stop: the balancer needs 22 s to notice (2 x 5 s + 2 s + 10 s), traefik1 stops accepting after 5 s -> set --shutdown-grace-period of traefik1 to 22 s or more, or check more often",
				"DRAIN-GRACE stop: pods of traefik1 are killed after 60 s, but need 70 s to end (5 s accepting + 50 s finishing + 15 s closing) -> set terminationGracePeriodSeconds of traefik1 to 70 or more",
			},
		},
		"an image that tells nothing": {
			spoil: func(w *world) { w.old.Spec.Template.Spec.Containers[0].Image, w.minor = "edge-proxy:1.7", "31" },
			want:  []string{"DRAIN-ACCEPT unknown: traefik1: its image does not tell which controller it is -> check how long it accepts requests after SIGTERM yourself"},
		},
		"a balancer nobody told about": {
			spoil: func(w *world) { w.settings.Balancer = cutover.Balancer{} },
			want: []string{
				"BALANCER stop: nothing is known of the load balancer's health check: only 30 s would be waited until a node counts as back in rotation -> tell its numbers with --lb-interval, --lb-timeout, --lb-unhealthy, --lb-healthy, have it take nodes out itself with --lb, or, if that is enough, --accept BALANCER",
				"DRAIN-ACCEPT unknown: traefik1 accepts requests for 22 s after it is told to end; whether that is enough depends on the balancer -> tell its numbers with --lb-interval, --lb-timeout, --lb-unhealthy, --lb-healthy",
				"DRAIN-ACCEPT unknown: traefik2 accepts requests for 22 s after it is told to end; whether that is enough depends on the balancer -> tell its numbers with --lb-interval, --lb-timeout, --lb-unhealthy, --lb-healthy",
			},
		},
		"a balancer that takes nodes out": { // what it has let go of need not go on accepting
			spoil: func(w *world) {
				w.settings.Balancer, w.drainer = cutover.Balancer{}, balancerOf{}
				w.old.Spec.Template.Spec.Containers[0].Args, w.new.Spec.Template.Spec.Containers[0].Args = nil, args()
			},
		},
		"a balancer that cannot be asked": {
			spoil: func(w *world) { w.drainer = balancerOf{err: errors.New("no such socket")} },
			want:  []string{"BALANCER stop: the load balancer cannot be asked: no such socket -> mend that, or leave --lb out and tell the numbers of its health check"},
		},
		"the balancer of other nodes": {
			spoil: func(w *world) { w.drainer = balancerOf{out: "edge-2", owner: "terraform"} },
			want: []string{
				"BALANCER stop: the load balancer does not serve edge-2: it is Out there (is MAINT) -> see that it is the balancer of this node, and bring the node into rotation",
				"BALANCER warn: iron is kept by terraform, which may put a node back that is being moved -> pause it for the cutover",
			},
		},
		"a balancer whose owner puts back what is taken out": {
			spoil: func(w *world) { w.drainer = balancerOf{owner: "a controller", reverts: true} },
			want: []string{
				"BALANCER stop: iron is kept by a controller, which may put a node back that is being moved -> pause it for the cutover, and add --accept-owner",
			},
		},
		"one whose owner is paused": {
			spoil: func(w *world) { w.drainer, w.accept = balancerOf{owner: "a controller", reverts: true}, true },
			want: []string{
				"BALANCER warn: iron is kept by a controller, which may put a node back that is being moved -> pause it for the cutover",
			},
		},
		"things to know": {
			spoil: func(w *world) {
				half := intstr.FromString("50%")
				w.old.Spec.UpdateStrategy.RollingUpdate.MaxUnavailable = &half
				w.nodes[0].Spec.Unschedulable = true
				w.nodes[1].Status.Images = nil
				w.minor = "33"
				w.others = append(w.others,
					&policyv1.PodDisruptionBudget{ObjectMeta: metav1.ObjectMeta{Namespace: "edge", Name: "pdb"}, Spec: policyv1.PodDisruptionBudgetSpec{Selector: w.old.Spec.Selector}},
					&corev1.Service{ObjectMeta: metav1.ObjectMeta{Namespace: "edge", Name: "metrics"}, Spec: corev1.ServiceSpec{Selector: map[string]string{"app": "traefik1"}}},
				)
			},
			want: []string{
				"MAX-UNAVAILABLE warn: traefik1 has maxUnavailable 50%: whoever applies its manifest again during the cutover (GitOps) moves that many nodes at once -> set it to 1",
				"BUDGET warn: pdb does not protect the pods of DaemonSet traefik1 -> nothing; the floor of the cutover does",
				"IMAGE warn: traefik:2.11.50 is not known to be on edge-2: while it is pulled nobody serves there -> pull it beforehand, for instance by a short DaemonSet without ports",
				"NODES-UNWELL warn: edge-1 cordoned: DaemonSets run there all the same -> nothing, unless the node is about to go",
				"SERVICES warn: Service edge/metrics selects pods of traefik1 only: it loses its pods node by node -> make one for traefik2 (dashboards, metrics)",
				"SERVER warn: Traefik 1.7 reads extensions/v1beta1 Ingresses, which Kubernetes v1.33.0 does not serve -> see that it still follows changes of Ingresses",
			},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, found(t, test.spoil)); diff != "" {
				t.Error(diff)
			}
		})
	}
}
