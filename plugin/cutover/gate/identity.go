package gate

import (
	"context"
	"fmt"
	"maps"
	"net/url"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
)

// Header of an answer that only the new proxy can give.
const Header = "X-Ingress-Migrate-Gate"

// Host that the identity of the new proxy is asked for; .invalid is nobody's
// (RFC 2606).
func Host(id string) string { return "gate-" + id + ".ingress-migrate.invalid" }

// Identity is what is known of who answers on a node.
type Identity struct {
	// New and Other: an answer carried the marker of this cutover, one did not.
	// Both hold where the ports of a node are not one proxy's.
	New, Other bool
	// Answered: somebody answered at all.
	Answered bool
	// Said is what each port said, for messages.
	Said string
}

// Identify asks all ports of a node who they are: an old process may linger on
// one of them. A port that does not answer is nobody's; whether it should is a
// matter of the routes, which are asked on every port. One that sends everybody to
// https does not tell: since Traefik 2.11 no route is above that redirection.
func (c *Client) Identify(ctx context.Context, address, id string, ports Ports) Identity {
	var out Identity
	var said []string
	try := func(scheme string, port int32) {
		answer, header := c.ask(ctx, address, Request{Scheme: scheme, Port: port, Host: Host(id), Path: "/"})
		what := fmt.Sprintf("status %d without the marker", answer.Status)
		switch {
		case answer.Failed != "":
			what = answer.Failed
		case header.Get(Header) == id:
			out.New, what = true, "marker "+id
		case scheme == "http" && toHTTPS(answer, Host(id)):
			what = "redirects to https"
		default:
			out.Other = true
		}
		out.Answered = out.Answered || answer.Failed == ""
		said = append(said, fmt.Sprintf("%d: %s", port, what))
	}
	for _, port := range ports.HTTP {
		try("http", port)
	}
	for _, port := range ports.HTTPS {
		try("https", port)
	}
	out.Said = strings.Join(said, ", ")
	return out
}

func toHTTPS(answer Answer, host string) bool {
	u, err := url.Parse(answer.Location)
	return err == nil && answer.Status/100 == 3 && u.Scheme == "https" && u.Hostname() == host
}

// Marker is the route that only the new proxy has: it answers requests for Host
// with status 418 (noop@internal) and the Header.
type Marker struct {
	Client    dynamic.Interface
	Namespace string
	ID        string
	// Group of the new proxy's CRDs: traefik.io or traefik.containo.us.
	Group string
	// Class is the ingress class that the new proxy is told to serve, if any;
	// Labels are those that it selects by.
	Class  string
	Labels map[string]string
	// RulesOfV3 makes the rule one that Traefik 2 refuses and 3 serves, whatever its
	// core.defaultRuleSyntax: both may read the same routes.
	RulesOfV3 bool
	// EntryPoints to be on; none: those that the new proxy gives to routes that
	// name none, which are all unless its configuration chooses some (asDefault).
	EntryPoints []string
}

// markerName is the same for every cutover: at most one marker exists.
const markerName = "ingress-migrate-gate"

func (m *Marker) resource(plural string) schema.GroupVersionResource {
	return schema.GroupVersionResource{Group: m.Group, Version: "v1alpha1", Resource: plural}
}

type markerObject struct {
	plural string
	object *unstructured.Unstructured
}

func (m *Marker) objects() []markerObject {
	object := func(kind, name string, spec map[string]any) *unstructured.Unstructured {
		u := &unstructured.Unstructured{Object: map[string]any{"spec": spec}}
		u.SetAPIVersion(m.Group + "/v1alpha1")
		u.SetKind(kind)
		u.SetNamespace(m.Namespace)
		u.SetName(name)
		labels := map[string]string{"app.kubernetes.io/managed-by": "ingress-migrate"}
		maps.Copy(labels, m.Labels)
		u.SetLabels(labels)
		if m.Class != "" {
			u.SetAnnotations(map[string]string{"kubernetes.io/ingress.class": m.Class})
		}
		return u
	}
	route := func(name string, tls bool) *unstructured.Unstructured {
		rule := map[string]any{
			"kind":  "Rule",
			"match": fmt.Sprintf("Host(`%s`)", Host(m.ID)),
			// Above a redirection of the whole entry point, which Traefik before
			// 2.11 puts at the highest 32-bit number but one.
			"priority":    int64(2147483647),
			"middlewares": []any{map[string]any{"name": markerName}},
			"services":    []any{map[string]any{"kind": "TraefikService", "name": "noop@internal"}},
		}
		if m.RulesOfV3 {
			rule["match"], rule["syntax"] = fmt.Sprintf("Host(`%s`) && PathRegexp(`^/`)", Host(m.ID)), "v3"
		}
		spec := map[string]any{"routes": []any{rule}}
		if len(m.EntryPoints) > 0 {
			var names []any
			for _, name := range m.EntryPoints {
				names = append(names, name)
			}
			spec["entryPoints"] = names
		}
		if tls {
			spec["tls"] = map[string]any{}
		}
		return object("IngressRoute", name, spec)
	}
	return []markerObject{
		{"middlewares", object("Middleware", markerName, map[string]any{
			"headers": map[string]any{"customResponseHeaders": map[string]any{Header: m.ID}},
		})},
		{"ingressroutes", route(markerName, false)},
		{"ingressroutes", route(markerName+"-tls", true)},
	}
}

// Install creates or replaces the marker.
func (m *Marker) Install(ctx context.Context) error {
	for _, o := range m.objects() {
		resource := m.Client.Resource(m.resource(o.plural)).Namespace(m.Namespace)
		live, err := resource.Get(ctx, o.object.GetName(), metav1.GetOptions{})
		switch {
		case apierrors.IsNotFound(err):
			_, err = resource.Create(ctx, o.object, metav1.CreateOptions{FieldManager: "ingress-migrate"})
		case err == nil:
			o.object.SetResourceVersion(live.GetResourceVersion())
			_, err = resource.Update(ctx, o.object, metav1.UpdateOptions{FieldManager: "ingress-migrate"})
		}
		if err != nil {
			return fmt.Errorf("writing the gate's %s %s/%s: %w", o.object.GetKind(), m.Namespace, o.object.GetName(), err)
		}
	}
	return nil
}

// Remove deletes the marker, if it is there.
func (m *Marker) Remove(ctx context.Context) error {
	objects := m.objects()
	for i := len(objects) - 1; i >= 0; i-- {
		o := objects[i]
		err := m.Client.Resource(m.resource(o.plural)).Namespace(m.Namespace).Delete(ctx, o.object.GetName(), metav1.DeleteOptions{})
		if err != nil && !apierrors.IsNotFound(err) {
			return fmt.Errorf("deleting the gate's %s %s/%s: %w", o.object.GetKind(), m.Namespace, o.object.GetName(), err)
		}
	}
	return nil
}
