package plugin

import (
	"context"
	"os"
	"slices"
	"strings"

	"k8s.io/client-go/kubernetes"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/controller"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/source"
)

// known are the options where no webhook has stored any: what the old controllers
// in the cluster say of themselves, and the command line over it. notes name what
// was read.
func (c *cluster) known(ctx context.Context, client kubernetes.Interface, flags *conversionFlags) (options convert.Options, notes []string, err error) {
	if options, err = flags.between(); err != nil {
		return options, nil, err
	}
	workloads, notes, err := controller.FromCluster(ctx, client)
	if err != nil {
		return options, nil, clusterError(err)
	}
	options, found, err := flags.describe(usual(options), workloads, controller.ConfigMaps(ctx, client), func() ([]ir.Ingress, error) {
		loaded, err := source.FromCluster(ctx, client, source.Scope{}, source.Routes)
		return loaded.Input.Ingresses, clusterError(err)
	})
	return options, append(notes, found...), err
}

// describe puts together what is known of the old controllers: their workloads,
// the command line over them, and the ConfigMaps that ingress-nginx reads.
func (f *conversionFlags) describe(options convert.Options, workloads []source.Workload, read controller.ConfigMap, ingresses func() ([]ir.Ingress, error)) (convert.Options, []string, error) {
	options, notes := controller.Facts(options, workloads, read)
	options, err := f.apply(options)
	if err != nil {
		return options, notes, err
	}
	notes = append(notes, f.remarks...)
	if options, err = f.readConfigMap(options, read); err != nil {
		return options, notes, err
	}
	inPlay := options.From == convert.FromNginx || options.Nginx.ConfigMapKnown ||
		options.Controllers != nil && slices.Contains(options.Controllers.Seen, convert.FromNginx)
	if inPlay {
		all, err := ingresses()
		if err != nil {
			return options, notes, err
		}
		options = controller.HeaderMaps(options, all, read)
	}
	return options, notes, nil
}

// readConfigMap reads the ConfigMap that --nginx-configmap or the arguments of
// ingress-nginx name.
func (f *conversionFlags) readConfigMap(options convert.Options, read controller.ConfigMap) (convert.Options, error) {
	given := f.nginxConfigMap
	if given == "" && f.configMap == "" {
		return options, nil
	}
	if _, err := os.Stat(given); given != "" && err == nil {
		data, err := source.ConfigMapFile(given)
		if err != nil {
			return options, usageError("--nginx-configmap: %v", err)
		}
		options.Nginx.ConfigMap, options.Nginx.ConfigMapKnown = data, true
		return options, nil
	}
	name := given
	if name == "" {
		name = f.configMap
	}
	namespace, short, ok := strings.Cut(name, "/")
	data, found := map[string]string(nil), false
	if ok {
		data, found = read(namespace, short)
	}
	switch {
	case found:
		options.Nginx.ConfigMap, options.Nginx.ConfigMapKnown = data, true
	case given != "":
		return options, usageError("--nginx-configmap %s: there is no such file, and no such ConfigMap that can be read (as NAMESPACE/NAME in the cluster, or in the files of -f)", given)
	}
	return options, nil
}
