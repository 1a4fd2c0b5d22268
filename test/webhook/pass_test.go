package webhook_test

import (
	"context"
	"fmt"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	ctrlreconcile "sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/desired"
	"github.com/ingress-migrate/kubectl-ingress-migrate/webhook/cluster"
	"github.com/ingress-migrate/kubectl-ingress-migrate/webhook/reconcile"
	"github.com/ingress-migrate/kubectl-ingress-migrate/webhook/translate"
)

// direct reads every object where it is stored, and as the cache would have it.
type direct struct{ lagging }

func (d direct) AsWanted(ctx context.Context, want *unstructured.Unstructured) (bool, error) {
	live := &unstructured.Unstructured{}
	live.SetGroupVersionKind(want.GroupVersionKind())
	if err := d.reader.Get(ctx, client.ObjectKeyFromObject(want), live); err != nil {
		return false, client.IgnoreNotFound(err)
	}
	cached, err := cluster.Slim(live)
	if err != nil {
		return false, err
	}
	object, ok := cached.(*cluster.Object)
	return ok && object.IsAs(want), nil
}

func (d direct) MadeFor(ctx context.Context, ingress types.NamespacedName) ([]cluster.Name, error) {
	var made []cluster.Name
	for _, kind := range cluster.Kinds("traefik.io") {
		list := &unstructured.UnstructuredList{}
		list.SetGroupVersionKind(kind)
		if err := d.reader.List(ctx, list, client.InNamespace(ingress.Namespace)); err != nil {
			return nil, err
		}
		for i := range list.Items {
			if o := &list.Items[i]; desired.IsOurs(o) && desired.MadeFor(o) == ingress.Name {
				made = append(made, cluster.Name{Kind: kind, Key: client.ObjectKeyFromObject(o)})
			}
		}
	}
	return made, nil
}

// passes are those of one process of the webhook, one at a time and of a version that the
// test says: no other part of the webhook runs.
type passes struct {
	r    *rig
	said *outcomes
	work *reconcile.Reconciler
}

func (r *rig) passes(version string) *passes {
	r.t.Helper()
	api, err := client.New(r.RESTConfig(), client.Options{})
	if err != nil {
		r.t.Fatal(err)
	}
	stored := direct{newLagging(api)}
	p := &passes{r: r, said: &outcomes{}}
	p.work = &reconcile.Reconciler{
		Cluster:    stored,
		Translator: translate.New(translate.Engine{Convert: convert.Convert, HostKeys: convert.HostKeys, PeerKeys: convert.PeerKeys}, convert.Options{From: convert.FromTraefikV1}, stored),
		Fresh:      api, Writer: api, Observer: p.said, Stage: reconcile.NewStage(version),
	}
	return p
}

// over makes one pass over Ingress web and returns its outcome.
func (p *passes) over(ns string) reconcile.Outcome {
	p.r.t.Helper()
	request := ctrlreconcile.Request{NamespacedName: types.NamespacedName{Namespace: ns, Name: "web"}}
	if _, err := p.work.Reconcile(p.r.ctx, request); err != nil {
		p.r.t.Fatal(err)
	}
	return p.said.last
}

func (p *passes) expect(ns, what string, want reconcile.State) {
	p.r.t.Helper()
	if got := p.over(ns); got.State != want {
		p.r.t.Errorf("%s: %+v, want %s", what, got, want)
	}
}

// spec is the route's, as text.
func (r *rig) spec(ns string) string {
	r.t.Helper()
	route := r.route(ns, "web")
	if route == nil {
		return "no route"
	}
	return fmt.Sprint(route.Object["spec"])
}

// asWrittenBy makes the route of web what another version would have written.
func (r *rig) asWrittenBy(version, ns string) {
	r.t.Helper()
	route := r.route(ns, "web")
	written := &unstructured.Unstructured{Object: map[string]any{"apiVersion": route.GetAPIVersion(), "kind": route.GetKind(), "spec": route.DeepCopy().Object["spec"]}}
	if err := unstructured.SetNestedStringSlice(written.Object, []string{"of-before"}, "spec", "entryPoints"); err != nil {
		r.t.Fatal(err)
	}
	written.SetNamespace(ns)
	written.SetName("web")
	written.SetLabels(route.GetLabels())
	written.SetOwnerReferences(route.GetOwnerReferences())
	annotations := route.GetAnnotations()
	annotations[desired.AppliedAnnotation], annotations[desired.ConverterAnnotation] = desired.SpecHash(written), version
	written.SetAnnotations(annotations)
	if _, err := r.dynamic.Resource(traefik("ingressroutes")).Namespace(ns).Apply(r.ctx, "web", written, metav1.ApplyOptions{FieldManager: desired.FieldManager, Force: true}); err != nil {
		r.t.Fatal(err)
	}
}

// testUpgradeIsStaged: what another version would write otherwise stays until its
// Ingress changes or somebody says so, and is nobody else's trouble.
func (r *rig) testUpgradeIsStaged() {
	ns := r.namespace(nil)
	r.apply(ingress(ns, "web", "staged.example.com", "example.com/deployed=1"))
	before := r.passes("v1.0.0")
	before.expect(ns, "a new Ingress", reconcile.Current)
	version := r.route(ns, "web").GetResourceVersion()
	after := r.passes("v2.0.0")
	after.expect(ns, "a version that writes the same", reconcile.Current)
	if now := r.route(ns, "web").GetResourceVersion(); now != version {
		r.t.Error("a route that is as it should be was written")
	}

	// A deploy tool's own notes are no change of what the Ingress says.
	r.apply(ingress(ns, "web", "staged.example.com", "example.com/deployed=2"))
	r.asWrittenBy("v1.0.0", ns)
	after = r.passes("v2.0.0")
	got := after.over(ns)
	if got.State != reconcile.Outdated || len(got.Findings) != 1 || !strings.Contains(got.Findings[0].Text, "v1.0.0 wrote it; version v2.0.0 makes it otherwise: spec.entryPoints") || !strings.Contains(got.Findings[0].Text, "sync -n "+ns+" web") {
		r.t.Errorf("another version's route: %+v", got)
	}
	if text := r.spec(ns); !strings.Contains(text, "of-before") {
		r.t.Errorf("it was written: %s", text)
	}
	status, stdout, _ := r.plugin("scan", "-n", ns, "--from", "traefik-v1")
	if status == 0 || !strings.Contains(stdout, "as version v1.0.0 wrote it") {
		r.t.Errorf("scan says\n%s", stdout)
	}

	// Its own change brings it up to date, and from then on it is as any other one.
	r.apply(ingress(ns, "web", "staged2.example.com"))
	after.expect(ns, "a change", reconcile.Current)
	if text := r.spec(ns); strings.Contains(text, "of-before") || !strings.Contains(text, "`staged2.") {
		r.t.Errorf("a changed Ingress has %s", text)
	}
	r.asWrittenBy("v1.0.0", ns)
	after.expect(ns, "one that this process brought up to date", reconcile.Current)

	// What protects is not held back.
	r.apply(ingress(ns, "web", "staged2.example.com", allowList))
	after.expect(ns, "an allow list", reconcile.Current)
	list, err := r.dynamic.Resource(traefik("middlewares")).Namespace(ns).List(r.ctx, metav1.ListOptions{})
	if err != nil || len(list.Items) != 1 {
		r.t.Fatalf("middlewares: %v, %v", list, err)
	}
	r.asWrittenBy("v1.0.0", ns)
	r.passes("v2.0.0").expect(ns, "another version's route with its own allow list", reconcile.Outdated)
	r.mustKubectl("label", "middlewares.traefik.io", "-n", ns, list.Items[0].GetName(), desired.ManagedLabel+"-")
	r.passes("v2.0.0").expect(ns, "with somebody else's", reconcile.Foreign)
	if text := r.spec(ns); text != "no route" {
		r.t.Errorf("it is open: %s", text)
	}

	// Or somebody says so.
	other := r.namespace(nil)
	r.apply(ingress(other, "web", "staged.example.com"))
	before.expect(other, "a new Ingress", reconcile.Current)
	r.asWrittenBy("v1.0.0", other)
	after.expect(other, "another version's route", reconcile.Outdated)
	r.mustPlugin("sync", "-n", other, "--from", "traefik-v1")
	if text := r.spec(other); strings.Contains(text, "of-before") {
		r.t.Errorf("sync left %s", text)
	}
	after.expect(other, "after sync", reconcile.Current)
}

// testDriftAnnotation: whose Ingress it is may say what becomes of edits.
func (r *rig) testDriftAnnotation() {
	ns := r.namespace(nil)
	const overwrite, detach = desired.DriftAnnotation + "=" + desired.DriftOverwrite, desired.DriftAnnotation + "=" + desired.DriftDetach
	p := r.passes("v1.0.0")
	r.apply(ingress(ns, "web", "drift.example.com"))
	p.expect(ns, "a new Ingress", reconcile.Current)
	edit := func() { r.edit("ingressroutes", ns, "web", `{"spec":{"entryPoints":["emergency"]}}`) }
	edit()
	p.expect(ns, "an edit", reconcile.Drifted)
	r.apply(ingress(ns, "web", "drift.example.com", overwrite))
	p.expect(ns, "an edit that is to be overwritten", reconcile.Current)
	edit()
	r.apply(ingress(ns, "web", "drift2.example.com", overwrite))
	p.expect(ns, "an edit and a change", reconcile.Current)
	if text := r.spec(ns); strings.Contains(text, "emergency") || !strings.Contains(text, "`drift2.") {
		r.t.Errorf("the edit stays: %s", text)
	}
	edit()
	r.apply(ingress(ns, "web", "drift2.example.com", overwrite, "kubernetes.io/ingress.class=nginx"))
	p.expect(ns, "an edit and another class", reconcile.NotOurs)
	if text := r.spec(ns); text != "no route" {
		r.t.Errorf("an edited route that nothing asks for stays: %s", text)
	}

	r.apply(ingress(ns, "web", "drift3.example.com", detach, allowList))
	p.expect(ns, "back", reconcile.Current)
	edit()
	p.expect(ns, "an edit that detaches", reconcile.OptedOut)
	route := r.route(ns, "web")
	list, err := r.dynamic.Resource(traefik("middlewares")).Namespace(ns).List(r.ctx, metav1.ListOptions{})
	if err != nil || len(list.Items) != 1 {
		r.t.Fatalf("middlewares: %v, %v", list, err)
	}
	for _, o := range []*unstructured.Unstructured{route, &list.Items[0]} {
		if desired.IsOurs(o) || len(o.GetOwnerReferences()) > 0 {
			r.t.Errorf("still ours: %v", o.Object["metadata"])
		}
	}
	p.expect(ns, "afterwards", reconcile.Foreign)
	if text := r.spec(ns); !strings.Contains(text, "emergency") {
		r.t.Errorf("what was detached was changed: %s", text)
	}
}

// testRestored: a backup brings Ingress and objects back with the owner of before, which
// the collector does not find; in the end there is one route, of the new Ingress.
func (r *rig) testRestored() {
	ns := r.namespace(nil)
	manifest := ingress(ns, "web", "restored.example.com", allowList)
	r.apply(manifest)
	p := r.passes("v1.0.0")
	p.expect(ns, "a new Ingress", reconcile.Current)
	var backup []*unstructured.Unstructured
	for _, kind := range []string{"middlewares", "ingressroutes"} {
		list, err := r.dynamic.Resource(traefik(kind)).Namespace(ns).List(r.ctx, metav1.ListOptions{})
		if err != nil || len(list.Items) == 0 {
			r.t.Fatalf("%s: %v, %v", kind, list, err)
		}
		for i := range list.Items {
			o := &list.Items[i]
			for _, field := range []string{"uid", "resourceVersion", "creationTimestamp", "generation", "managedFields"} {
				unstructured.RemoveNestedField(o.Object, "metadata", field)
			}
			backup = append(backup, o)
		}
	}
	resources := map[string]string{"Middleware": "middlewares", "IngressRoute": "ingressroutes"}
	live := func(o *unstructured.Unstructured) *unstructured.Unstructured {
		return r.object(resources[o.GetKind()], ns, o.GetName())
	}
	r.mustKubectl("delete", "ingress", "-n", ns, "web")
	r.eventually("all objects are gone", func() error {
		for _, o := range backup {
			if live(o) != nil {
				return fmt.Errorf("%s is there", o.GetName())
			}
		}
		return nil
	})

	r.apply(manifest)
	for _, o := range backup {
		if _, err := r.dynamic.Resource(traefik(resources[o.GetKind()])).Namespace(ns).Create(r.ctx, o, metav1.CreateOptions{FieldManager: "velero"}); err != nil {
			r.t.Fatal(err)
		}
	}
	r.eventually("the objects have the new owner", func() error {
		request := ctrlreconcile.Request{NamespacedName: types.NamespacedName{Namespace: ns, Name: "web"}}
		if _, err := p.work.Reconcile(r.ctx, request); err != nil {
			return err
		}
		stored, err := r.client.NetworkingV1().Ingresses(ns).Get(r.ctx, "web", metav1.GetOptions{})
		if err != nil {
			return err
		}
		for _, o := range backup {
			if o = live(o); o == nil || len(o.GetOwnerReferences()) != 1 || o.GetOwnerReferences()[0].UID != stored.UID || o.GetLabels()[desired.IngressUIDLabel] != string(stored.UID) {
				return fmt.Errorf("%v", o)
			}
		}
		return nil
	})
}
