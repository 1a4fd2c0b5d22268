package plugin

import (
	"cmp"
	"slices"
	"strings"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/nginx"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/traefikingress"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/traefikv1"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/source"
)

// dialects are the values of --from.
func dialects() []string {
	return []string{string(convert.FromTraefikV1), string(convert.FromTraefik), string(convert.FromNginx)}
}

// flagsOf says which flags about the old controller mean something to a dialect.
func flagsOf(dialect convert.Dialect) []string {
	switch dialect {
	case convert.FromTraefik:
		return []string{"entry-points", "source-args", "source-ingress-class", "source-namespaces", "source-selector", "source-version"}
	case convert.FromNginx:
		return []string{"entry-points", "source-ingress-class", "source-namespaces"}
	}
	return []string{
		"default-entry-points", "entry-points", "source-allow-min-weight-zero", "source-config", "source-disable-pass-host-headers",
		"source-enable-pass-tls-cert", "source-ingress-class", "source-keep-trailing-slash", "source-namespaces",
		"source-retry-attempts", "source-selector",
	}
}

// foreignFlag refuses a flag that would have no effect.
func (f *conversionFlags) foreignFlag(dialect convert.Dialect) error {
	for _, name := range []string{
		"default-entry-points", "entry-points", "source-allow-min-weight-zero", "source-args", "source-config", "source-disable-pass-host-headers",
		"source-enable-pass-tls-cert", "source-ingress-class", "source-keep-trailing-slash", "source-namespaces",
		"source-retry-attempts", "source-selector", "source-version",
	} {
		if f.flags.Changed(name) && !slices.Contains(flagsOf(dialect), name) {
			return usageError("--%s means nothing to --from %s, which knows --%s", name, dialect, strings.Join(flagsOf(dialect), ", --"))
		}
	}
	return nil
}

// traefik are the facts of a Traefik 2 or 3 that serves Ingresses: what its
// arguments say, and before that what flags say.
func (f *conversionFlags) traefik(points []traefikv1.EntryPoint) (traefikingress.Facts, error) {
	facts, err := traefikingress.FactsFromArgs(strings.Fields(strings.Join(f.sourceArgs, " ")))
	if err != nil {
		return facts, err
	}
	facts.Version = f.sourceVersion
	facts.IngressClass = cmp.Or(f.sourceClass, facts.IngressClass)
	facts.LabelSelector = cmp.Or(f.sourceSelector, facts.LabelSelector)
	if len(f.sourceNamespaces) > 0 {
		facts.Namespaces = f.sourceNamespaces
	}
	if len(points) > 0 {
		facts.EntryPoints = nil
	}
	for _, p := range points {
		facts.EntryPoints = append(facts.EntryPoints, traefikingress.EntryPoint{Name: p.Name, Target: p.Target})
	}
	return facts, nil
}

// nginx are the facts of an ingress-nginx: it has one plain and one TLS listener.
func (f *conversionFlags) nginx(points []traefikv1.EntryPoint) nginx.Facts {
	facts := nginx.Facts{IngressClass: f.sourceClass, Namespaces: f.sourceNamespaces}
	for _, p := range points {
		if p.TLS {
			facts.HTTPSEntryPoint = p.Target
		} else {
			facts.HTTPEntryPoint = p.Target
		}
	}
	return facts
}

// extent is what a conversion of a dialect has to read of a cluster besides
// Ingresses and Services: Traefik 1.7 knows no IngressClass.
func extent(dialect convert.Dialect) source.Extent {
	if dialect == convert.FromTraefikV1 {
		return source.Routes
	}
	return source.Classes
}
