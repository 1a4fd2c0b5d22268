package emitnginx

import (
	"slices"
	"strings"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/middleware"
)

// existing does what a Middleware of the user's does, if that is part of the
// input and all of it is known; else the route is withheld. from is where the
// reference stands, above are the chains around it.
func (b *builder) existing(f ir.ExistingMiddleware, from string, above []ir.Ref) {
	ref := ir.Ref(f)
	if ref.Namespace == "" {
		ref.Namespace = from
	}
	spec, known := b.o.all.middlewares[ref]
	outer := b.through
	defer func() { b.through = outer }()
	b.through = ""
	switch {
	case strings.Contains(f.Name, "@"):
		b.block(diag.EToNginxMiddleware, "the middleware "+f.Name+" is none of the cluster: what it does is not known here")
		return
	case slices.Contains(above, ref):
		b.block(diag.EToNginxMiddleware, "Middleware "+ref.String()+" is a chain that leads back to itself")
		return
	case !known:
		b.block(diag.EToNginxMiddleware, "what the Middleware "+ref.String()+" does is not known here: it is no part of the input")
		return
	}
	filters, err := middleware.Filters(spec, middleware.Source{V3: b.o.all.target.FromV3})
	if err != nil {
		b.block(diag.EToNginxMiddleware, "Middleware "+ref.String()+": "+err.Error())
		return
	}
	b.through = ref.String()
	switch middleware.Kind(spec) {
	case "compress":
		b.say(diag.WToNginxConfigMap, "nginx compresses what the key use-gzip of the controller's ConfigMap says, for all Ingresses alike")
	case "contentType":
		b.say(diag.WContentType, "nginx hands answers without a Content-Type on as they are")
	}
	for _, filter := range filters {
		switch filter := filter.(type) {
		case ir.ExistingMiddleware:
			b.existing(filter, ref.Namespace, append(slices.Clone(above), ref))
		case ir.ErrorPages:
			if ref.Namespace != b.o.ref.Namespace {
				b.block(diag.EToNginxMiddleware, "its Service is in namespace "+ref.Namespace+", and an Ingress names Services of its own")
				continue
			}
			b.filter(filter)
		case ir.BasicAuth, ir.DigestAuth:
			if ref.Namespace != b.o.ref.Namespace {
				b.block(diag.EToNginxAuth, "its users are in namespace "+ref.Namespace+", and an Ingress names Secrets of its own")
				continue
			}
			b.filter(filter)
		default:
			b.filter(filter)
		}
	}
}
