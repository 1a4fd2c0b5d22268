package emit

import (
	"maps"
	"slices"
	"strings"

	"github.com/traefik/traefik/v2/pkg/provider/kubernetes/crd/traefikio/v1alpha1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
)

// ManagedLabel marks every emitted object.
const ManagedLabel = "ingress-migrate.io/managed"

const classAnnotation = "kubernetes.io/ingress.class"

// owners are the Ingresses that objects are emitted for.
type owners struct {
	target   Target
	apiGroup string
	byRef    map[ir.Ref]*owner
	list     []*owner
	shared   sharedServices
	clashes  clashes
	made     made
	// written, listed and chained are the first rules, Services and chains of the owner whose objects
	// are being made: routes for plain text and for TLS have the same ones.
	written []writtenRule
	listed  []listedService
	chained []chain
}

// made are the parts of objects.
type made struct {
	routes   ir.Slab[v1alpha1.IngressRoute]
	rules    ir.Slab[v1alpha1.Route]
	services ir.Slab[v1alpha1.Service]
	tls      ir.Slab[v1alpha1.TLS]
	names    ir.Slab[string]
}

// owner collects the objects of one Ingress.
type owner struct {
	ref      ir.Ref
	outcome  *ir.Outcome
	all      *owners
	names    map[string][]byte // names taken by content, and that content
	routes   []string          // names taken by IngressRoutes
	secrets  []string          // certificates that an IngressRoute already loads
	problems []diag.Diagnostic

	transports, weightedServices, middlewares, ingressRoutes []Object

	sslRedirect  bool
	stickyLost   []string // what cookies lose
	encodedSlash encodedSlash

	todo work

	// labels of all objects, see meta.
	labels map[string]string

	// Room for what there nearly always is.
	firstRoutes [2]string
	firstObject [2]Object
	firstSecret [1]string
}

// writtenRule is a match of one host and one path, and what rule makes of it.
type writtenRule struct {
	host ir.Host
	path ir.Path
	text string
}

func newOwners(t ir.Translation, target Target) *owners {
	all := &owners{
		target: target, apiGroup: target.APIVersion(),
		byRef: make(map[ir.Ref]*owner, len(t.Ingresses)), list: make([]*owner, 0, len(t.Ingresses)),
	}
	listed := make([]owner, len(t.Ingresses))
	for i := range t.Ingresses {
		all.add(&listed[i], &t.Ingresses[i])
	}
	return all
}

func (all *owners) add(o *owner, outcome *ir.Outcome) *owner {
	o.ref, o.outcome, o.all = outcome.Ingress, outcome, all
	o.routes, o.ingressRoutes, o.secrets = o.firstRoutes[:0], o.firstObject[:0], o.firstSecret[:0]
	all.byRef[o.ref] = o
	all.list = append(all.list, o)
	return o
}

// of returns the owner, also for an Ingress that the translation does not list.
func (all *owners) of(ref ir.Ref) *owner {
	if o, ok := all.byRef[ref]; ok {
		return o
	}
	return all.add(&owner{}, &ir.Outcome{Ingress: ref})
}

// work is what objects of an owner are made of.
type work struct {
	routes       []*ir.Route
	certificates []*ir.Certificate
	passthroughs []*ir.Passthrough
}

// write makes the objects of an owner.
func (o *owner) write() {
	o.all.written, o.all.listed, o.all.chained = o.all.written[:0], o.all.listed[:0], o.all.chained[:0]
	o.emit(o.todo.routes)
	for _, c := range o.todo.certificates {
		o.certificate(c)
	}
	for _, p := range o.todo.passthroughs {
		o.passthrough(p)
	}
}

// finish appends the objects in order to out, and returns what is to be said of them.
func (o *owner) finish(out []Output) ([]Output, []diag.Diagnostic) {
	o.notes()
	for _, kind := range [...][]Object{o.transports, o.weightedServices, o.middlewares, o.ingressRoutes} {
		if len(kind) > 1 {
			slices.SortFunc(kind, func(a, b Object) int { return strings.Compare(a.GetName(), b.GetName()) })
		}
		for _, object := range kind {
			out = append(out, Output{Owner: o.ref, Object: object})
		}
	}
	return out, o.problems
}

// forget lets go of everything that is done with.
func (o *owner) forget() { *o = owner{ref: o.ref} }

// CompareRefs orders owners as the output is ordered.
func CompareRefs(a, b ir.Ref) int {
	if c := strings.Compare(a.Namespace, b.Namespace); c != 0 {
		return c
	}
	return strings.Compare(a.Name, b.Name)
}

// notes reports what concerns the Ingress as a whole.
func (o *owner) notes() {
	if o.sslRedirect {
		o.report(diag.WSSLRedirectV3, "", "")
	}
	for _, lost := range o.stickyLost {
		o.report(diag.WStickyFields, "", "the sticky cookie has no "+lost)
	}
	o.encodedSlash.report(o)
}

func (o *owner) report(code diag.Code, field, text string) *diag.Diagnostic {
	object := diag.Object{Kind: "Ingress", Namespace: o.ref.Namespace, Name: o.ref.Name, File: o.outcome.File}
	o.problems = append(o.problems, diag.New(code, object, field, text))
	return &o.problems[len(o.problems)-1]
}

// once reports what its code says, once per Ingress.
func (o *owner) once(code diag.Code) {
	if !slices.ContainsFunc(o.problems, func(d diag.Diagnostic) bool { return d.Code == code }) {
		o.report(code, "", "")
	}
}

// meta fills what all objects have in common: Traefik's label selector is for
// every kind, so all get the labels of the Ingress, in one map.
func (o *owner) meta(kind, name string, t *metav1.TypeMeta, m *metav1.ObjectMeta) {
	t.APIVersion = o.all.apiGroup
	t.Kind = kind
	m.Namespace = o.ref.Namespace
	m.Name = name
	if o.labels == nil {
		if o.labels = maps.Clone(o.outcome.Labels); o.labels == nil {
			o.labels = make(map[string]string, 1)
		}
		o.labels[ManagedLabel] = "true"
	}
	m.Labels = o.labels
}

// named returns the name for an object of this content and whether it is new:
// equal content is one object. Two contents with one hash get different names.
func (o *owner) named(tag string, content []byte) (name string, isNew bool) {
	for salted := content; ; salted = append(slices.Clip(salted), 0) {
		name = ContentName(o.ref.Namespace, o.ref.Name, tag, salted)
		taken, ok := o.names[name]
		if !ok {
			break
		}
		if string(taken) == string(content) {
			return name, false
		}
	}
	if o.names == nil {
		o.names = make(map[string][]byte)
	}
	o.names[name] = content
	return name, true
}
