package kubelet

import (
	"context"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	corelisters "k8s.io/client-go/listers/core/v1"
)

// objectSource reads what volumes and variables are made of.
type objectSource interface {
	configMap(ctx context.Context, namespace, name string) (*corev1.ConfigMap, error)
	secret(ctx context.Context, namespace, name string) (*corev1.Secret, error)
}

// liveObjects asks the API server: for starting, when nothing may be missed.
type liveObjects struct{ client kubernetes.Interface }

func (l liveObjects) configMap(ctx context.Context, namespace, name string) (*corev1.ConfigMap, error) {
	return l.client.CoreV1().ConfigMaps(namespace).Get(ctx, name, metav1.GetOptions{})
}

func (l liveObjects) secret(ctx context.Context, namespace, name string) (*corev1.Secret, error) {
	return l.client.CoreV1().Secrets(namespace).Get(ctx, name, metav1.GetOptions{})
}

// cachedObjects answers from watches: for noticing changes at no cost.
type cachedObjects struct {
	configMaps corelisters.ConfigMapLister
	secrets    corelisters.SecretLister
}

func (c cachedObjects) configMap(_ context.Context, namespace, name string) (*corev1.ConfigMap, error) {
	return c.configMaps.ConfigMaps(namespace).Get(name)
}

func (c cachedObjects) secret(_ context.Context, namespace, name string) (*corev1.Secret, error) {
	return c.secrets.Secrets(namespace).Get(name)
}
