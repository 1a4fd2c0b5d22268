package plugin

import (
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/emitnginx"
)

// The way back out of Traefik is for convert alone: nothing watches Ingresses of
// ingress-nginx or moves nodes to it.

// targets are the values of --to.
func (f *conversionFlags) targets() []string {
	if f.wayBack {
		return []string{"v2", "v3", convert.ToIngressNginx}
	}
	return []string{"v2", "v3"}
}

func (f *conversionFlags) toUsage() string {
	text := "Traefik that will serve the routes: v2 (2.11) or v3"
	if f.wayBack {
		text += "; or ingress-nginx, for the way back out"
	}
	return text
}

func (f *conversionFlags) targetClassUsage() string {
	text := "Class written on every object, if the new Traefik's kubernetesCRD provider has an ingressClass"
	if f.wayBack {
		text += "; with --to ingress-nginx, the class of the Ingresses (default nginx)"
	}
	return text
}

// back is the ingress-nginx that --to asks for; nil: another target.
func (f *conversionFlags) back() (*emitnginx.Target, error) {
	switch {
	case f.to != convert.ToIngressNginx:
		return nil, nil
	case !f.wayBack:
		return nil, usageError("--to %s is for convert, which prints Ingresses: this command knows Traefik's objects alone", f.to)
	case f.flags.Changed("api-group"):
		return nil, usageError("--api-group is about Traefik's objects, and --to %s makes none", f.to)
	}
	return &emitnginx.Target{IngressClass: f.targetClass}, nil
}

// wayBackFrom refuses the way back to where the Ingresses are. Their dialect may
// come from the webhook's options.
func wayBackFrom(options convert.Options) error {
	if options.IngressNginx == nil || options.From != convert.FromNginx {
		return nil
	}
	return usageError("--to %s is for Ingresses of Traefik: those of --from %s are served by it already", convert.ToIngressNginx, options.From)
}
