package install

import (
	"context"
	"errors"
	"fmt"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/capability"
)

// Find returns the namespace that the webhook is installed in, as the capability flag
// says, which everybody may read; Namespace where it says nothing.
func Find(ctx context.Context, client kubernetes.Interface) string {
	flag, err := capability.Get(ctx, client)
	if err != nil || flag == nil || flag.WebhookNamespace == "" {
		return Namespace
	}
	return flag.WebhookNamespace
}

// Settle takes the namespace of an installed webhook where none was asked for, and
// refuses to work on a second one: both would go by the same registration.
func (i *Installer) Settle(ctx context.Context, asked string) error {
	found := Find(ctx, i.Client)
	registration, err := i.Client.AdmissionregistrationV1().MutatingWebhookConfigurations().Get(ctx, Name, metav1.GetOptions{})
	if err == nil && len(registration.Webhooks) > 0 && registration.Webhooks[0].ClientConfig.Service != nil {
		// Whoever applied the manifests by themselves set no flag.
		found = registration.Webhooks[0].ClientConfig.Service.Namespace
	}
	if asked == "" || asked == found {
		i.Namespace = found
		return nil
	}
	i.Namespace = asked
	_, err = i.Client.AppsV1().Deployments(found).Get(ctx, Name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("look whether the webhook is installed in namespace %s: %w", found, err)
	}
	return fmt.Errorf("the webhook is installed in namespace %s, and a cluster has one: leave -n %s out, or remove it first:\n  kubectl ingress-migrate webhook uninstall -n %s", found, asked, found)
}

// RefuseRelease is an error when Helm installed the webhook: two owners of one object
// each take back what the other one applies. Of a release of which something is left, the
// registration and the pods tell.
func (i *Installer) RefuseRelease(ctx context.Context) error {
	registration, err := i.Client.AdmissionregistrationV1().MutatingWebhookConfigurations().Get(ctx, Name, metav1.GetOptions{})
	if err == nil {
		err = heldByRelease(registration)
	}
	if err == nil || apierrors.IsNotFound(err) {
		var deployment *appsv1.Deployment
		if deployment, err = i.Client.AppsV1().Deployments(i.Namespace).Get(ctx, Name, metav1.GetOptions{}); err == nil {
			err = heldByRelease(deployment)
		}
	}
	var held *releaseError
	switch {
	case err == nil, apierrors.IsNotFound(err):
		return nil
	case errors.As(err, &held):
		return err
	}
	return fmt.Errorf("look whether Helm installed the webhook: %w", err)
}

// releaseError says whose an installation is.
type releaseError struct{ name, namespace string }

func (e *releaseError) Error() string {
	return fmt.Sprintf("the webhook was installed by Helm (release %s in namespace %s), which would take back what is applied beside it\n"+
		"Change it with Helm, where --set names what to change:\n"+
		"  helm upgrade %s manifests/chart -n %s --reuse-values\n"+
		"or let Helm forget it first, and install it then:\n"+
		"  helm uninstall %s -n %s", e.name, e.namespace, e.name, e.namespace, e.name, e.namespace)
}

// heldByRelease recognises what Helm writes on the objects of a release, see
// setMetadataVisitor in its pkg/action/validate.go.
func heldByRelease(o metav1.Object) error {
	name, namespace := o.GetAnnotations()["meta.helm.sh/release-name"], o.GetAnnotations()["meta.helm.sh/release-namespace"]
	if o.GetLabels()["app.kubernetes.io/managed-by"] != "Helm" || name == "" {
		return nil
	}
	return &releaseError{name, namespace}
}

// Installed is what an installation of earlier chose.
type Installed struct {
	// Conversion is the data of the ConfigMap; nil: nothing is installed.
	Conversion map[string]string
	// Mode is the webhook's --mode; empty: the default.
	Mode string
	// Namespaces are the webhook's --namespaces; empty: all.
	Namespaces []string
}

// Installed reads what is installed.
func (i *Installer) Installed(ctx context.Context) (Installed, error) {
	var installed Installed
	config, err := i.Client.CoreV1().ConfigMaps(i.Namespace).Get(ctx, ConversionName, metav1.GetOptions{})
	switch {
	case err == nil:
		installed.Conversion = config.Data
	case !apierrors.IsNotFound(err):
		return installed, fmt.Errorf("read the options of the installed webhook: %w", err)
	}
	deployment, err := i.Client.AppsV1().Deployments(i.Namespace).Get(ctx, Name, metav1.GetOptions{})
	switch {
	case err == nil:
		installed.Mode = argument(deployment, modeFlag)
		if given := argument(deployment, namespacesFlag); given != "" {
			installed.Namespaces = strings.Split(given, ",")
		}
	case !apierrors.IsNotFound(err):
		return installed, fmt.Errorf("read the installed webhook: %w", err)
	}
	return installed, nil
}

// argument returns the value of a flag of the webhook; empty: it is not given.
func argument(d *appsv1.Deployment, flag string) string {
	for _, container := range d.Spec.Template.Spec.Containers {
		for _, arg := range container.Args {
			if value, ok := strings.CutPrefix(arg, flag); ok {
				return value
			}
		}
	}
	return ""
}
