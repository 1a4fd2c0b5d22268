package convert

import (
	"slices"
	"strings"

	networkingv1 "k8s.io/api/networking/v1"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/nginx"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/traefikingress"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/traefikv1"
)

// Dialect names a source controller.
type Dialect string

// The dialects.
const (
	// FromTraefikV1 is Traefik 1.7's Kubernetes provider.
	FromTraefikV1 Dialect = "traefik-v1"
	// FromTraefik is the Kubernetes Ingress provider of Traefik 2 and 3.
	FromTraefik Dialect = "traefik"
	// FromNginx is the community controller ingress-nginx.
	FromNginx Dialect = "nginx"
	// Auto is no dialect: each Ingress is in the one that Detect finds.
	Auto Dialect = "auto"
)

// Dialects are all of them, in the order in which one is taken where nothing
// else decides: the oldest controller is what a cluster migrates from.
func Dialects() []Dialect { return []Dialect{FromTraefikV1, FromTraefik, FromNginx} }

// Controller is the name of the dialect's controller in texts.
func (d Dialect) Controller() string {
	switch d {
	case FromTraefikV1:
		return "Traefik 1.7"
	case FromTraefik:
		return "Traefik 2 or 3"
	case FromNginx:
		return "ingress-nginx"
	}
	return string(d)
}

const classKey = "kubernetes.io/ingress.class"

// selections tell which controller looks at which Ingress.
type selections struct {
	v1      traefikv1.Selection
	traefik traefikingress.Selection
	nginx   nginx.Selection
}

func newSelections(in Input, opts Options) selections {
	return selections{
		traefikv1.NewSelection(opts.TraefikV1),
		traefikingress.NewSelection(opts.Traefik, in.IngressClasses),
		nginx.NewSelection(opts.Nginx, in.IngressClasses),
	}
}

// refusal says why a controller does not serve an Ingress; empty when it does.
func (s *selections) refusal(d Dialect, ing *networkingv1.Ingress) string {
	switch d {
	case FromTraefikV1:
		return s.v1.Refusal(ing)
	case FromTraefik:
		return s.traefik.Refusal(ing)
	}
	return s.nginx.Refusal(ing)
}

// spoken are the dialects that the annotations of an Ingress are written in, in
// the order of Dialects. The class is none of them.
func spoken(ing *networkingv1.Ingress, opts Options) []Dialect {
	prefix := opts.Nginx.AnnotationPrefix
	if prefix == "" {
		prefix = nginx.DefaultPrefix
	}
	var found [3]bool
	for key := range ing.Annotations {
		switch {
		case key == classKey:
		case strings.HasPrefix(key, prefix) && strings.HasPrefix(key[len(prefix):], "/"):
			found[2] = true
		case traefikingress.Reads(key):
			found[1] = true
		default:
			if _, known := traefikv1.LookupAnnotation(key); known {
				found[0] = true
			}
		}
	}
	var out []Dialect
	for i, d := range Dialects() {
		if found[i] {
			out = append(out, d)
		}
	}
	return out
}

// only returns the one dialect of a list, none when there are more or none.
func only(dialects []Dialect) Dialect {
	if len(dialects) == 1 {
		return dialects[0]
	}
	return ""
}

// both are those of a that are in b too.
func both(a, b []Dialect) []Dialect {
	return slices.DeleteFunc(slices.Clone(a), func(d Dialect) bool { return !slices.Contains(b, d) })
}
