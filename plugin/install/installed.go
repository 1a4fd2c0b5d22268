package install

import (
	"context"
	"fmt"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Installed is what an installation of earlier chose.
type Installed struct {
	// Conversion is the data of the ConfigMap; nil: nothing is installed.
	Conversion map[string]string
	// Mode is the webhook's --mode; empty: the default.
	Mode string
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
		installed.Mode = modeOf(deployment)
	case !apierrors.IsNotFound(err):
		return installed, fmt.Errorf("read the installed webhook: %w", err)
	}
	return installed, nil
}

func modeOf(d *appsv1.Deployment) string {
	for _, container := range d.Spec.Template.Spec.Containers {
		for _, arg := range container.Args {
			if mode, ok := strings.CutPrefix(arg, "--mode="); ok {
				return mode
			}
		}
	}
	return ""
}
