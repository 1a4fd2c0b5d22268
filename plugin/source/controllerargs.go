package source

import (
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/nginx"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/traefikingress"
)

// ApplyArgs replaces what is known of a dialect's controller by what its command
// line says, and the configuration file beside it where it reads both. remarks
// are sentences about arguments that change nothing here; configMap is the one
// that ingress-nginx reads, namespace/name.
func ApplyArgs(options *convert.Options, dialect convert.Dialect, config []byte, args []string) (remarks []string, configMap string, err error) {
	switch dialect {
	case convert.FromTraefikV1:
		options.TraefikV1, err = FactsOfV1(config, args)
	case convert.FromTraefik:
		version := options.Traefik.Version
		options.Traefik, err = traefikingress.FactsFromArgs(args)
		options.Traefik.Version = version
	case convert.FromNginx:
		var read nginx.Arguments
		if read, err = nginx.FactsFromArgs(options.Nginx, args); err == nil {
			options.Nginx, remarks, configMap = read.Facts, read.Remarks, read.ConfigMap
		}
	}
	return remarks, configMap, err
}
