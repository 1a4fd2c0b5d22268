package install

import (
	"context"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"
	"time"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert"
)

// Level is how a check ended.
type Level string

// The levels.
const (
	OK      Level = "ok"
	Warning Level = "WARN"
	Failed  Level = "FAIL"
)

// Result is one check.
type Result struct {
	Name  string `json:"name"`
	Level Level  `json:"level"`
	Text  string `json:"text"`
	// Remedy says what to do; empty when there is nothing to do.
	Remedy string `json:"remedy,omitempty"`
}

// APIVersion and Kind of a Report in JSON and YAML.
const (
	APIVersion = "ingress-migrate.io/v1alpha1"
	Kind       = "WebhookCheck"
)

// Report is the answer to a check. It is an API object so that every output
// format of kubectl works on it.
type Report struct {
	metav1.TypeMeta `json:",inline"`
	// Checks are in the order of an Ingress' way through them.
	Checks []Result `json:"checks"`
}

// DeepCopyObject implements runtime.Object.
func (r *Report) DeepCopyObject() runtime.Object {
	out := *r
	out.Checks = slices.Clone(r.Checks)
	return &out
}

// Failed counts the checks that failed.
func (r *Report) Failed() int {
	n := 0
	for _, check := range r.Checks {
		if check.Level == Failed {
			n++
		}
	}
	return n
}

// Check looks at an installed webhook from the custom resources to a dry run
// through the API server. It changes nothing.
func (i *Installer) Check(ctx context.Context, options convert.Options, now time.Time) *Report {
	registration, result := i.checkRegistration(ctx)
	results := []Result{i.checkKinds(options), i.checkPods(ctx), result}
	results = append(results, i.checkCertificate(ctx, registration, now), i.checkDryRun(ctx))
	return &Report{TypeMeta: metav1.TypeMeta{APIVersion: APIVersion, Kind: Kind}, Checks: results}
}

func (i *Installer) checkKinds(options convert.Options) Result {
	if err := i.kindsServed(options); err != nil {
		return Result{"custom resources", Failed, err.Error(), ""}
	}
	return Result{"custom resources", OK, options.Target.APIVersion() + " is served", ""}
}

func (i *Installer) checkPods(ctx context.Context) Result {
	const name = "endpoints"
	deployment, err := i.Client.AppsV1().Deployments(i.Namespace).Get(ctx, Name, metav1.GetOptions{})
	switch {
	case apierrors.IsNotFound(err):
		return Result{name, Failed, fmt.Sprintf("there is no Deployment %s/%s", i.Namespace, Name), "kubectl ingress-migrate webhook install"}
	case err != nil:
		return Result{name, Failed, err.Error(), ""}
	}
	done, text := rollOut(deployment)
	logs := fmt.Sprintf("kubectl logs -n %s deploy/%s", i.Namespace, Name)
	switch {
	case deployment.Status.AvailableReplicas == 0:
		return Result{name, Failed, text, logs}
	case !done:
		return Result{name, Warning, text, logs}
	case deployment.Status.AvailableReplicas == 1:
		return Result{name, Warning, text + ": a single one is missing while it is replaced", "kubectl ingress-migrate webhook install --replicas 2"}
	}
	return Result{name, OK, text, ""}
}

func (i *Installer) checkRegistration(ctx context.Context) (*admissionv1.MutatingWebhookConfiguration, Result) {
	const name, again = "registration", "kubectl ingress-migrate webhook install --force-conflicts"
	found, err := i.Client.AdmissionregistrationV1().MutatingWebhookConfigurations().Get(ctx, Name, metav1.GetOptions{})
	switch {
	case apierrors.IsNotFound(err):
		return nil, Result{name, Failed, "there is no MutatingWebhookConfiguration " + Name, "kubectl ingress-migrate webhook install"}
	case err != nil:
		return nil, Result{name, Failed, err.Error(), ""}
	case len(found.Webhooks) != 1:
		return found, Result{name, Failed, fmt.Sprintf("it has %d webhooks instead of one", len(found.Webhooks)), again}
	}
	webhook := found.Webhooks[0]
	switch {
	case webhook.FailurePolicy == nil || *webhook.FailurePolicy != admissionv1.Ignore:
		return found, Result{name, Failed, "failurePolicy is not Ignore: deploys stop when the webhook does", again}
	case webhook.ObjectSelector != nil && len(webhook.ObjectSelector.MatchLabels) > 0:
		return found, Result{name, Failed, "an objectSelector keeps Ingresses away from it", again}
	case webhook.ClientConfig.Service == nil || webhook.ClientConfig.Service.Namespace != i.Namespace:
		return found, Result{name, Failed, "it does not lead to a Service in namespace " + i.Namespace, again}
	case webhook.TimeoutSeconds == nil || *webhook.TimeoutSeconds > 5:
		return found, Result{name, Warning, "timeoutSeconds is more than 5: a webhook that hangs is felt by every apply", again}
	}
	return found, Result{name, OK, fmt.Sprintf("fails open after %d s", *webhook.TimeoutSeconds), ""}
}

func (i *Installer) checkCertificate(ctx context.Context, registration *admissionv1.MutatingWebhookConfiguration, now time.Time) Result {
	const name = "certificate"
	logs := fmt.Sprintf("kubectl logs -n %s deploy/%s", i.Namespace, Name)
	leaf, err := Certificate(ctx, i.Client, i.Namespace)
	switch {
	case apierrors.IsForbidden(err):
		return Result{name, Warning, "not checked: you may not read Secret " + i.Namespace + "/" + CertificateName, ""}
	case apierrors.IsNotFound(err):
		return Result{name, Failed, "there is no Secret " + i.Namespace + "/" + CertificateName, "kubectl ingress-migrate webhook install"}
	case err != nil:
		return Result{name, Failed, err.Error(), logs}
	}
	if registration == nil || len(registration.Webhooks) == 0 {
		return Result{name, Warning, "made, but nothing is registered that would use it", ""}
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(registration.Webhooks[0].ClientConfig.CABundle)
	host := Name + "." + i.Namespace + ".svc"
	if _, err := leaf.Verify(x509.VerifyOptions{Roots: roots, DNSName: host, CurrentTime: now}); err != nil {
		return Result{name, Failed, "the API server does not trust it: " + err.Error(), logs}
	}
	days := DaysLeft(leaf, now)
	if days < 30 {
		return Result{name, Warning, fmt.Sprintf("valid for %d more days; it should have been renewed 90 days before its end", days), logs}
	}
	return Result{name, OK, fmt.Sprintf("valid for %d more days", days), ""}
}

// Certificate is the one that a webhook in a namespace shows.
func Certificate(ctx context.Context, client kubernetes.Interface, namespace string) (*x509.Certificate, error) {
	secret, err := client.CoreV1().Secrets(namespace).Get(ctx, CertificateName, metav1.GetOptions{})
	if err != nil {
		return nil, err
	}
	return leafOf(secret.Data[corev1.TLSCertKey])
}

// DaysLeft is for how many whole days a certificate is valid.
func DaysLeft(certificate *x509.Certificate, now time.Time) int {
	return int(certificate.NotAfter.Sub(now).Hours() / 24)
}

func leafOf(raw []byte) (*x509.Certificate, error) {
	block, _ := pem.Decode(raw)
	if block == nil {
		return nil, errors.New("the webhook has not made a certificate yet")
	}
	leaf, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("read the certificate: %w", err)
	}
	return leaf, nil
}

// checkDryRun is the proof: the other checks only say where to look.
func (i *Installer) checkDryRun(ctx context.Context) Result {
	const name = "dry run"
	begin := time.Now()
	stamped, err := i.selfTest(ctx)
	took := time.Since(begin).Round(time.Millisecond)
	var denied *deniedError
	switch {
	case errors.As(err, &denied):
		return Result{name, Warning, "refused by somebody else, so nothing is known: " + err.Error(), ""}
	case err != nil:
		return Result{name, Failed, err.Error(), ""}
	case !stamped:
		return Result{name, Failed, fmt.Sprintf("the API server got no answer from the webhook (after %s) and went on without it", took), fmt.Sprintf("open TCP 9443 from the control plane to the nodes, or see kubectl logs -n %s deploy/%s", i.Namespace, Name)}
	}
	return Result{name, OK, fmt.Sprintf("a dry run of an Ingress came back stamped in %s", took), ""}
}
