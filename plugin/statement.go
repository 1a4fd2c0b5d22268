package plugin

import (
	"fmt"
	"strings"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/emitnginx"
)

// statement says in two lines what is converted, because nobody should have to
// guess.
func statement(options convert.Options, reports []convert.IngressReport) string {
	text := fmt.Sprintf("%s to Traefik %d (%s)", origin(options, reports), options.Target.Version, options.Target.APIVersion())
	if options.IngressNginx != nil {
		text = fmt.Sprintf("%s to ingress-nginx (%s)", origin(options, reports), emitnginx.APIVersion)
	}
	var points []string
	for _, e := range options.TraefikV1.EntryPoints {
		kind := ""
		if e.TLS {
			kind = " tls"
		}
		points = append(points, fmt.Sprintf("%s (:%d%s) -> %s", e.Name, e.Port, kind, e.Target))
	}
	if len(points) > 0 && serves(options, reports, convert.FromTraefikV1) {
		text += "\nEntry points: " + strings.Join(points, ", ")
	}
	return text
}

// serves tells whether a dialect is spoken: it was asked for, or some Ingress is
// in it.
func serves(options convert.Options, reports []convert.IngressReport, dialect convert.Dialect) bool {
	if options.From != convert.Auto {
		return options.From == dialect
	}
	for _, count := range convert.CountDialects(reports) {
		if count.Dialect == dialect {
			return true
		}
	}
	return false
}

// origin says of which dialects the Ingresses are: the one that was asked for, or
// those that were found, with counts where there are several.
func origin(options convert.Options, reports []convert.IngressReport) string {
	if options.From != convert.Auto {
		return string(options.From)
	}
	counts := convert.CountDialects(reports)
	var parts []string
	for _, count := range counts {
		part := string(count.Dialect)
		var details []string
		if len(counts) > 1 {
			details = append(details, plural(count.Ingresses, "Ingress"))
		} else {
			details = append(details, "detected")
		}
		switch {
		case count.Guessed == count.Ingresses:
			details = append(details[:len(details)-1], "a guess")
			if len(counts) > 1 {
				details = []string{plural(count.Ingresses, "Ingress") + ", a guess"}
			}
		case count.Guessed > 0:
			details = append(details, fmt.Sprintf("of %s a guess", thousands(count.Guessed)))
		}
		parts = append(parts, part+" ("+strings.Join(details, ", ")+")")
	}
	if len(parts) == 0 {
		return string(options.From)
	}
	return strings.Join(parts, ", ")
}
