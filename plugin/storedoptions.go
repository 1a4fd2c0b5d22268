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
// two ways would undo each other's work.
func (c *cluster) conversionOptions(ctx context.Context, client kubernetes.Interface, flags *conversionFlags) (convert.Options, error) {
	options, err := flags.options()
	if err != nil {
		return options, err
	}
	found, err := client.CoreV1().ConfigMaps(install.Namespace).Get(ctx, install.ConversionName, metav1.GetOptions{})
	switch {
	case apierrors.IsNotFound(err):
		return options, nil
	case apierrors.IsForbidden(err):
		fmt.Fprintf(c.streams.ErrOut, "Note: not allowed to read the webhook's options (configmap %s/%s): the command line's count\n", install.Namespace, install.ConversionName)
		return options, nil
	case err != nil:
		return options, clusterError(fmt.Errorf("reading the webhook's options: %w", err))
	}
	stored, err := parseStoredOptions(found.Data)
	if err != nil {
		return options, fmt.Errorf("configmap %s/%s: %w", install.Namespace, install.ConversionName, err)
	}
	return flags.onTop(stored, options), nil
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

// onTop returns the webhook's options with what was said on the command line; a
// configuration file says everything about the old Traefik.
func (f *conversionFlags) onTop(stored, given convert.Options) convert.Options {
	// The facts of one controller say nothing about another one.
	if f.flags.Changed("from") && stored.From != given.From {
		given.Target = f.over(stored, given).Target
		return given
	}
	if f.sourceConfig != "" {
		stored.TraefikV1 = given.TraefikV1
	}
	return f.over(stored, given)
}

// over returns stored with what was said on the command line.
func (f *conversionFlags) over(stored, given convert.Options) convert.Options {
	merged := stored
	for _, flag := range []struct {
		name string
		take func()
	}{
		{"from", func() { merged.From = given.From }},
		{"to", func() { merged.Target.Version = given.Target.Version }},
		{"api-group", func() { merged.Target.APIGroup = given.Target.APIGroup }},
		{"target-ingress-class", func() { merged.Target.IngressClass = given.Target.IngressClass }},
		{"source-args", func() { merged.Traefik = given.Traefik }},
		{"entry-points", func() {
			merged.TraefikV1.EntryPoints = given.TraefikV1.EntryPoints
			merged.TraefikV1.EntryPointsKnown = given.TraefikV1.EntryPointsKnown
			merged.TraefikV1.DefaultEntryPoints = given.TraefikV1.DefaultEntryPoints
			merged.Traefik.EntryPoints = given.Traefik.EntryPoints
			merged.Nginx.HTTPEntryPoint, merged.Nginx.HTTPSEntryPoint = given.Nginx.HTTPEntryPoint, given.Nginx.HTTPSEntryPoint
		}},
		{"default-entry-points", func() { merged.TraefikV1.DefaultEntryPoints = given.TraefikV1.DefaultEntryPoints }},
		{"source-version", func() { merged.Traefik.Version = given.Traefik.Version }},
		{"source-ingress-class", func() {
			merged.TraefikV1.IngressClass = given.TraefikV1.IngressClass
			merged.Traefik.IngressClass = given.Traefik.IngressClass
			merged.Nginx.IngressClass = given.Nginx.IngressClass
		}},
		{"source-selector", func() {
			merged.TraefikV1.LabelSelector = given.TraefikV1.LabelSelector
			merged.Traefik.LabelSelector = given.Traefik.LabelSelector
		}},
		{"source-namespaces", func() {
			merged.TraefikV1.Namespaces = given.TraefikV1.Namespaces
			merged.Traefik.Namespaces = given.Traefik.Namespaces
			merged.Nginx.Namespaces = given.Nginx.Namespaces
		}},
		{"source-disable-pass-host-headers", func() { merged.TraefikV1.DisablePassHostHeaders = given.TraefikV1.DisablePassHostHeaders }},
		{"source-enable-pass-tls-cert", func() { merged.TraefikV1.EnablePassTLSCert = given.TraefikV1.EnablePassTLSCert }},
		{"source-keep-trailing-slash", func() { merged.TraefikV1.KeepTrailingSlash = given.TraefikV1.KeepTrailingSlash }},
		{"source-allow-min-weight-zero", func() { merged.TraefikV1.AllowMinWeightZero = given.TraefikV1.AllowMinWeightZero }},
		{"source-retry-attempts", func() { merged.TraefikV1.Retry = given.TraefikV1.Retry }},
	} {
		if f.flags.Changed(flag.name) {
			flag.take()
		}
	}
	return merged
}
