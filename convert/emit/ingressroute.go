package emit

import (
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/traefik/traefik/v2/pkg/provider/kubernetes/crd/traefikio/v1alpha1"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
)

// emit writes the IngressRoutes for routes, which are all of this owner and
// sorted by group.
func (o *owner) emit(routes []*ir.Route) {
	plain, secure := true, true
	for start := 0; start < len(routes); {
		first := routes[start]
		end := start + 1
		for end < len(routes) && compareGroups(first, routes[end]) == 0 {
			end++
		}
		tag := ""
		switch {
		case first.TLS == nil && plain:
			plain = false
		case first.TLS != nil && secure:
			tag, secure = "tls", false
		default:
			tag = strings.Join(first.EntryPoints, "-")
			if first.TLS != nil {
				tag += "-tls"
			}
		}
		o.ingressRoute(tag, routes[start:end])
		start = end
	}
}

// ingressRoute writes one IngressRoute. Traefik makes a router's name of the
// IngressRoute's name and a hash of the match, so a second route with the same
// match would silently replace the first: an equal one is left out, a different
// one goes into an IngressRoute of its own.
func (o *owner) ingressRoute(tag string, routes []*ir.Route) {
	object := o.all.made.routes.New()
	if names := routes[0].EntryPoints; len(names) > 0 {
		object.Spec.EntryPoints = append(o.all.made.names.Room(len(names)), names...)
	}
	overflow, cookies := o.routesOf(&object.Spec, routes)
	if len(object.Spec.Routes) == 0 {
		return
	}
	if t := routes[0].TLS; t != nil {
		object.Spec.TLS = o.all.made.tls.New()
		*object.Spec.TLS = tlsSection(t, o.ref.Namespace)
		o.secrets = append(o.secrets, t.SecretName)
	}
	o.add(object, tag, cookies)
	if len(overflow) > 0 {
		o.ingressRoute(numbered(tag, 2), overflow)
	}
}

// routesOf writes routes into an IngressRoute, but for those that need another one.
// Those for plain text and for TLS are mostly the same, and are then one slice.
func (o *owner) routesOf(spec *v1alpha1.IngressRouteSpec, routes []*ir.Route) (overflow []*ir.Route, cookies []cookie) {
	if o.all.before.serves(routes) {
		spec.Routes = o.all.before.made
		return nil, nil
	}
	spec.Routes = o.all.made.rules.Room(len(routes))
	var twins matchIndex
	for _, r := range routes {
		match, problems, err := o.ruleOf(r)
		for _, problem := range problems {
			o.ruleProblem(r, problem)
		}
		if err != nil {
			o.ruleProblem(r, err).Blocking = true
			continue
		}
		if o.outcome.DecodesPaths {
			o.encodedSlash.note(r, o.all.target.Version)
		}
		route := v1alpha1.Route{
			Match: match, Kind: "Rule", Priority: priority(r),
			Services:    o.services(r.Backend),
			Middlewares: o.chain(r),
		}
		if twin := twins.find(spec.Routes, match); twin >= 0 {
			if !sameRoute(&spec.Routes[twin], &route) {
				overflow = append(overflow, r)
			}
			continue
		}
		cookies = append(cookies, routeCookies(len(spec.Routes), r.Backend)...)
		cookies = append(cookies, o.nodePorts(len(spec.Routes), r.Backend)...)
		cookies = append(cookies, o.observability(len(spec.Routes), r)...)
		spec.Routes = append(spec.Routes, route)
	}
	if len(spec.Routes) == len(routes) && len(cookies) == 0 {
		o.all.before = writtenRoutes{routes, spec.Routes}
	}
	return overflow, cookies
}

// ruleOf writes the match of a route.
func (o *owner) ruleOf(r *ir.Route) (string, []error, error) {
	if escaped := o.escaped(r); len(escaped) > 0 {
		m := o.decoded(r.Match)
		m.Paths = slices.Concat(m.Paths, escaped)
		return rule(m, o.all.target.Version)
	}
	return o.rule(&r.Match)
}

// rule writes a match, once when routes for plain text and for TLS share it.
func (o *owner) rule(m *ir.Match) (string, []error, error) {
	const few = 16
	if len(m.Hosts) != 1 || len(m.Paths) != 1 || len(m.NotHosts) > 0 || len(m.Headers) > 0 || len(m.ClientIPs) > 0 {
		return rule(o.decoded(*m), o.all.target.Version)
	}
	for i := range o.all.written {
		if w := &o.all.written[i]; w.path == m.Paths[0] && w.host == m.Hosts[0] {
			return w.text, nil, nil
		}
	}
	text, problems, err := rule(o.decoded(*m), o.all.target.Version)
	if len(problems) == 0 && err == nil && len(o.all.written) < few {
		o.all.written = append(o.all.written, writtenRule{m.Hosts[0], m.Paths[0], text})
	}
	return text, problems, err
}

// add names the IngressRoute and files it.
func (o *owner) add(object *v1alpha1.IngressRoute, tag string, cookies []cookie) {
	name := plainName(o.ref.Namespace, o.ref.Name)
	if tag != "" {
		name = taggedName(o.ref.Namespace, o.ref.Name, tag)
	}
	for i := 2; slices.Contains(o.routes, name); i++ {
		name = taggedName(o.ref.Namespace, o.ref.Name, numbered(tag, i))
	}
	o.routes = append(o.routes, name)
	o.meta(RouteKind, name, &object.TypeMeta, &object.ObjectMeta)
	if o.all.target.IngressClass != "" {
		object.Annotations = map[string]string{classAnnotation: o.all.target.IngressClass}
	}
	o.ingressRoutes = append(o.ingressRoutes, withCookies(object, cookies, o.all.target))
}

func numbered(tag string, n int) string {
	if tag == "" {
		return "route-" + strconv.Itoa(n)
	}
	return tag + "-" + strconv.Itoa(n)
}

// chain makes the middlewares of a route, in the given order: the outermost
// first. Routes of one Ingress mostly have the same ones, whose names are hashes.
func (o *owner) chain(r *ir.Route) []v1alpha1.MiddlewareRef {
	const few = 4
	if len(r.Filters) == 0 {
		return nil
	}
	for i := range o.all.chained {
		if c := &o.all.chained[i]; reflect.DeepEqual(c.filters, r.Filters) {
			return c.refs
		}
	}
	refs := o.middlewareRefs(r)
	if len(o.all.chained) < few {
		o.all.chained = append(o.all.chained, chain{r.Filters, refs})
	}
	return refs
}

// chain are filters and the middlewares that they became.
type chain struct {
	filters []ir.Filter
	refs    []v1alpha1.MiddlewareRef
}

func (o *owner) middlewareRefs(r *ir.Route) []v1alpha1.MiddlewareRef {
	refs := make([]v1alpha1.MiddlewareRef, 0, len(r.Filters))
	for _, f := range r.Filters {
		var tag string
		var spec v1alpha1.MiddlewareSpec
		var text []byte
		if existing, ok := f.(ir.ExistingMiddleware); ok {
			refs = append(refs, v1alpha1.MiddlewareRef{Name: existing.Name, Namespace: existing.Namespace})
			continue
		}
		if pages, ok := f.(ir.ErrorPages); ok {
			tag = "errors"
			spec.Errors = o.errorPages(pages)
			text = content(spec, nil)
		} else if tag, spec = middleware(f, o.all.target); tag != "" {
			text = o.all.contents.of(f, spec)
		}
		if tag == "" {
			continue
		}
		name, isNew := o.named(tag, text)
		if isNew {
			object := &v1alpha1.Middleware{Spec: spec}
			o.meta("Middleware", name, &object.TypeMeta, &object.ObjectMeta)
			o.middlewares = append(o.middlewares, object)
		}
		refs = append(refs, v1alpha1.MiddlewareRef{Name: name})
	}
	return refs
}

// sameRoute compares two routes of one match. Services and middlewares are
// compared by what they refer to: equal content has equal names.
func sameRoute(a, b *v1alpha1.Route) bool {
	return a.Priority == b.Priority && slices.Equal(a.Middlewares, b.Middlewares) &&
		string(content(a.Services, nil)) == string(content(b.Services, nil))
}

// matchIndex finds a route by its match. Ingresses with thousands of redirects
// need the map, all others are faster without.
type matchIndex struct{ byMatch map[string]int }

func (x *matchIndex) find(routes []v1alpha1.Route, match string) int {
	const few = 32
	if len(routes) < few {
		return slices.IndexFunc(routes, func(r v1alpha1.Route) bool { return r.Match == match })
	}
	if x.byMatch == nil {
		x.byMatch = make(map[string]int, 2*len(routes))
	}
	for i := len(x.byMatch); i < len(routes); i++ {
		x.byMatch[routes[i].Match] = i
	}
	if i, ok := x.byMatch[match]; ok {
		return i
	}
	return -1
}

func (o *owner) ruleProblem(r *ir.Route, problem error) *diag.Diagnostic {
	field := ""
	if len(r.Origins) > 0 {
		field = r.Origins[0].Field
	}
	return o.report(diag.ERuleTarget, field, problem.Error())
}

// certificate emits an IngressRoute without routes: Traefik 2 and 3 load the
// secret of its tls section all the same.
func (o *owner) certificate(c *ir.Certificate) {
	if c.SecretName == "" || slices.Contains(o.secrets, c.SecretName) {
		return
	}
	o.secrets = append(o.secrets, c.SecretName)
	object := o.all.made.routes.New()
	object.Spec.Routes = []v1alpha1.Route{}
	object.Spec.EntryPoints = slices.Clone(c.EntryPoints)
	object.Spec.TLS = o.all.made.tls.New()
	object.Spec.TLS.SecretName = c.SecretName
	o.add(object, "cert-"+c.SecretName, nil)
}
