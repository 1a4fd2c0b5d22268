package emitnginx

import (
	"slices"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
)

// Prefix is that of ingress-nginx's annotations.
const Prefix = "nginx.ingress.kubernetes.io/"

// APIVersion is that of the emitted Ingresses.
const APIVersion = "networking.k8s.io/v1"

const (
	defaultClass    = "nginx"
	classAnnotation = "kubernetes.io/ingress.class"
)

// Target is the ingress-nginx that will serve the output.
type Target struct {
	// IngressClass is written as spec.ingressClassName; empty: nginx.
	IngressClass string
	// ClassAnnotation writes it as annotation kubernetes.io/ingress.class instead:
	// Traefik 1.7 knows no other, and would serve the new Ingresses too.
	ClassAnnotation bool
	// EntryPoints are the listeners that the routes name; empty: web and http are
	// on port 80, websecure and https on port 443.
	EntryPoints []EntryPoint
	// FromV3: Middlewares of the source are those of Traefik 3.
	FromV3 bool
}

// EntryPoint is one listener of the source.
type EntryPoint struct {
	Name string
	TLS  bool
	Port int
	// ToTLS: everything that arrives is redirected to the listener on port 443.
	ToTLS bool
}

func (t Target) class() string {
	if t.IngressClass == "" {
		return defaultClass
	}
	return t.IngressClass
}

// usual are the names that installations and charts use.
var usual = [...]EntryPoint{
	{Name: "http", Port: 80}, {Name: "https", Port: 443, TLS: true},
	{Name: "web", Port: 80}, {Name: "websecure", Port: 443, TLS: true},
}

// UsualEntryPoints are those that count when none are named.
func UsualEntryPoints() []EntryPoint { return slices.Clone(usual[:]) }

// entryPoint finds a listener that nginx has too: one on port 80 or 443.
func (t Target) entryPoint(name string) (EntryPoint, bool) {
	known := t.EntryPoints
	if len(known) == 0 {
		known = usual[:]
	}
	i := slices.IndexFunc(known, func(e EntryPoint) bool { return e.Name == name })
	if i < 0 || known[i].Port != 80 && known[i].Port != 443 {
		return EntryPoint{}, false
	}
	return known[i], true
}

// schemes are those that a route answers.
type schemes struct {
	plain, tls bool
	// toTLS: the listener redirects before the route is asked.
	toTLS bool
	// lost are entry points that nginx does not have.
	lost []string
}

func (t Target) schemes(r *ir.Route) schemes {
	s := schemes{}
	if len(r.EntryPoints) == 0 {
		s.plain, s.tls = r.TLS == nil, r.TLS != nil
		return s
	}
	for _, name := range r.EntryPoints {
		e, ok := t.entryPoint(name)
		switch {
		case !ok:
			s.lost = append(s.lost, name)
		case e.TLS || r.TLS != nil:
			s.tls = true
		default:
			s.plain = true
			s.toTLS = s.toTLS || e.ToTLS
		}
	}
	return s
}
