package scan

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/desired"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/emit"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/source"
)

// Compare judges every Ingress of scope by what the cluster has. It takes live apart:
// what is as it should be is let go of, so that of a large cluster in sync little stays.
func Compare(loaded source.Loaded, scope source.Scope, options convert.Options, live Live, whole Whole, detail Detail) (*Report, error) {
	c := &comparison{live: live, scope: scope, optedOut: loaded.OptedOut, detail: detail, objects: map[ir.Ref][]Object{}}
	ingresses := map[ir.Ref]*networkingv1.Ingress{}
	for _, ingress := range loaded.Input.Ingresses {
		ingresses[ir.Ref{Namespace: ingress.Namespace, Name: ingress.Name}] = ingress.Ingress
	}
	var failed error
	result := convert.Each(loaded.Input, options, func(output convert.Output) bool {
		failed = c.want(output, ingresses[output.Owner])
		return failed == nil
	})
	if failed != nil {
		return nil, failed
	}
	if err := c.unwanted(); err != nil {
		return nil, err
	}
	if err := c.catchUp(whole); err != nil {
		return nil, err
	}
	report := &Report{
		TypeMeta: metav1.TypeMeta{APIVersion: APIVersion, Kind: Kind},
		From:     from(result, options),
		To:       options.Target.APIVersion(),
		Notes:    loaded.Notes,
	}
	for _, outcome := range result.Ingresses {
		ingress := ingresses[outcome.Ingress]
		if ingress == nil || !scope.Includes(ingress) {
			continue
		}
		report.Items = append(report.Items, c.judge(ingress, outcome))
	}
	report.Items = append(report.Items, c.orphans(ingresses)...)
	slices.SortStableFunc(report.Items, func(a, b Item) int {
		return cmp.Or(cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Ingress, b.Ingress))
	})
	report.Summary = summarize(report.Items)
	return report, nil
}

// from names the dialects of the Ingresses.
func from(result convert.Result, options convert.Options) string {
	var names []string
	for _, count := range convert.CountDialects(result.Ingresses) {
		names = append(names, string(count.Dialect))
	}
	if options.From != convert.Auto || len(names) == 0 {
		return string(options.From)
	}
	return strings.Join(names, ", ")
}

type comparison struct {
	live  Live
	scope source.Scope
	// optedOut are namespaces in which nothing is written.
	optedOut map[string]bool
	// objects are the wanted and unwanted ones of each Ingress.
	objects map[ir.Ref][]Object
	detail  Detail
	// left are those that wait for their specs.
	left []left
}

// want compares an object that should exist for an Ingress.
func (c *comparison) want(output convert.Output, ingress *networkingv1.Ingress) error {
	if ingress == nil || c.optOut(ingress) != "" {
		return nil
	}
	want, err := desired.Object(output.Object, ingress)
	if err != nil {
		return err
	}
	key := keyOf(want)
	packed := c.live[key]
	delete(c.live, key)
	live, err := packed.Object()
	if err != nil {
		return err
	}
	if desired.SpecLeftOut(live) && !desired.PutSpecBack(live, want) {
		return c.leave(left{key: key, owner: output.Owner, ingress: ingress}, want)
	}
	object, err := c.compare(want, live, ingress)
	c.objects[output.Owner] = append(c.objects[output.Owner], object)
	return err
}

// compare is what becomes of a wanted object and the one in its place, nil for none.
func (c *comparison) compare(want, live *unstructured.Unstructured, ingress *networkingv1.Ingress) (Object, error) {
	object := newObject(want)
	object.State, object.Differences = stand(want, live, ingress.Name)
	object.Protects = desired.Protects(want)
	switch object.State {
	case desired.InSync:
		return object, nil
	case desired.Stale:
		object.OtherConverter = desired.OtherConverter(live, ingress, "")
	case desired.Drifted, desired.Diverged:
		object.Editor = editorOf(live, object.Differences[0].Field)
	case desired.Foreign:
		object.Adoptable = desired.Adoptable(live, ingress.Name)
	}
	if c.detail == Verdicts {
		return object, nil
	}
	var err error
	if object.Want, err = Pack(want); err != nil {
		return object, err
	}
	object.Live, err = Pack(live)
	return object, err
}

// stand is how a live object stands to the wanted one, in the same way as the
// webhook's reconciler sees it.
func stand(want, live *unstructured.Unstructured, ingress string) (State, []desired.Difference) {
	state, differences := desired.Compare(want, live)
	if live == nil || !desired.IsOurs(live) {
		return state, differences
	}
	if !desired.OwnedBy(live, ingress) {
		return desired.Foreign, differences
	}
	if state == desired.InSync && !desired.Marked(want, live) {
		return Unlinked, nil
	}
	return state, differences
}

// unwanted finds objects of ours that nothing asks for.
func (c *comparison) unwanted() error {
	keys := slices.SortedFunc(maps.Keys(c.live), func(a, b Key) int {
		return cmp.Or(emit.CompareKinds(b.Kind, a.Kind), cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name))
	})
	for _, key := range keys {
		if c.optedOut[key.Namespace] {
			continue
		}
		live, err := c.live[key].Object()
		if err != nil {
			return err
		}
		if !desired.IsOurs(live) {
			continue
		}
		ref := ir.Ref{Namespace: key.Namespace, Name: cmp.Or(desired.MadeFor(live), key.Name)}
		if c.detail == Objects && desired.SpecLeftOut(live) {
			if err := c.leave(left{key: key, owner: ref}, nil); err != nil {
				return err
			}
			continue
		}
		c.objects[ref] = append(c.objects[ref], c.remains(live, c.live[key]))
	}
	return nil
}

// remains is an object of ours that nothing asks for.
func (c *comparison) remains(live *unstructured.Unstructured, packed Packed) Object {
	object := newObject(live)
	object.State = Unwanted
	object.Edited = live.GetAnnotations()[desired.AppliedAnnotation] != "" && desired.Edited(live)
	if c.detail == Objects {
		object.Live = packed
	}
	return object
}

func newObject(some *unstructured.Unstructured) Object {
	return Object{APIVersion: some.GetAPIVersion(), Kind: some.GetKind(), Name: some.GetName()}
}

// optOut says what takes an Ingress out; empty: nothing does.
func (c *comparison) optOut(ingress *networkingv1.Ingress) string {
	switch {
	case ingress.Annotations[desired.ModeAnnotation] == desired.ModeIgnore:
		return desired.ModeAnnotation + ": " + desired.ModeIgnore
	case c.optedOut[ingress.Namespace]:
		return "namespace label " + desired.NamespaceLabel + "=" + desired.NamespaceDisabled
	}
	return ""
}

// orphans are what is left of Ingresses that are gone. Whoever looks at some
// Ingresses only cannot tell.
func (c *comparison) orphans(ingresses map[ir.Ref]*networkingv1.Ingress) []Item {
	if !c.scope.Whole() {
		return nil
	}
	var items []Item
	for ref, objects := range c.objects {
		if ingresses[ref] != nil || c.scope.Namespace != "" && ref.Namespace != c.scope.Namespace {
			continue
		}
		items = append(items, Item{
			Namespace: ref.Namespace, Ingress: ref.Name, Verdict: Orphaned,
			Why: first(objects, Unwanted).label() + " without Ingress, made by us", Fix: "sync --prune", Objects: objects,
		})
	}
	return items
}

func (o Object) label() string { return o.Kind + " " + o.Name }

func summarize(items []Item) Summary {
	s := Summary{}
	namespaces := map[string]bool{}
	for _, item := range items {
		if item.Verdict == Orphaned {
			s.Orphaned++
			continue
		}
		s.Ingresses++
		namespaces[item.Namespace] = true
		switch item.Verdict {
		case InSync:
			s.InSync++
		case Missing:
			s.Missing++
		case Different:
			s.Different++
		case Blocked:
			s.Blocked++
		case Passed:
			s.Passed++
		}
	}
	s.Namespaces = len(namespaces)
	return s
}

// fieldList says which fields differ, the first one in full.
func fieldList(differences []desired.Difference) string {
	if len(differences) == 0 {
		return ""
	}
	text := differences[0].Field
	if more := len(differences) - 1; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return strings.TrimPrefix(text, " ")
}
