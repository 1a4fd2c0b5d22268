package translate

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert"
)

// alone is a cluster without anything but the Ingress that is asked for.
type alone struct{}

func (alone) Peers(context.Context, []string) ([]*networkingv1.Ingress, error) { return nil, nil }

func (alone) IngressClasses(context.Context) ([]*networkingv1.IngressClass, error) { return nil, nil }

func (alone) Service(context.Context, types.NamespacedName) (*corev1.Service, error) { return nil, nil }

// A shared conversion is held for as long as it may be an answer, and not until the next
// one.
func TestSharedConversionsAreForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		engine := Engine{HostKeys: convert.HostKeys, PeerKeys: convert.PeerKeys, Convert: func(in convert.Input, options convert.Options) convert.Result {
			time.Sleep(time.Second)
			return convert.Convert(in, options)
		}}
		translator := New(engine, convert.Options{From: convert.FromTraefikV1}, alone{}).Sharing(time.Now)
		hostless := &networkingv1.Ingress{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "web", CreationTimestamp: metav1.Now()}}
		hostless.Spec.DefaultBackend = &networkingv1.IngressBackend{Service: &networkingv1.IngressServiceBackend{Name: "web", Port: networkingv1.ServiceBackendPort{Number: 80}}}
		if _, err := translator.Translate(t.Context(), hostless); err != nil {
			t.Fatal(err)
		}
		held := func() int { return len(translator.groups.get(convert.AnyHost).of) }
		if held() != 1 {
			t.Fatalf("%d Ingresses are held, want 1", held())
		}
		time.Sleep(share*time.Second - time.Millisecond)
		if held() != 1 {
			t.Error("it is forgotten while it may be an answer")
		}
		time.Sleep(time.Second)
		synctest.Wait()
		if held() != 0 {
			t.Errorf("%d Ingresses are held when no answer may be so old", held())
		}
	})
}
