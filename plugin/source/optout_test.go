package source

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/fake"
	clienttesting "k8s.io/client-go/testing"
)

func TestReadOptedOut(t *testing.T) {
	namespace := func(name, value string) *corev1.Namespace {
		return &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{"ingress-migrate.io/webhook": value}}}
	}
	cases := map[string]struct {
		scope Scope
		// forbidden are verbs.
		forbidden string
		want      Loaded
	}{
		"all":             {Scope{}, "", Loaded{OptedOut: map[string]bool{"out": true}}},
		"one that is out": {Scope{Namespace: "out"}, "list", Loaded{OptedOut: map[string]bool{"out": true}}},
		"one that is in":  {Scope{Namespace: "in"}, "", Loaded{OptedOut: map[string]bool{}}},
		"one that is not": {Scope{Namespace: "none"}, "", Loaded{OptedOut: map[string]bool{}}},
		"forbidden": {Scope{Namespace: "out"}, "get", Loaded{OptedOut: map[string]bool{}, Notes: []string{
			"not allowed to read namespace out: whether the label ingress-migrate.io/webhook opts out is not checked"}}},
		"all forbidden": {Scope{}, "list", Loaded{OptedOut: map[string]bool{}, Notes: []string{
			"not allowed to read namespaces: whether the label ingress-migrate.io/webhook opts out is not checked"}}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			client := fake.NewClientset(namespace("out", "disabled"), namespace("in", "enabled"))
			if c.forbidden != "" {
				client.PrependReactor(c.forbidden, "namespaces", func(action clienttesting.Action) (bool, runtime.Object, error) {
					return true, nil, apierrors.NewForbidden(action.GetResource().GroupResource(), "", nil)
				})
			}
			var got Loaded
			if err := got.ReadOptedOut(context.Background(), client, c.scope); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, got, cmpopts.IgnoreUnexported(Loaded{})); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}
