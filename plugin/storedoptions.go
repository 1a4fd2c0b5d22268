package plugin

import (
	"context"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"sigs.k8s.io/yaml"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/install"
)

// conversionOptions are the options of the webhook that is installed in the
// cluster, where the command line says nothing else: two halves that convert in
// two ways would undo each other's work. notes are sentences about where they come
// from.
func (c *cluster) conversionOptions(ctx context.Context, client kubernetes.Interface, flags *conversionFlags) (options convert.Options, notes []string, err error) {
	// What is wrong with the command line is said before anything is read.
	if options, err = flags.between(); err != nil {
		return options, nil, err
	}
	namespace := install.Find(ctx, client)
	found, err := client.CoreV1().ConfigMaps(namespace).Get(ctx, install.ConversionName, metav1.GetOptions{})
	switch {
	case apierrors.IsNotFound(err):
		return c.known(ctx, client, flags)
	case apierrors.IsForbidden(err):
		options, notes, err = c.known(ctx, client, flags)
		refused := fmt.Sprintf("not allowed to read the webhook's options (configmap %s/%s): the command line's count", namespace, install.ConversionName)
		return options, append([]string{refused}, notes...), err
	case err != nil:
		return options, nil, clusterError(fmt.Errorf("reading the webhook's options: %w", err))
	}
	stored, err := parseStoredOptions(found.Data)
	if err != nil {
		return options, nil, fmt.Errorf("configmap %s/%s: %w", namespace, install.ConversionName, err)
	}
	options, err = flags.onTop(stored)
	return options, nil, err
}

// parseStoredOptions reads what package install writes.
func parseStoredOptions(data map[string]string) (convert.Options, error) {
	stored := convert.Options{}
	text, ok := data["conversion.yaml"]
	if !ok {
		return stored, fmt.Errorf("conversion.yaml is missing")
	}
	if err := yaml.UnmarshalStrict([]byte(text), &stored); err != nil {
		return stored, fmt.Errorf("conversion.yaml: %w", err)
	}
	return stored, nil
}

// onTop returns the webhook's options with what was said on the command line.
func (f *conversionFlags) onTop(stored convert.Options) (convert.Options, error) {
	given, err := f.between()
	if err != nil {
		return given, err
	}
	target := stored.Target
	for _, flag := range []struct {
		name string
		take func()
	}{
		{"to", func() { target.Version, stored.IngressNginx = given.Target.Version, given.IngressNginx }},
		{"api-group", func() { target.APIGroup = given.Target.APIGroup }},
		{"target-ingress-class", func() { target.IngressClass = given.Target.IngressClass }},
	} {
		if f.flags.Changed(flag.name) {
			flag.take()
		}
	}
	// The facts of one controller say nothing about another one.
	if f.flags.Changed("from") && stored.From != given.From {
		given.Target = target
		return f.apply(usual(given))
	}
	stored.Target = target
	return f.apply(stored)
}
