package install

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
)

// waitReady waits until every replica of the newest generation is ready.
func (i *Installer) waitReady(ctx context.Context) error {
	last := ""
	err := wait.PollUntilContextCancel(ctx, poll, true, func(ctx context.Context) (bool, error) {
		deployment, err := i.Client.AppsV1().Deployments(i.Namespace).Get(ctx, Name, metav1.GetOptions{})
		if err != nil {
			return false, fmt.Errorf("read Deployment %s/%s: %w", i.Namespace, Name, err)
		}
		done, text := rollOut(deployment)
		if done {
			// Pods of before go on serving for some seconds after they were asked to
			// end. What they answer is not what is being installed.
			pods, err := i.pods(ctx)
			if err != nil {
				return false, err
			}
			if old := len(pods) - int(deployment.Status.Replicas); old > 0 {
				done, text = false, fmt.Sprintf("webhook pods: %d of before to end", old)
			}
		}
		if text != last {
			i.Observer.Progress(text)
			last = text
		}
		return done, nil
	})
	if errors.Is(err, context.DeadlineExceeded) {
		return i.notReady(context.WithoutCancel(ctx), err)
	}
	return err
}

func (i *Installer) pods(ctx context.Context) ([]corev1.Pod, error) {
	list, err := i.Client.CoreV1().Pods(i.Namespace).List(ctx, metav1.ListOptions{LabelSelector: "app.kubernetes.io/name=" + Name})
	if err != nil {
		return nil, fmt.Errorf("list the webhook's pods: %w", err)
	}
	return list.Items, nil
}

// rollOut says how far a Deployment is.
func rollOut(d *appsv1.Deployment) (done bool, text string) {
	want := int32(1)
	if d.Spec.Replicas != nil {
		want = *d.Spec.Replicas
	}
	updated, ready := d.Status.UpdatedReplicas, d.Status.AvailableReplicas
	if d.Status.ObservedGeneration < d.Generation {
		updated, ready = 0, 0
	}
	done = d.Status.ObservedGeneration >= d.Generation && updated == want && ready == want && d.Status.Replicas == want
	return done, fmt.Sprintf("webhook pods: %d of %d ready", min(updated, ready), want)
}

// notReady adds to a timeout what the pods say.
func (i *Installer) notReady(ctx context.Context, timeout error) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	pods, err := i.pods(ctx)
	var said []string
	if err == nil {
		for _, pod := range pods {
			if text := troubleOf(&pod); text != "" {
				said = append(said, "  "+pod.Name+": "+text)
			}
		}
		if len(pods) == 0 {
			said = append(said, "  no pod was created; see kubectl describe -n "+i.Namespace+" deploy/"+Name)
		}
	}
	return fmt.Errorf("the webhook is not ready: %w\n%s\nNothing is registered, so no deploy is affected. See the log, fix it, and install again:\n  kubectl logs -n %s deploy/%s --all-containers",
		timeout, strings.Join(said, "\n"), i.Namespace, Name)
}

// troubleOf says why a pod is not ready, in the words of its status.
func troubleOf(pod *corev1.Pod) string {
	for _, status := range pod.Status.ContainerStatuses {
		switch {
		case status.State.Waiting != nil:
			return strings.TrimSpace(status.State.Waiting.Reason + " " + status.State.Waiting.Message)
		case status.State.Terminated != nil:
			return fmt.Sprintf("%s, exit status %d", status.State.Terminated.Reason, status.State.Terminated.ExitCode)
		}
	}
	for _, condition := range pod.Status.Conditions {
		if condition.Status != corev1.ConditionTrue && condition.Message != "" {
			return condition.Message
		}
	}
	if pod.Status.Phase == corev1.PodRunning {
		return "runs, but does not answer /readyz yet"
	}
	return string(pod.Status.Phase)
}
