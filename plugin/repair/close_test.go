package repair_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic/fake"
	clienttesting "k8s.io/client-go/testing"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/desired"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/repair"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/scan"
)

// made is a route as we wrote it for an Ingress.
func made(kind, name, ingress string) *unstructured.Unstructured {
	u := named(kind, name)
	u.Object["spec"] = map[string]any{"routes": []any{}}
	u.SetLabels(map[string]string{desired.ManagedLabel: "true"})
	u.SetAnnotations(map[string]string{desired.IngressAnnotation: ingress, desired.AppliedAnnotation: desired.SpecHash(u)})
	return u
}

func resource(name string) schema.GroupVersionResource {
	return schema.GroupVersionResource{Group: "traefik.io", Version: "v1alpha1", Resource: name}
}

// cluster has lists of routes.
func cluster(objects ...runtime.Object) *fake.FakeDynamicClient {
	return fake.NewSimpleDynamicClientWithCustomListKinds(runtime.NewScheme(), map[schema.GroupVersionResource]string{
		resource("ingressroutes"): "IngressRouteList", resource("ingressroutetcps"): "IngressRouteTCPList",
	}, objects...)
}

func middleware(state scan.State, field string, differences ...desired.Difference) scan.Object {
	o := object("Middleware", "m", state, differences...)
	want := named("Middleware", "m")
	want.Object["spec"] = map[string]any{field: map[string]any{}}
	o.Protects = desired.Protects(want)
	return o
}

// TestRunClosesRoutes: where an allow list cannot be put in place, the routes of its
// Ingress go, also those that the plan says nothing of; nobody else's do.
func TestRunClosesRoutes(t *testing.T) {
	refusal := apierrors.NewForbidden(schema.GroupResource{Group: "traefik.io", Resource: "middlewares"}, "m", errors.New("no"))
	difference := desired.Difference{Field: "spec.x"}
	cases := map[string]struct {
		lacks  scan.Object
		err    error
		dryRun repair.DryRun
		// want has what Done is told; "" is done.
		want map[string]string
		left []string
	}{
		"an allow list of somebody else": {
			lacks: middleware(desired.Foreign, "ipWhiteList", difference),
			want:  map[string]string{"cart": "", "cart-tcp": "", "edited": repair.ErrOpen.Error()},
			left:  []string{"edited", "other", "theirs"},
		},
		"an equal allow list of somebody else": {
			lacks: middleware(desired.Foreign, "ipWhiteList"),
			want:  map[string]string{"cart": "", "cart-tcp": "", "edited": repair.ErrOpen.Error()},
			left:  []string{"edited", "other", "theirs"},
		},
		"an allow list that is refused": {
			lacks: middleware(desired.Stale, "ipWhiteList"), err: refusal,
			want: map[string]string{"m": refusal.Error(), "cart": "", "cart-tcp": "", "edited": repair.ErrOpen.Error()},
			left: []string{"edited", "other", "theirs"},
		},
		"a dry run": {
			lacks: middleware(desired.Foreign, "ipWhiteList", difference), dryRun: repair.Client,
			want: map[string]string{"cart": "", "cart-tcp": "", "edited": repair.ErrOpen.Error()},
			left: []string{"cart", "cart-tcp", "edited", "other", "theirs"},
		},
		"an API server that is away": {
			lacks: middleware(desired.Stale, "ipWhiteList"), err: errors.New("away"),
			want: map[string]string{"m": "away"},
			left: []string{"cart", "cart-tcp", "edited", "other", "theirs"},
		},
		"nothing that protects": {
			lacks: middleware(desired.Foreign, "compress", difference),
			want:  map[string]string{},
			left:  []string{"cart", "cart-tcp", "edited", "other", "theirs"},
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			edited := made("IngressRoute", "edited", "cart")
			edited.Object["spec"] = map[string]any{"routes": []any{map[string]any{}}}
			theirs := made("IngressRoute", "theirs", "cart")
			theirs.SetLabels(nil)
			client := cluster(made("IngressRoute", "cart", "cart"), made("IngressRouteTCP", "cart-tcp", "cart"), edited, theirs, made("IngressRoute", "other", "other"))
			client.PrependReactor("patch", "middlewares", func(clienttesting.Action) (bool, runtime.Object, error) {
				return true, named("Middleware", "m"), c.err
			})
			got := map[string]string{}
			runner := &repair.Runner{Objects: client, DryRun: c.dryRun, Done: func(step repair.Step, _ *unstructured.Unstructured, err error) {
				got[step.Object.Name] = ""
				if err != nil {
					got[step.Object.Name] = err.Error()
				}
			}}
			if err := runner.Run(context.Background(), repair.Plan(report(c.lacks, object("IngressRoute", "cart", desired.InSync)), repair.Options{})); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("told (-want +got):\n%s", diff)
			}
			var left []string
			for _, kind := range []string{"ingressroutes", "ingressroutetcps"} {
				list, err := client.Resource(resource(kind)).Namespace("shop").List(context.Background(), metav1.ListOptions{})
				if err != nil {
					t.Fatal(err)
				}
				for _, o := range list.Items {
					left = append(left, o.GetName())
				}
			}
			slices.Sort(left)
			if diff := cmp.Diff(c.left, left); diff != "" {
				t.Errorf("left (-want +got):\n%s", diff)
			}
		})
	}
}
