package gateway_test

import (
	"context"
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"sigs.k8s.io/yaml"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/lb"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/lb/gateway"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/sandbox"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/sandbox/edge"
)

// TestRoutes holds the shifter against a real API server with the real definition of
// HTTPRoutes, defaults and validation included.
func TestRoutes(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Minute)
	defer cancel()
	cluster, err := sandbox.Start(ctx, sandbox.Options{Dir: t.TempDir(), Log: os.Stderr})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := cluster.Stop(); err != nil {
			t.Error(err)
		}
	}()
	crd, err := edge.HTTPRouteCRD(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if err := edge.Apply(ctx, cluster.RESTConfig(), crd); err != nil {
		t.Fatal(err)
	}
	api := &api{dynamic.NewForConfigOrDie(cluster.RESTConfig()), kubernetes.NewForConfigOrDie(cluster.RESTConfig())}
	t.Run("divides and goes back", api.divides)
	t.Run("what cannot be shifted", api.cannot)
	t.Run("somebody else writes", api.races)
	t.Run("health", api.health)
}

type api struct {
	dynamic dynamic.Interface
	typed   kubernetes.Interface
}

var httpRoutes = schema.GroupVersionResource{Group: "gateway.networking.k8s.io", Version: "v1", Resource: "httproutes"}

// route creates an HTTPRoute with some rules, in YAML.
func (a *api) route(t *testing.T, name, rules string) *gateway.Route {
	t.Helper()
	object := map[string]any{}
	if err := yaml.Unmarshal([]byte("apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {name: "+name+"}\nspec:\n  parentRefs: [{name: front}]\n  rules:\n"+rules), &object); err != nil {
		t.Fatal(err)
	}
	if _, err := a.dynamic.Resource(httpRoutes).Namespace("default").Create(t.Context(), &unstructured.Unstructured{Object: object}, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	return &gateway.Route{Client: a.dynamic, Endpoints: a.typed, Namespace: "default", Name: name, Sides: lb.Sides{Old: "old", New: "new"}}
}

// rules are those of a route as stored.
func (a *api) rules(t *testing.T, name string) any {
	t.Helper()
	route, err := a.dynamic.Resource(httpRoutes).Namespace("default").Get(t.Context(), name, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	rules, _, err := unstructured.NestedSlice(route.Object, "spec", "rules")
	if err != nil {
		t.Fatal(err)
	}
	return rules
}

func fromYAML(t *testing.T, text string) any {
	t.Helper()
	raw, err := yaml.YAMLToJSON([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	var out any
	if err := json.Unmarshal(raw, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// write makes the one change between two states of a route.
func write(t *testing.T, r *gateway.Route, from, to lb.Parts) {
	t.Helper()
	for _, name := range lb.Names(from, to) {
		if err := r.Write(t.Context(), lb.Change{Part: name, From: from[name], To: to[name]}); err != nil {
			t.Fatal(err)
		}
	}
	found, err := r.Read(t.Context(), to)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range lb.Names(found, to) {
		if d := lb.Differences(to[name], found[name]); len(d) > 0 {
			t.Errorf("the server keeps something else than was planned: %v", d)
		}
	}
}

func (a *api) divides(t *testing.T) {
	r := a.route(t, "divides", `
  - matches: [{path: {type: PathPrefix, value: /api}}]
    backendRefs: [{name: other, port: 80}]
  - name: shop
    filters: [{type: RequestHeaderModifier, requestHeaderModifier: {set: [{name: X-From, value: edge}]}}]
    backendRefs: [{name: old, port: 80}]
`)
	before := a.rules(t, "divides")
	original, err := r.Read(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	split := func(s lb.Split) lb.Parts {
		parts, err := r.Plan(original, s)
		if err != nil {
			t.Fatal(err)
		}
		return parts
	}
	first := split(lb.Split{Header: &lb.Header{Name: "X-Migrate", Value: "new"}, Weight: 5})
	write(t, r, original, first)
	write(t, r, original, first) // idempotent
	want := fromYAML(t, `
- matches: [{path: {type: PathPrefix, value: /api}}]
  backendRefs: [{group: "", kind: Service, name: other, port: 80, weight: 1}]
- matches: [{path: {type: PathPrefix, value: /}, headers: [{type: Exact, name: X-Migrate, value: new}]}]
  filters: [{type: RequestHeaderModifier, requestHeaderModifier: {set: [{name: X-From, value: edge}]}}]
  backendRefs: [{group: "", kind: Service, name: new, port: 80, weight: 1}]
- name: shop
  matches: [{path: {type: PathPrefix, value: /}}]
  filters: [{type: RequestHeaderModifier, requestHeaderModifier: {set: [{name: X-From, value: edge}]}}]
  backendRefs: [{group: "", kind: Service, name: old, port: 80, weight: 95}, {group: "", kind: Service, name: new, port: 80, weight: 5}]
`)
	if diff := cmp.Diff(want, plain(t, a.rules(t, "divides"))); diff != "" {
		t.Errorf("-want +got: %s", diff)
	}
	all := split(lb.Split{Weight: 100})
	write(t, r, first, all)
	write(t, r, all, original)
	if diff := cmp.Diff(before, a.rules(t, "divides")); diff != "" {
		t.Errorf("not as it was: %s", diff)
	}
}

// plain has numbers as JSON decodes them.
func plain(t *testing.T, v any) any {
	t.Helper()
	raw, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	var out any
	if err := json.Unmarshal(raw, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

func (a *api) cannot(t *testing.T) {
	header := lb.Split{Header: &lb.Header{Name: "x-migrate", Value: "new"}}
	for name, tc := range map[string]struct {
		rules, want string
		split       lb.Split
	}{
		"neither":   {rules: "  - backendRefs: [{name: other, port: 80}]", want: "has no rule that leads to Service old"},
		"elsewhere": {rules: "  - backendRefs: [{name: old, namespace: team, port: 80}]", want: "has no rule that leads to Service old"},
		"already":   {rules: "  - backendRefs: [{name: old, port: 80}, {name: new, port: 80}]", want: "spec.rules[0] names Service new already"},
		"divided":   {rules: "  - backendRefs: [{name: old, port: 80}, {name: other, port: 80}]", want: "spec.rules[0] divides requests"},
		"taken":     {rules: "  - matches: [{headers: [{name: X-Migrate, value: x}]}]\n    backendRefs: [{name: old, port: 80}]", split: header, want: "spec.rules[0] asks for header x-migrate itself"},
	} {
		t.Run(name, func(t *testing.T) {
			r := a.route(t, name, tc.rules)
			original, err := r.Read(t.Context(), nil)
			if err == nil {
				_, err = r.Plan(original, tc.split)
			}
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("%v; want %q", err, tc.want)
			}
		})
	}
	gone := a.route(t, "gone", "  - backendRefs: [{name: old, port: 80}]")
	gone.Name = "nosuch"
	if _, err := gone.Read(t.Context(), nil); err == nil || !strings.Contains(err.Error(), "reading HTTPRoute default/nosuch") {
		t.Error(err)
	}
	if parts, err := gone.Read(t.Context(), lb.Parts{}); err != nil || len(parts) != 0 {
		t.Errorf("one that was deleted meanwhile: %v %v", parts, err)
	}
}

func (a *api) races(t *testing.T) {
	r := a.route(t, "races", "  - backendRefs: [{name: old, port: 80}]")
	original, err := r.Read(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	to, err := r.Plan(original, lb.Split{Weight: 5})
	if err != nil {
		t.Fatal(err)
	}
	name := lb.Names(to)[0]
	route, err := a.dynamic.Resource(httpRoutes).Namespace("default").Get(t.Context(), "races", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	// What does not touch the rules is in nobody's way.
	route.SetLabels(map[string]string{"team": "edge"})
	if _, err = a.dynamic.Resource(httpRoutes).Namespace("default").Update(t.Context(), route, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	if err := r.Write(t.Context(), lb.Change{Part: name, From: original[name], To: to[name]}); err != nil {
		t.Error(err)
	}
	if err := r.Write(t.Context(), lb.Change{Part: name, From: original[name], To: original[name]}); err == nil || !strings.Contains(err.Error(), "somebody else is changing them") {
		t.Errorf("written over: %v", err)
	}
	if route, err = a.dynamic.Resource(httpRoutes).Namespace("default").Get(t.Context(), "races", metav1.GetOptions{}); err != nil {
		t.Fatal(err)
	}
	route.SetAnnotations(map[string]string{"argocd.argoproj.io/tracking-id": "edge:x"})
	if _, err := a.dynamic.Resource(httpRoutes).Namespace("default").Update(t.Context(), route, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	if facts, err := r.Describe(t.Context()); err != nil || facts.Owner != "Argo CD (argocd.argoproj.io/tracking-id)" {
		t.Errorf("%+v %v", facts, err)
	}
}

func (a *api) health(t *testing.T) {
	yes, no := true, false
	r := a.route(t, "health", "  - backendRefs: [{name: old, port: 80}]")
	_, err := a.typed.DiscoveryV1().EndpointSlices("default").Create(t.Context(), &discoveryv1.EndpointSlice{
		ObjectMeta:  metav1.ObjectMeta{Name: "new-x", Labels: map[string]string{discoveryv1.LabelServiceName: "new"}},
		AddressType: discoveryv1.AddressTypeIPv4,
		Endpoints: []discoveryv1.Endpoint{
			{Addresses: []string{"10.0.0.1"}, Conditions: discoveryv1.EndpointConditions{Ready: &yes}},
			{Addresses: []string{"10.0.0.2"}, Conditions: discoveryv1.EndpointConditions{Ready: &no}},
			{Addresses: []string{"10.0.0.3"}, Conditions: discoveryv1.EndpointConditions{Ready: &no, Terminating: &yes}},
		},
		Ports: []discoveryv1.EndpointPort{{Protocol: new(corev1.ProtocolTCP), Port: new(int32(80))}},
	}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	got, err := r.Health(t.Context(), lb.NewSide)
	if err != nil {
		t.Fatal(err)
	}
	want := []lb.TargetHealth{
		{Target: "10.0.0.1", State: lb.InService}, {Target: "10.0.0.2", State: lb.Unhealthy, Why: "it is not ready"}, {Target: "10.0.0.3", State: lb.Draining, Why: "it is ending"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got: %s", diff)
	}
	if got, err := r.Health(t.Context(), lb.OldSide); err != nil || len(got) != 0 {
		t.Errorf("%v %v", got, err)
	}
}
