package scan_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic/fake"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/desired"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/emit"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/scan"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/source"
)

// short is what ReadLive keeps of what an API server lists.
func short(t *testing.T, all objects) scan.Live {
	t.Helper()
	client := fake.NewSimpleDynamicClientWithCustomListKinds(runtime.NewScheme(), lists())
	for key, object := range all {
		resource, err := scan.Resource("traefik.io/v1alpha1", key.Kind)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := client.Resource(resource).Namespace(key.Namespace).Create(t.Context(), object.DeepCopy(), metav1.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	live, err := scan.ReadLive(t.Context(), client, emit.Target{Version: emit.V2, APIGroup: emit.Group}, "")
	if err != nil {
		t.Fatal(err)
	}
	return live
}

func lists() map[schema.GroupVersionResource]string {
	kinds := map[schema.GroupVersionResource]string{}
	for _, kind := range emit.Kinds() {
		resource, _ := scan.Resource("traefik.io/v1alpha1", kind)
		kinds[resource] = kind + "List"
	}
	return kinds
}

// What is to be decided about an object later is known without the object: nobody may
// delete what was edited by hand, or take over what names another Ingress.
func TestEditedAndAdoptable(t *testing.T) {
	edited := applied(t, cart(nil))
	for _, name := range []string{"extra", "changed"} {
		extra := edited[route].DeepCopy()
		extra.SetName(name)
		edited[scan.Key{Kind: "IngressRoute", Namespace: "shop", Name: name}] = extra
	}
	set(t, edited[scan.Key{Kind: "IngressRoute", Namespace: "shop", Name: "changed"}], []any{"other"}, "spec", "entryPoints")
	foreign, others := applied(t, cart(nil)), applied(t, cart(nil))
	desired.Detach(foreign[route])
	desired.Detach(others[route])
	set(t, others[route], "other", "metadata", "annotations", desired.IngressAnnotation)
	type facts struct {
		State             scan.State
		Edited, Adoptable bool
	}
	for name, c := range map[string]struct {
		live objects
		want map[string]facts
	}{
		"edited":               {edited, map[string]facts{"cart": {State: desired.InSync}, "extra": {State: scan.Unwanted}, "changed": {State: scan.Unwanted, Edited: true}}},
		"adoptable":            {foreign, map[string]facts{"cart": {State: desired.Foreign, Adoptable: true}}},
		"of another Ingress":   {others, map[string]facts{"cart": {State: desired.Foreign}}},
		"nothing there at all": {nil, map[string]facts{"cart": {State: desired.Missing}}},
	} {
		t.Run(name, func(t *testing.T) {
			report, err := scan.Compare(loaded(cart(nil)), source.Scope{}, convert.Options{}, packed(t, c.live), nil, scan.Verdicts)
			if err != nil {
				t.Fatal(err)
			}
			got := map[string]facts{}
			for _, object := range report.Items[0].Objects {
				if _, asked := c.want[object.Name]; asked && object.Kind == "IngressRoute" {
					got[object.Name] = facts{object.State, object.Edited, object.Adoptable}
				}
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// What a cluster has is kept without the specs that are as they were applied. That
// changes no verdict, and specs are read again only of what has to be changed.
func TestSpecsThatAreLeftOut(t *testing.T) {
	stale := cart(map[string]string{"traefik.ingress.kubernetes.io/preserve-host": "false"})
	unlinked := applied(t, cart(nil))
	unlinked[route].SetOwnerReferences(nil)
	extra := applied(t, cart(nil))
	one := extra[route].DeepCopy()
	one.SetName("extra")
	extra[scan.Key{Kind: "IngressRoute", Namespace: "shop", Name: "extra"}] = one
	edited := applied(t, cart(nil))
	set(t, edited[route], []any{"other"}, "spec", "entryPoints")
	// Another version wrote the same Ingress otherwise.
	outdated := applied(t, stale)
	for _, object := range outdated {
		set(t, object, desired.SourceHash(cart(nil)), "metadata", "annotations", desired.SourceAnnotation)
		desired.WrittenBy(object, "v0.1.0")
	}
	// An allow list of somebody else that is as it should be today.
	secret := cart(map[string]string{"traefik.ingress.kubernetes.io/whitelist-source-range": "10.0.0.0/8"})
	guarded := applied(t, secret)
	for key, object := range guarded {
		if desired.Protects(object) {
			desired.Detach(guarded[key])
		}
	}
	for name, c := range map[string]struct {
		ingress *networkingv1.Ingress
		live    objects
		detail  scan.Detail
		again   []string
		why     string
	}{
		"in sync":                     {cart(nil), applied(t, cart(nil)), scan.Objects, nil, ""},
		"unlinked":                    {cart(nil), unlinked, scan.Objects, nil, "IngressRoute cart does not follow its Ingress yet"},
		"edited":                      {cart(nil), edited, scan.Objects, nil, "IngressRoute cart edited by hand: spec.entryPoints[0]"},
		"stale":                       {stale, applied(t, cart(nil)), scan.Verdicts, []string{"cart", "cart-tls-6ab385c2"}, "IngressRoute cart is older than the Ingress: spec.routes[0].services[0].passHostHeader"},
		"one too many":                {cart(nil), extra, scan.Verdicts, nil, "IngressRoute extra is no longer wanted"},
		"one too many, to be deleted": {cart(nil), extra, scan.Objects, []string{"extra"}, "IngressRoute extra is no longer wanted"},
		"of another version":          {cart(nil), outdated, scan.Verdicts, []string{"cart", "cart-tls-6ab385c2"}, "IngressRoute cart is as version v0.1.0 wrote it for the same Ingress: spec.routes[0].services[0].passHostHeader"},
		"protected by somebody else":  {secret, guarded, scan.Verdicts, nil, "Middleware cart-allow-39d02250-c676631e exists and is not ours"},
	} {
		t.Run(name, func(t *testing.T) {
			want, err := scan.Compare(loaded(c.ingress), source.Scope{}, convert.Options{}, packed(t, c.live), nil, c.detail)
			if err != nil {
				t.Fatal(err)
			}
			var again []string
			got, err := scan.Compare(loaded(c.ingress), source.Scope{}, convert.Options{}, short(t, c.live), func(keys map[scan.Key]bool) (scan.Live, error) {
				for key := range keys {
					again = append(again, key.Name)
				}
				return packed(t, c.live), nil
			}, c.detail)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("-whole +short:\n%s", diff)
			}
			if got.Items[0].Why != c.why {
				t.Errorf("why %q, not %q", got.Items[0].Why, c.why)
			}
			slices.Sort(again)
			if diff := cmp.Diff(c.again, again); diff != "" {
				t.Errorf("read again (-want +got):\n%s", diff)
			}
		})
	}
}

// What is deleted while it is looked at is not there.
func TestGoneMeanwhile(t *testing.T) {
	nothing := func(map[scan.Key]bool) (scan.Live, error) { return nil, nil }
	report, err := scan.Compare(source.Loaded{}, source.Scope{}, convert.Options{}, short(t, applied(t, cart(nil))), nothing, scan.Objects)
	if err != nil || len(report.Items) > 0 {
		t.Errorf("%v, %+v", err, report)
	}
}
