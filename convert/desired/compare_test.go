package desired_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/desired"
)

// route is an object with this spec, as a conversion emits it.
func route(spec map[string]any) *unstructured.Unstructured {
	return &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "traefik.io/v1alpha1", "kind": "IngressRoute",
		"metadata": map[string]any{"namespace": "shop", "name": "cart", "labels": map[string]any{"team": "shop"}},
		"spec":     spec,
	}}
}

func ingress(uid string) *networkingv1.Ingress {
	return &networkingv1.Ingress{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "cart", UID: types.UID(uid)}}
}

func want(t *testing.T, spec map[string]any, of *networkingv1.Ingress) *unstructured.Unstructured {
	t.Helper()
	object, err := desired.Object(route(spec), of)
	if err != nil {
		t.Fatal(err)
	}
	return object
}

// annotated is a copy with another value of an annotation; empty: without it.
func annotated(object *unstructured.Unstructured, key, value string) *unstructured.Unstructured {
	object = object.DeepCopy()
	annotations := object.GetAnnotations()
	if annotations[key] = value; value == "" {
		delete(annotations, key)
	}
	object.SetAnnotations(annotations)
	return object
}

func specOf(match string) map[string]any {
	return map[string]any{
		"entryPoints": []any{"web"},
		"routes":      []any{map[string]any{"match": match, "priority": int64(7), "services": []any{map[string]any{"name": "web", "port": int64(80)}}}},
		"tls":         map[string]any{},
	}
}

func TestObject(t *testing.T) {
	got := want(t, specOf("Host(`a`)"), ingress("42"))
	controller := true
	wantMeta := map[string]any{
		"namespace": "shop", "name": "cart",
		"labels":          map[string]any{"team": "shop", desired.ManagedLabel: "true", desired.IngressUIDLabel: "42"},
		"annotations":     map[string]any{desired.IngressAnnotation: "cart", desired.AppliedAnnotation: desired.SpecHash(got), desired.SourceAnnotation: desired.SourceHash(ingress("42"))},
		"ownerReferences": []any{map[string]any{"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "name": "cart", "uid": "42", "controller": controller}},
	}
	if diff := cmp.Diff(wantMeta, got.Object["metadata"]); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	// An Ingress of a file has no UID: an owner without one is refused by the API server.
	if offline := want(t, specOf("Host(`a`)"), ingress("")); len(offline.GetOwnerReferences()) > 0 || offline.GetLabels()[desired.IngressUIDLabel] != "" {
		t.Errorf("an Ingress that is not stored owns %v", offline.Object["metadata"])
	}
}

func TestCompare(t *testing.T) {
	edit := func(object *unstructured.Unstructured, change func(spec map[string]any)) *unstructured.Unstructured {
		object = object.DeepCopy()
		spec, _ := object.Object["spec"].(map[string]any)
		change(spec)
		return object
	}
	first := func(spec map[string]any) map[string]any {
		routes, _ := spec["routes"].([]any)
		r, _ := routes[0].(map[string]any)
		return r
	}
	now := annotated(want(t, specOf("Host(`a`)"), ingress("42")), "external-dns.kubernetes.io/ttl", "60")
	before := annotated(want(t, specOf("Host(`old`)"), ingress("42")), "external-dns.kubernetes.io/ttl", "60")
	foreign := route(specOf("Host(`a`)"))
	difference := func(field string, want, live any) []desired.Difference {
		return []desired.Difference{{Field: field, Want: want, Live: live}}
	}
	type answer struct {
		State       desired.State
		Differences []desired.Difference
	}
	cases := map[string]struct {
		live *unstructured.Unstructured
		want answer
	}{
		"nothing there": {nil, answer{State: desired.Missing}},
		"as applied":    {now, answer{State: desired.InSync}},
		"the Ingress changed": {before,
			answer{desired.Stale, difference("spec.routes[0].match", "Host(`a`)", "Host(`old`)")}},
		"somebody changed a value": {edit(now, func(spec map[string]any) { first(spec)["match"] = "Host(`x`)" }),
			answer{desired.Drifted, difference("spec.routes[0].match", "Host(`a`)", "Host(`x`)")}},
		"both changed": {edit(before, func(spec map[string]any) { first(spec)["match"] = "Host(`x`)" }),
			answer{desired.Diverged, difference("spec.routes[0].match", "Host(`a`)", "Host(`x`)")}},
		"somebody added a field of the spec": {edit(now, func(spec map[string]any) { spec["virtualHost"] = "x" }),
			answer{State: desired.InSync}},
		"somebody added a middleware to a route": {edit(now, func(spec map[string]any) { first(spec)["middlewares"] = []any{map[string]any{"name": "m"}} }),
			answer{desired.Drifted, difference("spec.routes[0].middlewares", nil, []any{map[string]any{"name": "m"}})}},
		"somebody added a route": {edit(now, func(spec map[string]any) { spec["routes"] = append(spec["routes"].([]any), map[string]any{}) }),
			answer{desired.Drifted, difference("spec.routes", now.Object["spec"].(map[string]any)["routes"], append(now.DeepCopy().Object["spec"].(map[string]any)["routes"].([]any), map[string]any{}))}},
		"somebody removed an empty section": {edit(now, func(spec map[string]any) { delete(spec, "tls") }),
			answer{desired.Drifted, difference("spec.tls", map[string]any{}, nil)}},
		"the same number in another Go type": {edit(now, func(spec map[string]any) { first(spec)["priority"] = float64(7) }),
			answer{State: desired.InSync}},
		"an annotation for others is missing": {annotated(now, "external-dns.kubernetes.io/ttl", ""),
			answer{desired.Stale, difference("metadata.annotations[external-dns.kubernetes.io/ttl]", "60", nil)}},
		"an annotation for others has changed": {annotated(now, "external-dns.kubernetes.io/ttl", "5"),
			answer{desired.Stale, difference("metadata.annotations[external-dns.kubernetes.io/ttl]", "60", "5")}},
		"somebody added an annotation": {annotated(now, "example.com/x", "y"), answer{State: desired.InSync}},
		"not ours, equal":              {foreign, answer{State: desired.Foreign}},
		"not ours, other": {edit(foreign, func(spec map[string]any) { spec["entryPoints"] = []any{"x"} }),
			answer{desired.Foreign, difference("spec.entryPoints[0]", "web", "x")}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			state, differences := desired.Compare(now, c.live)
			if diff := cmp.Diff(c.want, answer{state, differences}); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestDetach(t *testing.T) {
	live := want(t, specOf("Host(`a`)"), ingress("42"))
	desired.Detach(live)
	if desired.IsOurs(live) || len(live.GetOwnerReferences()) > 0 {
		t.Errorf("marks are left: %v", live.Object["metadata"])
	}
	// It is theirs now, whatever it looks like, until they hand it over.
	if !desired.Adoptable(live, "cart") || desired.Adoptable(live, "other") || desired.HandedOver(live, "cart") {
		t.Error("a detached object may be handed over to the Ingress that it was made for, and is not")
	}
	if !desired.HandedOver(annotated(live, desired.AdoptAnnotation, "true"), "cart") {
		t.Error("an object that asks for it is not handed over")
	}
}

// The reconciler, scan and sync all decide by this table whether they may write.
func TestOwnedBy(t *testing.T) {
	ours := map[string]string{desired.ManagedLabel: "true"}
	madeFor := func(name string) map[string]string { return map[string]string{desired.IngressAnnotation: name} }
	written := func(name string) map[string]string {
		return map[string]string{desired.IngressAnnotation: name, desired.AppliedAnnotation: "hash"}
	}
	owner := func(kind, name string) []metav1.OwnerReference {
		return []metav1.OwnerReference{{APIVersion: "v1", Kind: kind, Name: name, UID: "1"}}
	}
	cases := map[string]struct {
		live metav1.ObjectMeta
		want bool
	}{
		"printed by convert, applied by somebody":    {metav1.ObjectMeta{Labels: ours, Annotations: madeFor("cart")}, false},
		"the same, owned by a release":               {metav1.ObjectMeta{Labels: ours, OwnerReferences: owner("Release", "x")}, false},
		"written for this Ingress":                   {metav1.ObjectMeta{Labels: ours, Annotations: written("cart")}, true},
		"written for another Ingress":                {metav1.ObjectMeta{Labels: ours, Annotations: written("other")}, false},
		"owned by this Ingress, annotation lost":     {metav1.ObjectMeta{Labels: ours, OwnerReferences: owner("Ingress", "cart")}, true},
		"owned by another Ingress, annotation lost":  {metav1.ObjectMeta{Labels: ours, OwnerReferences: owner("Ingress", "other")}, false},
		"without our label":                          {metav1.ObjectMeta{}, false},
		"without our label, naming this Ingress":     {metav1.ObjectMeta{Annotations: written("cart"), OwnerReferences: owner("Ingress", "cart")}, false},
		"our label with another value than we write": {metav1.ObjectMeta{Labels: map[string]string{desired.ManagedLabel: "false"}, Annotations: written("cart")}, false},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			if got := desired.OwnedBy(&c.live, "cart"); got != c.want {
				t.Errorf("OwnedBy = %v", got)
			}
		})
	}
}
