package traefikv1

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	yamlutil "k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/yaml"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
)

// input reads documents of Ingresses (networking.k8s.io/v1), Services and
// Endpoints. Services are known when one is given, Endpoints likewise.
func input(t testing.TB, text string) ir.Input {
	t.Helper()
	var in ir.Input
	reader := yamlutil.NewYAMLReader(bufio.NewReader(strings.NewReader(text)))
	for {
		doc, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return in
		}
		if err != nil {
			t.Fatal(err)
		}
		if len(bytes.TrimSpace(doc)) == 0 {
			continue
		}
		add(t, &in, doc)
	}
}

func add(t testing.TB, in *ir.Input, doc []byte) {
	t.Helper()
	switch {
	case bytes.Contains(doc, []byte("kind: Ingress\n")):
		var ing networkingv1.Ingress
		decode(t, doc, &ing)
		in.Ingresses = append(in.Ingresses, ir.Ingress{Ingress: &ing})
	case bytes.Contains(doc, []byte("kind: Service\n")):
		var service corev1.Service
		decode(t, doc, &service)
		in.Services, in.ServicesKnown = append(in.Services, &service), true
	case bytes.Contains(doc, []byte("kind: Endpoints\n")):
		var endpoints corev1.Endpoints
		decode(t, doc, &endpoints)
		in.Endpoints, in.EndpointsKnown = append(in.Endpoints, &endpoints), true
	default:
		t.Fatalf("unknown kind in %s", doc)
	}
}

func decode(t testing.TB, doc []byte, into any) {
	t.Helper()
	if err := yaml.UnmarshalStrict(doc, into); err != nil {
		t.Fatalf("%v in\n%s", err, doc)
	}
}
