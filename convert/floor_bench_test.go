package convert

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/traefik/traefik/v2/pkg/provider/kubernetes/crd/traefikio/v1alpha1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/emit"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
)

// floor writes the objects of plainIngresses, and of nothing else: it looks at no
// annotation, checks nothing, compares no Ingress with another and reports nothing.
// What it takes is what the objects themselves cost.
func floor(in Input) []Output {
	out := make([]Output, 0, 2*len(in.Ingresses))
	for _, ing := range in.Ingresses {
		labels := make(map[string]string, len(ing.Labels)+1)
		maps.Copy(labels, ing.Labels)
		labels[emit.ManagedLabel] = "true"
		plain := &v1alpha1.IngressRoute{
			TypeMeta:   metav1.TypeMeta{APIVersion: "traefik.io/v1alpha1", Kind: "IngressRoute"},
			ObjectMeta: metav1.ObjectMeta{Namespace: ing.Namespace, Name: ing.Name, Labels: labels},
			Spec:       v1alpha1.IngressRouteSpec{EntryPoints: []string{"web"}},
		}
		rule := &ing.Spec.Rules[0]
		plain.Spec.Routes = make([]v1alpha1.Route, 0, len(rule.HTTP.Paths))
		first := rule.HTTP.Paths[0].Backend.Service
		services := []v1alpha1.Service{{LoadBalancerSpec: v1alpha1.LoadBalancerSpec{Name: first.Name, Port: intstr.FromInt32(first.Port.Number)}}}
		for i := len(rule.HTTP.Paths) - 1; i >= 0; i-- {
			path := rule.HTTP.Paths[i].Path
			plain.Spec.Routes = append(plain.Spec.Routes, v1alpha1.Route{
				Match:    "Host(`" + rule.Host + "`) && PathPrefix(`" + path + "`)",
				Kind:     "Rule",
				Priority: (len("Host:")+len(rule.Host)+len("PathPrefix:")+len(path))*1000 + 999,
				Services: services,
			})
		}
		secure := &v1alpha1.IngressRoute{TypeMeta: plain.TypeMeta, ObjectMeta: metav1.ObjectMeta{Namespace: ing.Namespace, Labels: labels}}
		sum := sha256.Sum256([]byte(ing.Namespace + "\x00" + ing.Name + "\x00tls"))
		secure.Name = ing.Name + "-tls-" + hex.EncodeToString(sum[:4])
		secure.Spec = v1alpha1.IngressRouteSpec{
			EntryPoints: []string{"websecure"},
			Routes:      append([]v1alpha1.Route(nil), plain.Spec.Routes...),
			TLS:         &v1alpha1.TLS{SecretName: ing.Spec.TLS[0].SecretName},
		}
		owner := ir.Ref{Namespace: ing.Namespace, Name: ing.Name}
		out = append(out, Output{Owner: owner, Object: plain}, Output{Owner: owner, Object: secure})
	}
	return out
}

// BenchmarkConvertPlainFloor is what BenchmarkConvertPlain is held against: their
// figures of one run, in the same place, are what can be compared.
func BenchmarkConvertPlainFloor(b *testing.B) {
	for _, n := range plainSizes {
		in := plainIngresses(n, "traefik")
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			b.ReportAllocs()
			start := cpu(b)
			for b.Loop() {
				if got := len(floor(in)); got != 2*n {
					b.Fatalf("%d objects", got)
				}
			}
			report(b, n, start)
		})
	}
}

// The floor is one only if it writes what Convert writes.
func TestFloorWritesTheSameObjects(t *testing.T) {
	in := plainIngresses(100, "traefik")
	got := floor(in)
	slices.SortStableFunc(got, func(a, b Output) int { return emit.CompareRefs(a.Owner, b.Owner) })
	if diff := cmp.Diff(Convert(in, Options{}).Objects, got); diff != "" {
		t.Errorf("-Convert +floor:\n%s", diff)
	}
}
