package world

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/ingress-migrate/kubectl-ingress-migrate/test/oracle/judge"
)

// Place is where a set goes in a cluster that it may share with other sets, and
// whose pods are at a slot's addresses.
type Place struct {
	// Network replaces 127.1.0. of the sets' addresses; "127.1.7." for instance.
	Network string
	// Number keeps sets apart: host x.test becomes x.s3.test, namespace one s3-one.
	// With 0 hosts and namespaces stay as they are.
	Number int
}

// names replaces hosts and addresses in any text of a set.
func (p Place) names() *strings.Replacer {
	pairs := []string{network, p.Network}
	if p.Number > 0 {
		pairs = append(pairs, ".test", fmt.Sprintf(".s%d.test", p.Number))
	}
	return strings.NewReplacer(pairs...)
}

// Owns reports whether a host is one of the place's own.
func (p Place) Owns(host string) bool {
	return p.Number > 0 && strings.HasSuffix(host, fmt.Sprintf(".s%d.test", p.Number))
}

func (p Place) namespace(name string) string {
	if p.Number == 0 || name == "" {
		return name
	}
	return fmt.Sprintf("s%d-%s", p.Number, name)
}

// reference matches how annotations name objects of Traefik's CRD provider.
var reference = regexp.MustCompile(`\b((?:` + strings.Join(Namespaces(), "|") + `)-[a-z0-9-]+@kubernetescrd)`)

// Set returns s as it is at this place.
func (p Place) Set(s *Set) (*Set, error) {
	replacer := p.names()
	names := func(text string) string {
		text = replacer.Replace(text)
		if p.Number > 0 {
			text = reference.ReplaceAllString(text, fmt.Sprintf("s%d-$1", p.Number))
		}
		return text
	}
	out := &Set{}
	for _, o := range s.Ingresses {
		o = place(o, names, new(networkingv1.Ingress))
		o.Namespace = p.namespace(o.Namespace)
		out.Ingresses = append(out.Ingresses, o)
	}
	for _, o := range s.Services {
		o = place(o, names, new(corev1.Service))
		o.Namespace = p.namespace(o.Namespace)
		out.Services = append(out.Services, o)
	}
	for _, o := range s.Endpoints {
		o = place(o, names, new(corev1.Endpoints))
		o.Namespace = p.namespace(o.Namespace)
		out.Endpoints = append(out.Endpoints, o)
	}
	for _, o := range s.Secrets {
		o = o.DeepCopy() // of its data, certificates alone have names
		o.Namespace = p.namespace(o.Namespace)
		if p.Number > 0 {
			if err := reissue(o, replacer); err != nil {
				return nil, err
			}
		}
		out.Secrets = append(out.Secrets, o)
	}
	for _, o := range s.Traefik {
		o = place(o, names, new(unstructured.Unstructured))
		o.SetNamespace(p.namespace(o.GetNamespace()))
		out.Traefik = append(out.Traefik, o)
	}
	for _, r := range s.Requests {
		out.Requests = append(out.Requests, p.Request(r))
	}
	return out, nil
}

// place replaces names in every string of an object.
func place[T any](in *T, names func(string) string, out *T) *T {
	text, err := json.Marshal(in)
	if err != nil {
		panic(fmt.Sprintf("encoding %T: %v", in, err)) // objects of the API always encode
	}
	if err := json.Unmarshal([]byte(names(string(text))), out); err != nil {
		panic(fmt.Sprintf("decoding %T: %v", in, err)) // the names need no escapes
	}
	return out
}

// Request returns r as it is at this place.
func (p Place) Request(r judge.Request) judge.Request {
	names := p.names()
	r.Host, r.Target = names.Replace(r.Host), names.Replace(r.Target)
	header := r.Header.Clone()
	for _, values := range header {
		for i := range values {
			values[i] = names.Replace(values[i])
		}
	}
	r.Header = header
	return r
}

// Text returns a text that came back from this place as it would be without.
func (p Place) Text(s string) string {
	pairs := []string{p.Network, network}
	if p.Number > 0 {
		pairs = append(pairs, fmt.Sprintf(".s%d.test", p.Number), ".test", fmt.Sprintf("s%d-", p.Number), "")
	}
	return strings.NewReplacer(pairs...).Replace(s)
}
