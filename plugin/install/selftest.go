package install

import (
	"cmp"
	"context"
	"fmt"
	"time"

	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
)

// What the webhook's package decide answers to; webhook and plugin do not import
// each other, and the end-to-end test would notice a difference.
const (
	selfTestLabel   = "ingress-migrate.io/self-test"
	selfTestStamp   = "self-test"
	stampAnnotation = "ingress-migrate.io/route"
)

// deniedError says that another admission refused the test's object.
type deniedError struct{ err error }

func (e *deniedError) Error() string { return e.err.Error() }
func (e *deniedError) Unwrap() error { return e.err }

// selfTest asks the API server for a dry run of an Ingress and tells whether our
// webhook put its stamp on it: registration, Service, certificate, answer and
// patch all work, or it does not.
func (i *Installer) selfTest(ctx context.Context) (bool, error) {
	pathType := networkingv1.PathTypePrefix
	namespace := cmp.Or(i.TestNamespace, metav1.NamespaceDefault)
	ingress := &networkingv1.Ingress{
		ObjectMeta: metav1.ObjectMeta{
			Name: "ingress-migrate-self-test", Namespace: namespace,
			Labels: map[string]string{selfTestLabel: "true"},
		},
		Spec: networkingv1.IngressSpec{Rules: []networkingv1.IngressRule{{
			Host: "self-test.ingress-migrate.invalid",
			IngressRuleValue: networkingv1.IngressRuleValue{HTTP: &networkingv1.HTTPIngressRuleValue{
				Paths: []networkingv1.HTTPIngressPath{{
					Path: "/", PathType: &pathType,
					Backend: networkingv1.IngressBackend{Service: &networkingv1.IngressServiceBackend{
						Name: "self-test", Port: networkingv1.ServiceBackendPort{Number: 80},
					}},
				}},
			}},
		}}},
	}
	answer, err := i.Client.NetworkingV1().Ingresses(namespace).Create(ctx, ingress, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
	if err != nil {
		if ctx.Err() != nil {
			return false, ctx.Err()
		}
		return false, &deniedError{err}
	}
	return answer.Annotations[stampAnnotation] == selfTestStamp, nil
}

// selfTestUntil tries until the stamp is there.
func (i *Installer) selfTestUntil(ctx context.Context, limit time.Duration) error {
	err := wait.PollUntilContextTimeout(ctx, poll, limit, true, i.selfTest)
	if wait.Interrupted(err) && ctx.Err() == nil {
		return i.unreached(ctx)
	}
	return err
}

// unreached says what most likely keeps the API server from the webhook.
func (i *Installer) unreached(ctx context.Context) error {
	registration, err := i.Client.AdmissionregistrationV1().MutatingWebhookConfigurations().Get(ctx, Name, metav1.GetOptions{})
	if err == nil && len(registration.Webhooks) > 0 && len(registration.Webhooks[0].ClientConfig.CABundle) == 0 {
		return fmt.Errorf("the webhook does not write its certificate authority into the registration; its log says why:\n  kubectl logs -n %s deploy/%s", i.Namespace, Name)
	}
	return fmt.Errorf("the API server does not reach the webhook behind Service %s/%s, although its pods are ready\n"+
		"Where the control plane is outside of the cluster's network (private GKE, EKS with security groups), open TCP 9443 from it to the nodes, then try again", i.Namespace, Name)
}
