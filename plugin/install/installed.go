package install

import (
	"context"
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
