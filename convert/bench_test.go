package convert

import (
	"fmt"
	"syscall"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/emit"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
)

// plainIngresses are n Ingresses of the usual kind: a host of their own, three
// paths, a secret, no annotation but the class.
func plainIngresses(n int, class string) Input {
	var in Input
	pathType := networkingv1.PathTypeImplementationSpecific
	for i := range n {
		ing := &networkingv1.Ingress{ObjectMeta: metav1.ObjectMeta{
			Namespace: fmt.Sprintf("team-%d", i%60), Name: fmt.Sprintf("app-%d", i),
			Labels:      map[string]string{"app": "shop", "team": "a"},
			Annotations: map[string]string{"kubernetes.io/ingress.class": class},
		}}
		host := fmt.Sprintf("app-%d.example.com", i)
		ing.Spec.TLS = []networkingv1.IngressTLS{{Hosts: []string{host}, SecretName: "wildcard"}}
		rule := networkingv1.IngressRule{Host: host, IngressRuleValue: networkingv1.IngressRuleValue{HTTP: &networkingv1.HTTPIngressRuleValue{}}}
		for _, path := range []string{"/", "/api", "/static"} {
			rule.HTTP.Paths = append(rule.HTTP.Paths, networkingv1.HTTPIngressPath{Path: path, PathType: &pathType, Backend: networkingv1.IngressBackend{
				Service: &networkingv1.IngressServiceBackend{Name: "web", Port: networkingv1.ServiceBackendPort{Number: 80}},
			}})
		}
		ing.Spec.Rules = []networkingv1.IngressRule{rule}
		in.Ingresses = append(in.Ingresses, ir.Ingress{Ingress: ing})
	}
	return in
}

// plainSizes tell whether time grows with the input alone; one Ingress is what the
// webhook converts.
var plainSizes = [...]int{1, 1000, 5000, 100_000}

func BenchmarkConvertPlain(b *testing.B) { benchmarkPlain(b, plainIngresses) }

// In a cluster the Services are known, and there is nothing to say about their paths.
func BenchmarkConvertPlainInCluster(b *testing.B) {
	benchmarkPlain(b, func(n int, class string) Input {
		in := plainIngresses(n, class)
		in.ServicesKnown = true
		for _, ing := range in.Ingresses {
			service := &corev1.Service{ObjectMeta: metav1.ObjectMeta{Namespace: ing.Namespace, Name: ing.Name}}
			service.Spec.Ports = []corev1.ServicePort{{Port: 80}}
			in.Services = append(in.Services, service)
			paths := ing.Spec.Rules[0].HTTP.Paths
			for i := range paths {
				paths[i].Backend.Service.Name = service.Name
			}
		}
		return in
	})
}

func benchmarkPlain(b *testing.B, input func(n int, class string) Input) {
	for _, n := range plainSizes {
		in := input(n, "traefik")
		opts := Options{From: FromTraefikV1, Target: emit.Target{Version: emit.V2}}
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			b.ReportAllocs()
			start := cpu(b)
			for b.Loop() {
				if got := len(Convert(in, opts).Objects); got != 2*n {
					b.Fatalf("%d objects", got)
				}
			}
			report(b, n, start)
		})
	}
}

// The other dialects.
func BenchmarkConvertDialect(b *testing.B) {
	const n = 5000
	for _, dialect := range []Dialect{FromTraefik, FromNginx} {
		class := "traefik"
		if dialect == FromNginx {
			class = "nginx"
		}
		in := plainIngresses(n, class)
		opts := Options{From: dialect, Target: emit.Target{Version: emit.V3}}
		b.Run(string(dialect), func(b *testing.B) {
			b.ReportAllocs()
			start := cpu(b)
			for b.Loop() {
				if got := len(Convert(in, opts).Objects); got < n {
					b.Fatalf("%d objects", got)
				}
			}
			report(b, n, start)
		})
	}
}

// Emit alone, to see where the time goes.
func BenchmarkEmitPlain(b *testing.B) {
	const n = 5000
	in := plainIngresses(n, "traefik")
	in, _ = inNameOrder(in)
	translation := translate(in, Options{})
	b.ReportAllocs()
	start := cpu(b)
	for b.Loop() {
		emit.NewEmitter(emit.Target{}).Emit(nil, translation)
	}
	report(b, n, start)
}

// translate is what the dialects say of all Ingresses together.
func translate(in Input, opts Options) ir.Translation {
	return newConversion(in, opts).translate(in, 0).Translation
}

// report adds how many Ingresses one core converts per second of its own time,
// garbage collection included: the figure that other load on the machine changes least.
func report(b *testing.B, n int, start time.Duration) {
	b.ReportMetric(float64(n*b.N)/(cpu(b)-start).Seconds(), "ingresses/cpu-s")
}

// cpu is the processor time this process has used.
func cpu(b *testing.B) time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		b.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
