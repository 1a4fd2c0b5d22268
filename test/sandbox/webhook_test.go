package sandbox_test

import (
	"strings"
	"testing"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/ingress-migrate/kubectl-ingress-migrate/test/sandbox"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/sandbox/kubelet"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/sandbox/pki"
)

// The API server reaches a webhook that is registered by Service: through the
// egress proxy, the Service's named port and a ready pod.
func TestWebhookByService(t *testing.T) {
	t.Parallel()
	c := start(t, sandbox.Options{Nodes: 1, Images: map[string]kubelet.Program{"webhook:1": program(t, "webhook")}})
	authority, err := pki.NewAuthority()
	if err != nil {
		t.Fatal(err)
	}
	pair, err := authority.Server("judge.default.svc")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.client.CoreV1().Secrets("default").Create(c.ctx, &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Name: "certs"}, Type: corev1.SecretTypeTLS,
		Data: map[string][]byte{"tls.crt": pair.Cert, "tls.key": pair.Key},
	}, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	if _, err := c.client.CoreV1().Services("default").Create(c.ctx, &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Name: "judge"},
		Spec: corev1.ServiceSpec{
			Selector: map[string]string{"app": "judge"},
			Ports:    []corev1.ServicePort{{Port: 443, TargetPort: intstr.FromString("https")}},
		},
	}, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	c.pod("judge", corev1.PodSpec{
		Volumes: []corev1.Volume{{Name: "certs", VolumeSource: corev1.VolumeSource{Secret: &corev1.SecretVolumeSource{SecretName: "certs"}}}},
		Containers: []corev1.Container{{
			Name: "server", Image: "webhook:1",
			Args:         []string{"-listen=$(POD_IP):9443", "-certs=/certs"},
			Ports:        []corev1.ContainerPort{{Name: "https", ContainerPort: 9443}},
			VolumeMounts: []corev1.VolumeMount{{Name: "certs", MountPath: "/certs"}},
			ReadinessProbe: &corev1.Probe{PeriodSeconds: 1, ProbeHandler: corev1.ProbeHandler{
				HTTPGet: &corev1.HTTPGetAction{Path: "/ready", Port: intstr.FromInt32(9443), Scheme: corev1.URISchemeHTTPS},
			}},
		}},
	})
	pod := c.waitPod("judge", "Ready", isReady)

	path, fail, none := "/admit", admissionv1.Fail, admissionv1.SideEffectClassNone
	if _, err := c.client.AdmissionregistrationV1().ValidatingWebhookConfigurations().Create(c.ctx, &admissionv1.ValidatingWebhookConfiguration{
		ObjectMeta: metav1.ObjectMeta{Name: "judge"},
		Webhooks: []admissionv1.ValidatingWebhook{{
			Name: "judge.example.com", FailurePolicy: &fail, SideEffects: &none, AdmissionReviewVersions: []string{"v1"},
			ClientConfig: admissionv1.WebhookClientConfig{
				Service:  &admissionv1.ServiceReference{Namespace: "default", Name: "judge", Path: &path},
				CABundle: authority.CertPEM(),
			},
			Rules: []admissionv1.RuleWithOperations{{
				Operations: []admissionv1.OperationType{admissionv1.Create},
				Rule:       admissionv1.Rule{APIGroups: []string{""}, APIVersions: []string{"v1"}, Resources: []string{"configmaps"}},
			}},
		}},
	}, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	c.eventually("the webhook's word", func() error {
		name := "probe"
		_, err := c.client.CoreV1().ConfigMaps("default").Create(c.ctx, &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: name}}, metav1.CreateOptions{})
		if err == nil {
			// The configuration has not arrived everywhere yet.
			_ = c.client.CoreV1().ConfigMaps("default").Delete(c.ctx, name, metav1.DeleteOptions{})
			return errNotRefused
		}
		if !strings.Contains(err.Error(), "refused by "+pod.Status.PodIP+":9443") {
			return err
		}
		return nil
	})
}
