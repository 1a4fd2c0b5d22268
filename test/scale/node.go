package scale

import (
	"context"
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
)

// createNode makes an edge node the way a cloud's kubelet describes it, with the
// fifty images that it reports at most, and a pod of a DaemonSet on it that serves.
func createNode(ctx context.Context, client kubernetes.Interface, set *appsv1.DaemonSet, i int) error {
	name := fmt.Sprintf("ip-10-%d-%d-%d.eu-central-1.compute.internal", i/250, i%250, i%7)
	zone := "eu-central-1" + string(rune('a'+i%3))
	now := metav1.Now()
	node := &corev1.Node{ObjectMeta: metav1.ObjectMeta{
		Name: name,
		Labels: map[string]string{
			"edge-node-label": "true", corev1.LabelHostname: name, corev1.LabelOSStable: "linux", corev1.LabelArchStable: "amd64",
			corev1.LabelInstanceTypeStable: "m5.large", corev1.LabelTopologyRegion: "eu-central-1", corev1.LabelTopologyZone: zone,
			"kops.k8s.io/instancegroup": "edge-" + zone, "node-role.kubernetes.io/node": "", "kubernetes.io/role": "node",
		},
		Annotations: map[string]string{
			"node.alpha.kubernetes.io/ttl": "0", "volumes.kubernetes.io/controller-managed-attach-detach": "true",
			"projectcalico.org/IPv4Address": fmt.Sprintf("10.%d.%d.%d/20", i/250, i%250, i%7),
		},
	}}
	node, err := client.CoreV1().Nodes().Create(ctx, node, metav1.CreateOptions{FieldManager: "kubelet"})
	if err != nil {
		return err
	}
	amounts := corev1.ResourceList{
		corev1.ResourceCPU: resource.MustParse("2"), corev1.ResourceMemory: resource.MustParse("7822204Ki"),
		corev1.ResourcePods: resource.MustParse("110"), corev1.ResourceEphemeralStorage: resource.MustParse("125753328Ki"),
	}
	node.Status = corev1.NodeStatus{
		Capacity: amounts, Allocatable: amounts,
		Addresses: []corev1.NodeAddress{{Type: corev1.NodeInternalIP, Address: fmt.Sprintf("10.%d.%d.%d", i/250, i%250, 1+i%7)}, {Type: corev1.NodeHostName, Address: name}},
		NodeInfo: corev1.NodeSystemInfo{
			MachineID: name, SystemUUID: name, BootID: name, KernelVersion: "5.10.0", OSImage: "Debian GNU/Linux 11", ContainerRuntimeVersion: "containerd://1.6.20",
			KubeletVersion: "v1.21.14", KubeProxyVersion: "v1.21.14", OperatingSystem: "linux", Architecture: "amd64",
		},
	}
	for _, kind := range []corev1.NodeConditionType{corev1.NodeNetworkUnavailable, corev1.NodeMemoryPressure, corev1.NodeDiskPressure, corev1.NodePIDPressure, corev1.NodeReady} {
		status := corev1.ConditionFalse
		if kind == corev1.NodeReady {
			status = corev1.ConditionTrue
		}
		node.Status.Conditions = append(node.Status.Conditions, corev1.NodeCondition{Type: kind, Status: status, LastHeartbeatTime: now, LastTransitionTime: now, Reason: "Kubelet" + string(kind), Message: "kubelet says so"})
	}
	for k := range 50 {
		image := fmt.Sprintf("registry.example.com/platform/component-%d", k)
		node.Status.Images = append(node.Status.Images, corev1.ContainerImage{Names: []string{fmt.Sprintf("%s@sha256:%064d", image, k), image + ":v1.2.3"}, SizeBytes: 1 << 28})
	}
	if _, err := client.CoreV1().Nodes().UpdateStatus(ctx, node, metav1.UpdateOptions{FieldManager: "kubelet"}); err != nil {
		return err
	}
	return createPod(ctx, client, set, node, i)
}

func createPod(ctx context.Context, client kubernetes.Interface, set *appsv1.DaemonSet, node *corev1.Node, i int) error {
	now, controller := metav1.Now(), true
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: set.Namespace, Name: fmt.Sprintf("%s-%05d", set.Name, i), Labels: set.Spec.Template.Labels,
			OwnerReferences: []metav1.OwnerReference{{APIVersion: "apps/v1", Kind: "DaemonSet", Name: set.Name, UID: set.UID, Controller: &controller}},
		},
		Spec: *set.Spec.Template.Spec.DeepCopy(),
	}
	pod.Spec.NodeName = node.Name
	pod, err := client.CoreV1().Pods(set.Namespace).Create(ctx, pod, metav1.CreateOptions{FieldManager: "kube-controller-manager"})
	if err != nil {
		return err
	}
	started := true
	pod.Status = corev1.PodStatus{Phase: corev1.PodRunning, HostIP: node.Status.Addresses[0].Address, PodIP: node.Status.Addresses[0].Address, StartTime: &now}
	for _, kind := range []corev1.PodConditionType{corev1.PodInitialized, corev1.PodReady, corev1.ContainersReady, corev1.PodScheduled} {
		pod.Status.Conditions = append(pod.Status.Conditions, corev1.PodCondition{Type: kind, Status: corev1.ConditionTrue, LastTransitionTime: now})
	}
	for _, c := range pod.Spec.Containers {
		pod.Status.ContainerStatuses = append(pod.Status.ContainerStatuses, corev1.ContainerStatus{
			Name: c.Name, Ready: true, Started: &started, Image: c.Image, ImageID: fmt.Sprintf("docker.io/library/traefik@sha256:%064d", 1), ContainerID: fmt.Sprintf("containerd://%064d", i),
			State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: now}},
		})
	}
	_, err = client.CoreV1().Pods(set.Namespace).UpdateStatus(ctx, pod, metav1.UpdateOptions{FieldManager: "kubelet"})
	return err
}
