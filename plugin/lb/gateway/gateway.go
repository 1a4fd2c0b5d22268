// Package gateway shifts requests by an HTTPRoute of the Gateway API: rules that lead to
// the old controller's Service lead to two, by weight.
package gateway

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	discoveryv1 "k8s.io/api/discovery/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	jsonutil "k8s.io/apimachinery/pkg/util/json"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/lb"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/owner"
)

// Route is one HTTPRoute. It is handled as plain fields: those that a newer Gateway API
// has are carried over as they are.
type Route struct {
	Client    dynamic.Interface
	Endpoints kubernetes.Interface
	Namespace string
	Name      string
	// Sides are Services of the route's namespace.
	Sides lb.Sides
}

var _ lb.Shifter = (*Route)(nil)

var resource = schema.GroupVersionResource{Group: "gateway.networking.k8s.io", Version: "v1", Resource: "httproutes"}

const manager = "ingress-migrate"

func (r *Route) part() string { return "rules of HTTPRoute " + r.Namespace + "/" + r.Name }

func (r *Route) get(ctx context.Context) (*unstructured.Unstructured, error) {
	route, err := r.Client.Resource(resource).Namespace(r.Namespace).Get(ctx, r.Name, metav1.GetOptions{})
	if err != nil {
		return nil, fmt.Errorf("reading HTTPRoute %s/%s: %w", r.Namespace, r.Name, err)
	}
	return route, nil
}

// Describe implements lb.Shifter.
func (r *Route) Describe(ctx context.Context) (lb.Facts, error) {
	facts := lb.Facts{Name: "HTTPRoute " + r.Namespace + "/" + r.Name}
	route, err := r.get(ctx)
	if err != nil {
		return facts, err
	}
	if who, heals := owner.Of(route); heals {
		facts.Owner = who
	}
	return facts, nil
}

// rules are maps as JSON has them.
type rules = []map[string]any

func rulesOf(route *unstructured.Unstructured) (rules, error) {
	list, _, err := unstructured.NestedSlice(route.Object, "spec", "rules")
	if err != nil {
		return nil, fmt.Errorf("HTTPRoute %s/%s: %w", route.GetNamespace(), route.GetName(), err)
	}
	var out rules
	for _, item := range list {
		rule, ok := item.(map[string]any)
		if !ok {
			return nil, fmt.Errorf("HTTPRoute %s/%s: a rule is no object", route.GetNamespace(), route.GetName())
		}
		out = append(out, rule)
	}
	return out, nil
}

// Read implements lb.Shifter. The one part is all rules, for they have no names.
func (r *Route) Read(ctx context.Context, known lb.Parts) (lb.Parts, error) {
	route, err := r.get(ctx)
	if apierrors.IsNotFound(err) && known != nil {
		return lb.Parts{}, nil
	}
	if err != nil {
		return nil, err
	}
	of, err := rulesOf(route)
	if err != nil {
		return nil, err
	}
	if known == nil {
		if err := r.fit(of); err != nil {
			return nil, err
		}
	}
	value, err := json.Marshal(of)
	return lb.Parts{r.part(): value}, err
}

// fit refuses rules that cannot be shifted.
func (r *Route) fit(of rules) error {
	shifted := false
	for i, rule := range of {
		names := backends(rule)
		switch {
		case slices.Contains(names, r.Sides.New):
			return fmt.Errorf("HTTPRoute %s/%s: spec.rules[%d] names Service %s already, and nothing of that is recorded here: name the namespace with the record with -n, or let all rules lead to %s alone before you begin", r.Namespace, r.Name, i, r.Sides.New, r.Sides.Old)
		case !slices.Contains(names, r.Sides.Old):
			continue
		case len(names) > 1:
			return fmt.Errorf("HTTPRoute %s/%s: spec.rules[%d] divides requests between %s and other Services: it can be shifted when it leads to that one alone", r.Namespace, r.Name, i, r.Sides.Old)
		case rule["sessionPersistence"] != nil:
			return fmt.Errorf("HTTPRoute %s/%s: spec.rules[%d].sessionPersistence keeps clients on their side whatever the weights: remove it first", r.Namespace, r.Name, i)
		}
		shifted = true
	}
	if !shifted {
		return fmt.Errorf("HTTPRoute %s/%s has no rule that leads to Service %s", r.Namespace, r.Name, r.Sides.Old)
	}
	return nil
}

// backends are the names of a rule's Services in the route's namespace; others are "".
func backends(rule map[string]any) []string {
	var names []string
	for _, ref := range list(rule["backendRefs"]) {
		fields, _ := ref.(map[string]any)
		name, _ := fields["name"].(string)
		if group, _ := fields["group"].(string); group != "" || !slices.Contains([]any{nil, "Service"}, fields["kind"]) || fields["namespace"] != nil {
			name = ""
		}
		names = append(names, name)
	}
	return names
}

func list(value any) []any {
	items, _ := value.([]any)
	return items
}

// Plan implements lb.Shifter. A rule that asks for one more header is more specific than
// the one it is a copy of, wherever it stands.
func (r *Route) Plan(original lb.Parts, split lb.Split) (lb.Parts, error) {
	of, err := r.recorded(original[r.part()])
	if err != nil {
		return nil, err
	}
	var out rules
	for i, rule := range of {
		if !slices.Equal(backends(rule), []string{r.Sides.Old}) {
			out = append(out, rule)
			continue
		}
		if split.Header != nil {
			ours, err := r.withHeader(rule, split.Header)
			if err != nil {
				return nil, fmt.Errorf("HTTPRoute %s/%s: spec.rules[%d] %w", r.Namespace, r.Name, i, err)
			}
			out = append(out, ours)
		}
		shifted := copied(rule)
		old := list(rule["backendRefs"])[0].(map[string]any)
		shifted["backendRefs"] = []any{ref(old, r.Sides.Old, 100-split.Weight), ref(old, r.Sides.New, split.Weight)}
		out = append(out, shifted)
	}
	value, err := json.Marshal(out)
	return lb.Parts{r.part(): value}, err
}

func (r *Route) recorded(value json.RawMessage) (rules, error) {
	var of rules
	// Numbers as unstructured objects have them.
	if err := jsonutil.Unmarshal(value, &of); err != nil {
		return nil, fmt.Errorf("%s as recorded: %w", r.part(), err)
	}
	return of, nil
}

func copied(fields map[string]any) map[string]any {
	return (&unstructured.Unstructured{Object: fields}).DeepCopy().Object
}

func ref(like map[string]any, service string, weight int) map[string]any {
	out := copied(like)
	out["name"], out["weight"] = service, int64(weight)
	return out
}

func (r *Route) withHeader(rule map[string]any, header *lb.Header) (map[string]any, error) {
	ours := copied(rule)
	delete(ours, "name") // unique among rules
	ours["backendRefs"] = []any{ref(list(rule["backendRefs"])[0].(map[string]any), r.Sides.New, 1)}
	matches := list(ours["matches"])
	if len(matches) == 0 {
		matches = []any{map[string]any{}}
	}
	for i := range matches {
		match, ok := matches[i].(map[string]any)
		if !ok {
			return nil, fmt.Errorf("has a match that is no object")
		}
		headers := list(match["headers"])
		for _, h := range headers {
			fields, _ := h.(map[string]any)
			if name, _ := fields["name"].(string); strings.EqualFold(name, header.Name) {
				return nil, fmt.Errorf("asks for header %s itself: choose another one", header.Name)
			}
		}
		match["headers"] = append(headers, map[string]any{"type": "Exact", "name": header.Name, "value": header.Value})
	}
	ours["matches"] = matches
	return ours, nil
}

// Write implements lb.Shifter, conditional on the version that was compared.
func (r *Route) Write(ctx context.Context, change lb.Change) error {
	if change.To == nil || change.From == nil {
		return fmt.Errorf("HTTPRoute %s/%s is gone: somebody has deleted it", r.Namespace, r.Name)
	}
	want, err := r.recorded(change.To)
	if err != nil {
		return err
	}
	const attempts = 5
	for range attempts {
		route, err := r.get(ctx)
		if err != nil {
			return err
		}
		found, err := rulesOf(route)
		if err != nil {
			return err
		}
		now, err := json.Marshal(found)
		switch {
		case err != nil:
			return err
		case lb.Same(now, change.To):
			return nil
		case !lb.Same(now, change.From):
			return fmt.Errorf("%s are not as they were a moment ago: somebody else is changing them; try again", change.Part)
		}
		items := make([]any, len(want))
		for i := range want {
			items[i] = want[i]
		}
		if err := unstructured.SetNestedSlice(route.Object, items, "spec", "rules"); err != nil {
			return fmt.Errorf("%s: %w", change.Part, err)
		}
		_, err = r.Client.Resource(resource).Namespace(r.Namespace).Update(ctx, route, metav1.UpdateOptions{FieldManager: manager})
		if err == nil {
			return nil
		}
		if !apierrors.IsConflict(err) { // its status changes, too
			return fmt.Errorf("writing HTTPRoute %s/%s: %w", r.Namespace, r.Name, err)
		}
	}
	return fmt.Errorf("writing HTTPRoute %s/%s: it changes faster than it can be written; try again", r.Namespace, r.Name)
}

// Health implements lb.Shifter: endpoints of the side's Service that are ready.
func (r *Route) Health(ctx context.Context, side lb.Side) ([]lb.TargetHealth, error) {
	service := r.Sides.Old
	if side == lb.NewSide {
		service = r.Sides.New
	}
	found, err := r.Endpoints.DiscoveryV1().EndpointSlices(r.Namespace).List(ctx, metav1.ListOptions{LabelSelector: discoveryv1.LabelServiceName + "=" + service})
	if err != nil {
		return nil, fmt.Errorf("listing the endpoints of Service %s/%s: %w", r.Namespace, service, err)
	}
	var out []lb.TargetHealth
	for i := range found.Items {
		for _, e := range found.Items[i].Endpoints {
			t := lb.TargetHealth{Target: strings.Join(e.Addresses, ","), State: lb.InService}
			switch c := e.Conditions; {
			case c.Terminating != nil && *c.Terminating:
				t.State, t.Why = lb.Draining, "it is ending"
			case c.Ready != nil && !*c.Ready:
				t.State, t.Why = lb.Unhealthy, "it is not ready"
			}
			out = append(out, t)
		}
	}
	return out, nil
}
