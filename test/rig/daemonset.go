package rig

import (
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/client-go/util/retry"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/fleet"
)

// Change makes a DaemonSet another one.
type Change func(*appsv1.DaemonSet)

// Args appends flags of the proxy: what is wrong with it.
func Args(a ...string) Change {
	return func(ds *appsv1.DaemonSet) {
		c := &ds.Spec.Template.Spec.Containers[0]
		c.Args = append(c.Args, a...)
	}
}

// Rolling is an update strategy.
func Rolling(maxUnavailable, maxSurge int32) Change {
	return func(ds *appsv1.DaemonSet) {
		u, s := intstr.FromInt32(maxUnavailable), intstr.FromInt32(maxSurge)
		ds.Spec.UpdateStrategy = appsv1.DaemonSetUpdateStrategy{
			Type: appsv1.RollingUpdateDaemonSetStrategyType, RollingUpdate: &appsv1.RollingUpdateDaemonSet{MaxUnavailable: &u, MaxSurge: &s},
		}
	}
}

// OnDelete is the other update strategy.
func OnDelete(ds *appsv1.DaemonSet) {
	ds.Spec.UpdateStrategy = appsv1.DaemonSetUpdateStrategy{Type: appsv1.OnDeleteDaemonSetStrategyType}
}

// OnPair wants only the nodes of Pair.
func OnPair(ds *appsv1.DaemonSet) {
	ds.Spec.Template.Spec.NodeSelector = map[string]string{"pair": "yes"}
}

// Pair makes two of the nodes the edge, so that there are few steps.
func (r *Rig) Pair() []string {
	names := []string{"edge-1", "edge-2"}
	for _, name := range names {
		r.PatchNode(name, `{"metadata":{"labels":{"pair":"yes"}}}`)
	}
	return names
}

// OldSet is the old proxy's DaemonSet.
func OldSet(changes ...Change) *appsv1.DaemonSet {
	return DaemonSet("old", "traefik:1.7.34", changes...)
}

// NewSet is the new proxy's.
func NewSet(changes ...Change) *appsv1.DaemonSet {
	return DaemonSet("new", "traefik:2.11.50", changes...)
}

// DaemonSet is a proxy on the host port of every node, rolled one by one.
func DaemonSet(name, image string, changes ...Change) *appsv1.DaemonSet {
	labels := map[string]string{"app": name}
	grace := int64(10)
	ds := &appsv1.DaemonSet{
		ObjectMeta: metav1.ObjectMeta{Namespace: Namespace, Name: name},
		Spec: appsv1.DaemonSetSpec{
			Selector: &metav1.LabelSelector{MatchLabels: labels},
			Template: corev1.PodTemplateSpec{
				ObjectMeta: metav1.ObjectMeta{Labels: labels},
				Spec: corev1.PodSpec{
					HostNetwork:                   true,
					TerminationGracePeriodSeconds: &grace,
					Containers: []corev1.Container{{
						Name: "proxy", Image: image, Args: []string{fmt.Sprintf("-address=$(NODE_IP):%d", Port)},
						Env:   []corev1.EnvVar{{Name: "NODE_IP", ValueFrom: &corev1.EnvVarSource{FieldRef: &corev1.ObjectFieldSelector{FieldPath: "status.hostIP"}}}},
						Ports: []corev1.ContainerPort{{Name: "web", ContainerPort: Port, HostPort: Port}},
						ReadinessProbe: &corev1.Probe{
							ProbeHandler:  corev1.ProbeHandler{HTTPGet: &corev1.HTTPGetAction{Path: "/ping", Port: intstr.FromInt32(Port)}},
							PeriodSeconds: 1,
						},
					}},
				},
			},
		},
	}
	Rolling(1, 0)(ds)
	for _, c := range changes {
		c(ds)
	}
	return ds
}

// Create creates a DaemonSet.
func (r *Rig) Create(ds *appsv1.DaemonSet) {
	r.T.Helper()
	_, err := r.Client.AppsV1().DaemonSets(Namespace).Create(r.T.Context(), ds, metav1.CreateOptions{})
	r.Must(err)
}

// Deploy creates the old set, waits until it serves everywhere, and then the new.
func (r *Rig) Deploy(old, new *appsv1.DaemonSet) {
	r.T.Helper()
	r.Create(old)
	r.WaitServed(fleet.Old, Nodes)
	r.Create(new)
}

// Update changes a DaemonSet as somebody else would.
func (r *Rig) Update(name string, change Change) {
	r.T.Helper()
	r.Must(retry.RetryOnConflict(retry.DefaultRetry, func() error {
		ds, err := r.Client.AppsV1().DaemonSets(Namespace).Get(r.T.Context(), name, metav1.GetOptions{})
		if err != nil {
			return err
		}
		change(ds)
		_, err = r.Client.AppsV1().DaemonSets(Namespace).Update(r.T.Context(), ds, metav1.UpdateOptions{})
		return err
	}))
}
