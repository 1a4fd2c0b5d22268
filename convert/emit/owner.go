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
	parts    parts
	// begun are those of which something is known before their turn comes.
	begun    map[ir.Ref]*owner
	shared   sharedServices
	made     made
	contents contents
	// expanded has room for the routes of a translation.
	expanded []*ir.Route
	// before are the last routes of the owner whose objects are being made.
	before writtenRoutes
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

	// labels of all objects, see meta.
	labels map[string]string
}

// writtenRule is a match of one host and one path, and what rule makes of it.
type writtenRule struct {
	host ir.Host
	path ir.Path
	text string
}

// begin returns the owner of a name, for something to be noted before its turn
// comes. The translation need not list the Ingress.
func (all *owners) begin(ref ir.Ref) *owner {
	if o, ok := all.begun[ref]; ok {
		return o
	}
	o := &owner{ref: ref, outcome: all.parts.outcome(ref), all: all}
	if all.begun == nil {
		all.begun = map[ir.Ref]*owner{}
	}
	all.begun[ref] = o
	return o
}

// each hands over one owner after the other, sorted and with its objects. They are
// made in the room of one: nobody may hold it.
func (all *owners) each(yield func(*owner) bool) {
	var room owner
	for own := range all.parts.each {
		o := all.begun[own.ref]
		if o == nil {
			room.reset(all, own)
			o = &room
		}
		o.write(own)
		if !yield(o) {
			return
		}
	}
}

// reset makes room for the next owner. Objects have been copied out of the lists.
func (o *owner) reset(all *owners, own part) {
	*o = owner{
		ref: own.ref, outcome: own.outcome, all: all, routes: o.routes[:0], secrets: o.secrets[:0],
		transports: o.transports[:0], weightedServices: o.weightedServices[:0],
		middlewares: o.middlewares[:0], ingressRoutes: o.ingressRoutes[:0],
	}
}

// write makes the objects of an owner.
func (o *owner) write(own part) {
	o.all.before = writtenRoutes{}
	o.all.written, o.all.listed, o.all.chained = o.all.written[:0], o.all.listed[:0], o.all.chained[:0]
	o.emit(own.routes)
	for i := range own.certificates {
		o.certificate(&own.certificates[i])
	}
	for i := range own.passthroughs {
		o.passthrough(&own.passthroughs[i])
	}
	o.notes()
}

// appendTo appends the objects in order to out.
func (o *owner) appendTo(out []Output) []Output {
	for _, kind := range [...][]Object{o.transports, o.weightedServices, o.middlewares, o.ingressRoutes} {
		if len(kind) > 1 {
			slices.SortFunc(kind, compareNames)
		}
		for _, object := range kind {
			out = append(out, Output{Owner: o.ref, Object: object})
		}
	}
	return out
}

func compareNames(a, b Object) int { return strings.Compare(a.GetName(), b.GetName()) }

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
	o.problems = append(o.problems, diag.New(code, o.object(), field, text))
	return &o.problems[len(o.problems)-1]
}

func (o *owner) object() diag.Object {
	return diag.Object{Kind: "Ingress", Namespace: o.ref.Namespace, Name: o.ref.Name, File: o.outcome.File}
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
		o.labels = Labels(o.outcome)
	}
	m.Labels = o.labels
}

// Labels are those of the objects of an Ingress: its own, but for the one by which
// kubectl apply --applyset --prune finds what it made itself. It would delete them.
func Labels(of *ir.Outcome) map[string]string {
	labels := maps.Clone(of.Labels)
	if labels == nil {
		labels = make(map[string]string, 1)
	}
	delete(labels, "applyset.kubernetes.io/part-of")
	labels[ManagedLabel] = "true"
	return labels
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
