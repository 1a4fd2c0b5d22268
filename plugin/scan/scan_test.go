package scan_test

import (
	"maps"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/desired"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/scan"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/source"
)

// cart is an Ingress whose conversion is one Middleware and two IngressRoutes.
func cart(annotations map[string]string) *networkingv1.Ingress {
	prefix := networkingv1.PathTypePrefix
	all := map[string]string{"traefik.ingress.kubernetes.io/rule-type": "PathPrefixStrip"}
	maps.Copy(all, annotations)
	return &networkingv1.Ingress{
		ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "cart", UID: types.UID("42"), Annotations: all},
		Spec: networkingv1.IngressSpec{Rules: []networkingv1.IngressRule{{
			Host: "cart.test",
			IngressRuleValue: networkingv1.IngressRuleValue{HTTP: &networkingv1.HTTPIngressRuleValue{Paths: []networkingv1.HTTPIngressPath{{
				Path: "/x", PathType: &prefix,
				Backend: networkingv1.IngressBackend{Service: &networkingv1.IngressServiceBackend{Name: "web", Port: networkingv1.ServiceBackendPort{Number: 80}}},
			}}}},
		}}},
	}
}

func loaded(ingresses ...*networkingv1.Ingress) source.Loaded {
	l := source.Loaded{}
	for _, ingress := range ingresses {
		l.Input.Ingresses = append(l.Input.Ingresses, ir.Ingress{Ingress: ingress})
	}
	l.Input.Services = []*corev1.Service{{
		ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "web"},
		Spec:       corev1.ServiceSpec{Ports: []corev1.ServicePort{{Port: 80}}},
	}}
	return l
}

// objects are what a cluster has.
type objects map[scan.Key]*unstructured.Unstructured

func packed(t *testing.T, all objects) scan.Live {
	t.Helper()
	live := scan.Live{}
	for _, object := range all {
		if err := live.Add(object); err != nil {
			t.Fatal(err)
		}
	}
	return live
}

// applied is what the cluster holds after everything of an Ingress was written.
func applied(t *testing.T, ingress *networkingv1.Ingress) objects {
	t.Helper()
	live := objects{}
	for _, output := range convert.Convert(loaded(ingress).Input, convert.Options{}).Objects {
		object, err := desired.Object(output.Object, ingress)
		if err != nil {
			t.Fatal(err)
		}
		live[scan.Key{Kind: object.GetKind(), Namespace: object.GetNamespace(), Name: object.GetName()}] = object
	}
	return live
}

var route = scan.Key{Kind: "IngressRoute", Namespace: "shop", Name: "cart"}

func set(t *testing.T, object *unstructured.Unstructured, value any, fields ...string) {
	t.Helper()
	if err := unstructured.SetNestedField(object.Object, value, fields...); err != nil {
		t.Fatal(err)
	}
}

// Each Ingress of a mixed cluster is compared in its own dialect.
func TestSeveralControllers(t *testing.T) {
	other, foreign := cart(map[string]string{"kubernetes.io/ingress.class": "nginx"}), cart(map[string]string{"kubernetes.io/ingress.class": "haproxy"})
	other.Name, other.Spec.Rules[0].Host = "other", "other.test"
	foreign.Name = "foreign"
	report, err := scan.Compare(loaded(cart(nil), other, foreign), source.Scope{}, convert.Options{From: convert.Auto}, packed(t, objects{}), nil, scan.Verdicts)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{"from": report.From}
	for _, item := range report.Items {
		got[item.Ingress] = string(item.Dialect) + " " + string(item.Verdict)
	}
	want := map[string]string{"from": "traefik-v1, nginx", "cart": "traefik-v1 Missing", "other": "nginx Missing", "foreign": " Passed"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestVerdicts(t *testing.T) {
	blocked := map[string]string{
		"traefik.ingress.kubernetes.io/whitelist-source-range":    "10.0.0.0/8",
		"traefik.ingress.kubernetes.io/whitelist-x-forwarded-for": "true",
	}
	ignored := map[string]string{desired.ModeAnnotation: desired.ModeIgnore}
	type answer struct {
		Verdict  scan.Verdict
		Why, Fix string
	}
	cases := map[string]struct {
		ingress *networkingv1.Ingress
		live    func(t *testing.T) objects
		want    answer
	}{
		"nothing exists": {cart(nil), func(*testing.T) objects { return nil },
			answer{scan.Missing, "no IngressRoute cart", "sync"}},
		"as it should be": {cart(nil), func(t *testing.T) objects { return applied(t, cart(nil)) },
			answer{Verdict: scan.InSync}},
		"the route is missing": {cart(nil), func(t *testing.T) objects {
			live := applied(t, cart(nil))
			delete(live, route)
			return live
		}, answer{scan.Different, "no IngressRoute cart", "sync"}},
		"the Ingress changed": {cart(map[string]string{"traefik.ingress.kubernetes.io/preserve-host": "false"}), func(t *testing.T) objects { return applied(t, cart(nil)) },
			answer{scan.Different, "IngressRoute cart is older than the Ingress: spec.routes[0].services[0].passHostHeader", "sync"}},
		"edited": {cart(nil), func(t *testing.T) objects {
			live := applied(t, cart(nil))
			set(t, live[route], []any{"other"}, "spec", "entryPoints")
			live[route].SetManagedFields([]metav1.ManagedFieldsEntry{
				{Manager: desired.FieldManager, Operation: metav1.ManagedFieldsOperationApply, FieldsV1: metav1.NewFieldsV1(`{"f:spec":{"f:routes":{}}}`)},
				{Manager: "kubectl-edit", Operation: metav1.ManagedFieldsOperationUpdate, FieldsV1: metav1.NewFieldsV1(`{"f:spec":{"f:entryPoints":{}}}`)},
			})
			return live
		}, answer{scan.Different, "IngressRoute cart edited by kubectl-edit: spec.entryPoints[0]", "diff | sync --overwrite"}},
		"taken by somebody else": {cart(nil), func(*testing.T) objects {
			foreign := &unstructured.Unstructured{Object: map[string]any{"apiVersion": "traefik.io/v1alpha1", "kind": "IngressRoute",
				"metadata": map[string]any{"namespace": "shop", "name": "cart"}, "spec": map[string]any{}}}
			return objects{route: foreign}
		}, answer{scan.Blocked, "IngressRoute cart exists and is not ours: spec.entryPoints and 1 more", "diff, then rename or delete it | sync --adopt"}},
		"made for another Ingress": {cart(nil), func(t *testing.T) objects {
			live := applied(t, cart(nil))
			set(t, live[route], "other", "metadata", "annotations", desired.IngressAnnotation)
			set(t, live[route], []any{"other"}, "spec", "entryPoints")
			return live
		}, answer{scan.Blocked, "IngressRoute cart exists and is not ours: spec.entryPoints[0]", "diff, then rename or delete it"}},
		"printed by convert, applied by somebody, equal": {cart(nil), func(t *testing.T) objects {
			live := applied(t, cart(nil))
			live[route].SetAnnotations(nil)
			live[route].SetOwnerReferences(nil)
			return live
		}, answer{scan.InSync, "", ""}},
		"detached": {cart(nil), func(t *testing.T) objects {
			live := applied(t, cart(nil))
			desired.Detach(live[route])
			return live
		}, answer{scan.InSync, "", ""}},
		"one too many": {cart(nil), func(t *testing.T) objects {
			live := applied(t, cart(nil))
			extra := live[route].DeepCopy()
			extra.SetName("extra")
			live[scan.Key{Kind: "IngressRoute", Namespace: "shop", Name: "extra"}] = extra
			return live
		}, answer{scan.Different, "IngressRoute extra is no longer wanted", "sync --prune"}},
		"protection that is lost": {cart(blocked), func(*testing.T) objects { return nil },
			answer{scan.Blocked, "E-WHITELIST-XFF: allow-list over X-Forwarded-For not expressible", "explain shop/cart"}},
		"protection that is lost, with an older route": {cart(blocked), func(t *testing.T) objects { return applied(t, cart(nil)) },
			answer{scan.Blocked, "E-WHITELIST-XFF: allow-list over X-Forwarded-For not expressible; IngressRoute cart of an earlier state still exists", "sync --prune"}},
		"opted out": {cart(ignored), func(t *testing.T) objects { return applied(t, cart(nil)) },
			answer{Verdict: scan.Passed, Why: "ingress-migrate.io/mode: ignore"}},
		"of another controller": {cart(map[string]string{"kubernetes.io/ingress.class": "nginx"}), func(*testing.T) objects { return nil },
			answer{Verdict: scan.Passed, Why: `class "nginx"`}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			report, err := scan.Compare(loaded(c.ingress), source.Scope{}, convert.Options{}, packed(t, c.live(t)), nil, scan.Verdicts)
			if err != nil {
				t.Fatal(err)
			}
			if len(report.Items) != 1 {
				t.Fatalf("%d items", len(report.Items))
			}
			got := answer{report.Items[0].Verdict, report.Items[0].Why, report.Items[0].Fix}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			clean := got.Verdict == scan.InSync || got.Verdict == scan.Passed
			if report.Summary.Clean() != clean {
				t.Errorf("summary %+v", report.Summary)
			}
		})
	}
}

// What is left of an Ingress that is gone is told only to those who look at all
// Ingresses of its namespace.
func TestOrphans(t *testing.T) {
	live := applied(t, cart(nil))
	cases := map[string]struct {
		scope source.Scope
		want  []string
	}{
		"everything":        {source.Scope{}, []string{"shop/cart Orphaned IngressRoute cart without Ingress, made by us"}},
		"its namespace":     {source.Scope{Namespace: "shop"}, []string{"shop/cart Orphaned IngressRoute cart without Ingress, made by us"}},
		"another namespace": {source.Scope{Namespace: "other"}, nil},
		"by name":           {source.Scope{Namespace: "shop", Names: []string{"cart"}}, nil},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			report, err := scan.Compare(source.Loaded{}, c.scope, convert.Options{}, packed(t, live), nil, scan.Verdicts)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, item := range report.Items {
				got = append(got, item.Namespace+"/"+item.Ingress+" "+string(item.Verdict)+" "+item.Why)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// In a namespace that is opted out nothing is wanted and nothing is too much,
// not even what is left of an Ingress that is gone; the same holds for one
// Ingress that is opted out.
func TestOptedOutIsLeftAlone(t *testing.T) {
	live := applied(t, cart(nil))
	old := live[route].DeepCopy()
	old.SetName("gone")
	old.SetAnnotations(map[string]string{desired.IngressAnnotation: "gone"})
	const label = "namespace label ingress-migrate.io/webhook=disabled"
	cases := map[string]struct {
		ingress  *networkingv1.Ingress
		optedOut map[string]bool
		live     objects
		want     []scan.Item
	}{
		"nothing written":        {cart(nil), map[string]bool{"shop": true}, nil, []scan.Item{{Verdict: scan.Passed, Why: label}}},
		"something written":      {cart(nil), map[string]bool{"shop": true}, live, []scan.Item{{Verdict: scan.Passed, Why: label}}},
		"an orphan":              {cart(nil), map[string]bool{"shop": true}, objects{{Kind: "IngressRoute", Namespace: "shop", Name: "gone"}: old}, []scan.Item{{Verdict: scan.Passed, Why: label}}},
		"the Ingress":            {cart(map[string]string{desired.ModeAnnotation: desired.ModeIgnore}), nil, live, []scan.Item{{Verdict: scan.Passed, Why: "ingress-migrate.io/mode: ignore"}}},
		"another namespace":      {cart(nil), map[string]bool{"other": true}, nil, []scan.Item{{Verdict: scan.Missing, Why: "no IngressRoute cart", Fix: "sync"}}},
		"all Ingresses are gone": {nil, map[string]bool{"shop": true}, live, nil},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			l := source.Loaded{}
			if c.ingress != nil {
				l = loaded(c.ingress)
			}
			l.OptedOut = c.optedOut
			report, err := scan.Compare(l, source.Scope{}, convert.Options{}, packed(t, c.live), nil, scan.Verdicts)
			if err != nil {
				t.Fatal(err)
			}
			var got []scan.Item
			for _, item := range report.Items {
				got = append(got, scan.Item{Verdict: item.Verdict, Why: item.Why, Fix: item.Fix})
				if item.Verdict == scan.Passed && len(item.Objects) > 0 {
					t.Errorf("there are objects to act on: %v", item.Objects)
				}
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestDeepCopyIsACopy(t *testing.T) {
	live := applied(t, cart(nil))
	set(t, live[route], []any{"other"}, "spec", "entryPoints")
	report, err := scan.Compare(loaded(cart(nil)), source.Scope{}, convert.Options{}, packed(t, live), nil, scan.Verdicts)
	if err != nil {
		t.Fatal(err)
	}
	copied, ok := report.DeepCopyObject().(*scan.Report)
	if !ok {
		t.Fatal("the copy is of another kind")
	}
	if diff := cmp.Diff(report, copied); diff != "" {
		t.Errorf("-original +copy:\n%s", diff)
	}
	for i := range copied.Items[0].Objects {
		copied.Items[0].Objects[i].Name = "changed"
		for j := range copied.Items[0].Objects[i].Differences {
			copied.Items[0].Objects[i].Differences[j].Field = "changed"
		}
	}
	for _, object := range report.Items[0].Objects {
		if object.Name == "changed" || len(object.Differences) > 0 && object.Differences[0].Field == "changed" {
			t.Error("the copy shares memory with the original")
		}
	}
}
