package kubelet

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
)

// admit repeats the scheduler's check of host ports, as a real kubelet does: a pod
// that was bound while its port is taken by a pod of this node is refused for good.
// A pod whose object is gone does not count, even if its process still listens.
func (w *worker) admit() bool {
	if w.record.hasProcess() {
		return true
	}
	for _, other := range w.agent.others(w) {
		pod := other.latest()
		if other.isVanished() || isOver(pod) || other.isRejected() {
			continue
		}
		if port := clash(w.record.pod, pod); port != 0 {
			w.reject("NodePorts", fmt.Sprintf("Pod was rejected: Predicate NodePorts failed: host port %d is in use", port))
			return false
		}
	}
	return true
}

func (w *worker) reject(reason, message string) {
	w.mu.Lock()
	w.rejected = &rejection{reason: reason, message: message}
	w.mu.Unlock()
	w.event(corev1.EventTypeWarning, reason, message)
	poke(w.dirty)
}

func (w *worker) isRejected() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.rejected != nil
}

// others are the workers that were there before w.
func (a *agent) others(w *worker) []*worker {
	a.mu.Lock()
	defer a.mu.Unlock()
	var all []*worker
	for _, other := range a.workers {
		if other.number < w.number {
			all = append(all, other)
		}
	}
	return all
}

// clash returns a host port that both pods want, or 0.
func clash(a, b *corev1.Pod) int32 {
	for _, p := range hostPorts(a) {
		for _, q := range hostPorts(b) {
			if p.HostPort == q.HostPort && p.Protocol == q.Protocol && sameAddress(p.HostIP, q.HostIP) {
				return p.HostPort
			}
		}
	}
	return 0
}

func sameAddress(a, b string) bool {
	everywhere := func(ip string) bool { return ip == "" || ip == "0.0.0.0" || ip == "::" }
	return a == b || everywhere(a) || everywhere(b)
}

func hostPorts(pod *corev1.Pod) []corev1.ContainerPort {
	var ports []corev1.ContainerPort
	for _, c := range pod.Spec.Containers {
		for _, p := range c.Ports {
			if p.HostPort != 0 {
				ports = append(ports, p)
			}
		}
	}
	return ports
}
