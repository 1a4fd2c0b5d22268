package plugin

import (
	"context"
	"fmt"
	"strings"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/nginx"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/traefikingress"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/traefikv1"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/install"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/source"
)

// settled are the options that a new webhook goes by. It sees one Ingress after
// the other and must not change its mind about all of them, so the controllers
// that are in play now are written down, and stated.
func (o *webhookOptions) settled(ctx context.Context, installer *install.Installer) (convert.Options, error) {
	options, notes, err := o.cluster.known(ctx, installer.Client, &o.conversion)
	for _, note := range notes {
		fmt.Fprintf(o.cluster.streams.ErrOut, "Note: %s\n", note)
	}
	if err != nil || options.From != convert.Auto {
		return options, err
	}
	loaded, err := source.FromCluster(ctx, installer.Client, source.Scope{}, source.Routes|source.Classes)
	if err != nil {
		return options, err
	}
	options = loaded.Settle(options)
	guess := len(options.Controllers.InPlay) == 0 || len(options.Controllers.Guessed) > 0
	options = explicit(options)
	if options.From != convert.Auto {
		how := ""
		if guess {
			how = ", which is a guess"
		}
		fmt.Fprintf(o.cluster.streams.ErrOut, "Ingresses are taken to be of %s%s; say --from for another controller\n", options.From, how)
		return options, nil
	}
	var names []string
	for _, dialect := range options.Controllers.InPlay {
		names = append(names, string(dialect))
	}
	fmt.Fprintf(o.cluster.streams.ErrOut, "Each Ingress is converted in its own dialect, of %s; say --from for one controller\n", strings.Join(names, " and "))
	return options, nil
}

// explicit names what was found: the dialect if it is one, else all of them.
// Where no Ingress says anything it is that of Traefik 1.7.
func explicit(options convert.Options) convert.Options {
	if options.From != convert.Auto {
		return options
	}
	found := options.Controllers.InPlay
	if len(found) > 1 {
		options.Controllers = &convert.Controllers{InPlay: found, Seen: found}
		return options
	}
	options.From, options.Controllers = convert.FromTraefikV1, nil
	if len(found) == 1 {
		options.From = found[0]
	}
	// Facts of controllers that are not there would only be confusing.
	if options.From != convert.FromTraefikV1 {
		options.TraefikV1 = traefikv1.Facts{}
	}
	if options.From != convert.FromTraefik {
		options.Traefik = traefikingress.Facts{}
	}
	if options.From != convert.FromNginx {
		options.Nginx = nginx.Facts{}
	}
	return options
}
