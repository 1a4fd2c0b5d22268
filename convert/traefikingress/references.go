package traefikingress

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
)

// The kinds of objects that annotations refer to.
const (
	kindMiddleware = "Middleware"
	kindTLSOption  = "TLSOption"
	kindTransport  = "ServersTransport"
)

const crdSuffix = "@kubernetescrd"

// reference is what an annotation names, as an IngressRoute names it.
type reference struct {
	// namespace is empty for one of the own namespace or of another provider.
	namespace string
	// name is name@provider for another provider.
	name string
}

// id is how annotations write the reference from any namespace.
func (r reference) id() string { return r.namespace + "-" + r.name + crdSuffix }

// remark is a finding about a reference, which is written on the annotation.
type remark struct {
	code diag.Code
	text string
}

// resolve reads a reference in an annotation of an object in namespace own.
// Traefik joins namespace and name with a dash and never cuts them apart, so any
// cut of namespace-name gives the same object; but IngressRoutes may only name
// their own namespace, so a cut after that one comes first. dead is why nothing
// can be there; empty: it may be.
func (t *translator) resolve(kind, own, text string) (ref reference, remarks []remark, dead string) {
	name, provider, qualified := cutLast(text, "@")
	switch {
	case text == "":
		return ref, nil, "an empty element refers to nothing"
	case !qualified || provider == "kubernetes":
		return ref, nil, strconv.Quote(text) + " is looked up in the Ingress provider, which has no " + kind + " (write namespace-name" + crdSuffix + ")"
	case provider != "kubernetescrd":
		return reference{name: text}, nil, ""
	}
	if found, remarks, dead, ok := t.resolveSafe(kind, own, name); ok {
		return found, remarks, dead
	}
	if kind != kindTLSOption && normalize(name) != name {
		return ref, nil, strconv.Quote(text) + " can be the name of no " + kind
	}
	candidates := t.candidates(kind, name)
	if len(candidates) == 0 && t.in.TraefikKnown {
		return ref, nil, "there is no " + kind + " " + strconv.Quote(name) + " of any namespace"
	}
	ref, guessed, ok := t.cut(own, name, candidates)
	if !ok {
		return ref, nil, strconv.Quote(text) + " has no namespace"
	}
	if guessed {
		remarks = append(remarks, remark{diag.ETraefikReference, "where the namespace of " + strconv.Quote(text) + " ends is a guess: " + ref.namespace + "/" + ref.name})
	}
	if len(candidates) > 1 {
		remarks = append(remarks, remark{diag.ETraefikReference, "several objects have the identity " + strconv.Quote(name) + " and overwrite each other"})
	}
	return t.checked(kind, own, ref, remarks)
}

// resolveSafe reads the form of safeNaming (since 3.7.11): namespace_name.
func (t *translator) resolveSafe(kind, own, name string) (reference, []remark, string, bool) {
	namespace, rest, ok := strings.Cut(name, "_")
	if !ok || t.source.before(release{3, 7, 11}) || namespace == "" || rest == "" || strings.Contains(rest, "_") {
		return reference{}, nil, "", false
	}
	ref, remarks, dead := t.checked(kind, own, reference{namespace, rest}, nil)
	return ref, remarks, dead, true
}

// checked drops the own namespace and reports another one.
func (t *translator) checked(kind, own string, ref reference, remarks []remark) (reference, []remark, string) {
	if ref.namespace == own {
		return reference{name: ref.name}, remarks, ""
	}
	if !t.facts.AllowCrossNamespace {
		remarks = append(remarks, remark{diag.WTraefikCrossNS, kind + " " + ref.name + " is in namespace " + ref.namespace + ": without allowCrossNamespace the target has no such route and answers 403"})
	}
	return ref, remarks, ""
}

// cut divides namespace-name, in this order: an object that exists, the own
// namespace, the longest namespace of the input, any.
func (t *translator) cut(own, id string, candidates []reference) (ref reference, guessed, ok bool) {
	if len(candidates) > 0 {
		if i := slices.IndexFunc(candidates, func(r reference) bool { return r.namespace == own }); i >= 0 {
			return candidates[i], false, true
		}
		return candidates[0], false, true
	}
	if rest, found := strings.CutPrefix(id, own+"-"); found && rest != "" {
		return reference{own, rest}, false, true
	}
	for i := len(id) - 2; i > 0; i-- { // the longest namespace first
		if id[i] == '-' && t.namespaces()[id[:i]] {
			return reference{id[:i], id[i+1:]}, false, true
		}
	}
	namespace, name, found := strings.Cut(id, "-")
	if !found || namespace == "" || name == "" {
		return reference{}, false, false
	}
	return reference{namespace, name}, strings.Contains(name, "-"), true
}

// candidates are the objects of a kind with an identity, sorted.
func (t *translator) candidates(kind, id string) []reference {
	if t.objects == nil {
		t.objects = make(map[string][]reference, len(t.in.Traefik))
		for _, o := range t.in.Traefik {
			key := o.Kind + " " + identity(o)
			t.objects[key] = append(t.objects[key], reference{o.Namespace, o.Name})
		}
	}
	found := t.objects[kind+" "+id]
	slices.SortFunc(found, func(a, b reference) int {
		return cmp.Or(cmp.Compare(a.namespace, b.namespace), cmp.Compare(a.name, b.name))
	})
	return found
}

// identity is how the CRD provider calls an object; TLSOptions keep every character.
func identity(o ir.TraefikObject) string {
	if o.Kind == kindTLSOption {
		return o.Namespace + "-" + o.Name
	}
	return normalize(o.Namespace + "-" + o.Name)
}

// namespaces are those that the input says to exist. Those of other Ingresses are
// not among them: what an Ingress becomes must not depend on strangers.
func (t *translator) namespaces() map[string]bool {
	if t.known != nil {
		return t.known
	}
	t.known = map[string]bool{}
	for _, namespace := range t.facts.Namespaces {
		t.known[namespace] = true
	}
	for _, service := range t.in.Services {
		if service != nil {
			t.known[service.Namespace] = true
		}
	}
	for _, secret := range t.in.Secrets {
		t.known[secret.Namespace] = true
	}
	for _, object := range t.in.Traefik {
		t.known[object.Namespace] = true
	}
	return t.known
}

func cutLast(s, sep string) (before, after string, found bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(sep):], true
}

// normalize is provider.Normalize: runs of anything but letters and digits
// become one dash.
func normalize(s string) string {
	return strings.Join(strings.FieldsFunc(s, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsNumber(r) }), "-")
}
