package plugin

import (
	"slices"
	"strings"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/source"
)

// dialects are the names of source controllers.
func dialects() []string {
	var names []string
	for _, dialect := range convert.Dialects() {
		names = append(names, string(dialect))
	}
	return names
}

// froms are the values of --from.
func froms() []string { return append([]string{string(convert.Auto)}, dialects()...) }

// factFlags are the flags about the old controllers, and to which they mean
// something.
var factFlags = [...]struct {
	name     string
	dialects []convert.Dialect
}{
	{"default-entry-points", []convert.Dialect{convert.FromTraefikV1}},
	{"entry-points", []convert.Dialect{convert.FromTraefikV1, convert.FromTraefik, convert.FromNginx}},
	{"nginx-body-limit", []convert.Dialect{convert.FromNginx}},
	{"nginx-configmap", []convert.Dialect{convert.FromNginx}},
	{"nginx-retry", []convert.Dialect{convert.FromNginx}},
	{"source-allow-min-weight-zero", []convert.Dialect{convert.FromTraefikV1}},
	{"source-args", []convert.Dialect{convert.FromTraefikV1, convert.FromTraefik, convert.FromNginx}},
	{"source-config", []convert.Dialect{convert.FromTraefikV1, convert.FromTraefik}},
	{"source-disable-pass-host-headers", []convert.Dialect{convert.FromTraefikV1}},
	{"source-enable-pass-tls-cert", []convert.Dialect{convert.FromTraefikV1}},
	{"source-ingress-class", []convert.Dialect{convert.FromTraefikV1, convert.FromTraefik, convert.FromNginx}},
	{"source-keep-trailing-slash", []convert.Dialect{convert.FromTraefikV1}},
	{"source-namespaces", []convert.Dialect{convert.FromTraefikV1, convert.FromTraefik, convert.FromNginx}},
	{"source-retry-attempts", []convert.Dialect{convert.FromTraefikV1}},
	{"source-selector", []convert.Dialect{convert.FromTraefikV1, convert.FromTraefik}},
	{"source-version", []convert.Dialect{convert.FromTraefik}},
}

// foreignFlag refuses a flag that would have no effect on any of the dialects.
func (f *conversionFlags) foreignFlag(inPlay ...convert.Dialect) error {
	if len(inPlay) == 0 || slices.Contains(inPlay, convert.Auto) {
		return nil // each means something to one of them
	}
	means := func(dialects []convert.Dialect) bool {
		return slices.ContainsFunc(dialects, func(d convert.Dialect) bool { return slices.Contains(inPlay, d) })
	}
	var names, known []string
	for _, dialect := range inPlay {
		names = append(names, string(dialect))
	}
	for _, flag := range factFlags {
		if means(flag.dialects) {
			known = append(known, flag.name)
		}
	}
	for _, flag := range factFlags {
		if f.flags.Changed(flag.name) && !means(flag.dialects) {
			return usageError("--%s means nothing to %s, which knows --%s", flag.name, strings.Join(names, " and "), strings.Join(known, ", --"))
		}
	}
	return nil
}

// extent is what a conversion of a dialect has to read of a cluster besides
// Ingresses and Services: Traefik 1.7 knows no IngressClass.
func extent(dialect convert.Dialect) source.Extent {
	if dialect == convert.FromTraefikV1 {
		return source.Routes
	}
	return source.Classes
}
