package webhook_test

import (
	"context"
	"errors"
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"
	"sigs.k8s.io/controller-runtime/pkg/client"
	ctrlreconcile "sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert"
	"github.com/ingress-migrate/kubectl-ingress-migrate/webhook/cluster"
	"github.com/ingress-migrate/kubectl-ingress-migrate/webhook/reconcile"
	"github.com/ingress-migrate/kubectl-ingress-migrate/webhook/translate"
)

// lagging is a cache that never hears of a Traefik object, and reads the rest where it
// is stored.
type lagging struct {
	*cluster.Cluster
	reader client.Reader
}

func newLagging(reader client.Reader) lagging {
	return lagging{Cluster: cluster.New(reader, cluster.NewStores(convert.HostKeys), "traefik.io"), reader: reader}
}

func (lagging) AsWanted(context.Context, *unstructured.Unstructured) (bool, error) { return false, nil }

func (lagging) MadeFor(context.Context, types.NamespacedName) ([]cluster.Name, error) {
	return nil, nil
}

func (l lagging) Ingress(ctx context.Context, key types.NamespacedName) (*networkingv1.Ingress, error) {
	ingress := &networkingv1.Ingress{}
	if err := l.reader.Get(ctx, key, ingress); err != nil {
		return nil, client.IgnoreNotFound(err)
	}
	return ingress, nil
}

func (lagging) Peers(context.Context, []string) ([]*networkingv1.Ingress, error) { return nil, nil }

func (l lagging) Service(ctx context.Context, key types.NamespacedName) (*corev1.Service, error) {
	return cluster.ReadService(l.reader)(ctx, key)
}

// outcomes keeps what passes say.
type outcomes struct{ last reconcile.Outcome }

func (o *outcomes) Passed(_ context.Context, _ *networkingv1.Ingress, outcome reconcile.Outcome) {
	o.last = outcome
}
func (o *outcomes) Gone(types.NamespacedName) {}
func (o *outcomes) Failed(context.Context, *networkingv1.Ingress, reconcile.Outcome, error) {
}

// testLaggingCache: a route was written and at once edited by hand, and the
// replica that looks at its Ingress next does not have it in its cache yet. The
// edit must not make it somebody else's.
func (r *rig) testLaggingCache() {
	api, err := client.New(r.RESTConfig(), client.Options{})
	if err != nil {
		r.t.Fatal(err)
	}
	cache := newLagging(api)
	said := &outcomes{}
	reconciler := &reconcile.Reconciler{
		Cluster:    cache,
		Translator: translate.New(translate.Engine{Convert: convert.Convert, HostKeys: convert.HostKeys, PeerKeys: convert.PeerKeys}, convert.Options{From: convert.FromTraefikV1}, cache),
		Fresh:      api, Writer: api, Observer: said, Stage: reconcile.NewStage("v1.0.0"),
	}
	ns := r.namespace(nil)
	pass := func(host string) string {
		r.apply(ingress(ns, "web", host))
		request := ctrlreconcile.Request{NamespacedName: types.NamespacedName{Namespace: ns, Name: "web"}}
		if _, err := reconciler.Reconcile(r.ctx, request); err != nil {
			r.t.Fatal(err)
		}
		return fmt.Sprint(r.route(ns, "web").Object)
	}
	pass("lag.example.com")
	r.edit("ingressroutes", ns, "web", `{"spec":{"tls":{}}}`)
	route := pass("lag2.example.com")
	if !strings.Contains(route, "`lag2.") || !strings.Contains(route, "ingress-migrate.io/managed:true") || said.last.State != reconcile.Current {
		r.t.Errorf("%+v, and the route is %s", said.last, route)
	}
}

// testMovesToNewService: what `kubectl apply` brings together, a Service and an Ingress
// that leads to it, may become known in any order. The route that serves meanwhile must
// not be taken away.
func (r *rig) testMovesToNewService() {
	ns := r.namespace(nil)
	r.apply(ingress(ns, "web", "moves.example.com"))
	r.waitRoute(ns, "web")
	routes, err := r.dynamic.Resource(traefik("ingressroutes")).Namespace(ns).Watch(r.ctx, metav1.ListOptions{})
	if err != nil {
		r.t.Fatal(err)
	}
	defer routes.Stop()
	const moves = 20
	for n := range moves {
		to := fmt.Sprintf("web-%d", n)
		manifest := fmt.Sprintf("apiVersion: v1\nkind: Service\nmetadata: {name: %s, namespace: %s}\nspec: {ports: [{port: 80}]}\n---\n", to, ns)
		r.apply(manifest + strings.Replace(ingress(ns, "web", "moves.example.com"), "name: web,", "name: "+to+",", 1))
	}
	last := fmt.Sprintf("web-%d", moves-1)
	r.eventually("the route leads to "+last, func() error {
		for {
			select {
			case event := <-routes.ResultChan():
				if event.Type == watch.Deleted {
					r.t.Fatalf("the route was taken away: %v", event.Object)
				}
				if strings.Contains(fmt.Sprint(event.Object), "name:"+last) {
					return nil
				}
			default:
				return errors.New("not yet")
			}
		}
	})
}
