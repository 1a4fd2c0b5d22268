// Package cases reads the measured cases of a dialect: small clusters, requests
// and the answers of the source controller, in a form that can be compared with
// the dialect's specification line by line.
package cases

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/oracle/generate"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/oracle/judge"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/oracle/world"
)

// Case is one case.
type Case struct {
	Name string
	// Profiles are the sources that it is put before; none: the usual one.
	Profiles []string
	Set      *world.Set
	// Want are the answers to Set.Requests, in their order.
	Want []Want
	// Shares are how the answers to Dealt are dealt to Services, in percent.
	Dealt  []judge.Request
	Shares []map[string]float64
	// SourceShares: those are the source's alone.
	SourceShares bool
	// Refused: the source controller does not load the set.
	Refused bool
	// Undefined says why the source controller does not always answer so.
	Undefined string
}

// Want is what an answer has to be. Empty fields are not compared.
type Want struct {
	Status   int
	Location string
	// Service and URI of the pod that answers; no Service: Traefik answers itself.
	Service, URI string
	// Certificate is a name in the certificate.
	Certificate string
	// Saw are headers that the pod saw, Got headers of the answer. "-" is none.
	Saw, Got map[string]string
	Text     string // as it was written
}

// parser reads one case, a line at a time:
//
//	profile NAME …
//	ingress NAME [ns=two] [default=SERVICE]
//	rule HOST PATH SERVICE[:PORT] [TYPE]  - is no host or path; HOST alone: no http;
//	                                    a further path when the line before has the host
//	tls SECRET [HOST …]                 - is no secret
//	service NAME [ns=two] [pods=N|unready|none] [port=NAME:PORT,…] [external=pod]
//	secret NAME [ns=two] [type=TYPE] KEY=VALUE …      \n in values
//	ann NAME: VALUE                     of the ingress or service above; without
//	                                    a prefix it gets that of the dialect
//	ask METHOD URL [Header=value …] => STATUS [to LOCATION] [by SERVICE [URI]] [cert NAME] [saw Header=value] [got Header=value]
//	                                    any is any service, * any value, - none
//	shares METHOD URL => SERVICE:PERCENT … [source]   how the answers are dealt, by the source alone
//	refused
//	undefined WHY
//
// With a profile of Traefik 2 or 3 the cluster has the generator's objects of Traefik.
//
// Ingresses of ingress-nginx have its class, and each is a day younger than the
// one before.
type parser struct {
	c           *Case
	from        convert.Dialect
	ingress     *networkingv1.Ingress
	annotations func(key, value string)
	pods        map[*corev1.Service]int
	unready     map[*corev1.Service]bool
}

// Parse reads a case of a dialect.
func Parse(from convert.Dialect, name, text string) (*Case, error) {
	p := &parser{from: from, c: &Case{Name: name, Set: &world.Set{}}, pods: map[*corev1.Service]int{}, unready: map[*corev1.Service]bool{}}
	number := 0
	for line := range strings.Lines(text) {
		number++
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		if err := p.line(line); err != nil {
			return nil, fmt.Errorf("%s line %d: %w", name, number, err)
		}
	}
	if slices.ContainsFunc(p.c.Profiles, func(name string) bool { return strings.HasPrefix(name, "traefik-") }) {
		for _, namespace := range world.Namespaces() {
			p.c.Set.Traefik = append(p.c.Set.Traefik, generate.Objects(namespace)...)
			p.c.Set.Secrets = append(p.c.Set.Secrets, generate.Secret(namespace, "users"))
		}
	}
	for _, service := range p.c.Set.Services {
		if p.pods[service] < 0 {
			continue
		}
		endpoints := world.EndpointsOf(service, p.pods[service])
		if p.unready[service] {
			subset := &endpoints.Subsets[0]
			subset.NotReadyAddresses, subset.Addresses = subset.Addresses, nil
		}
		p.c.Set.Endpoints = append(p.c.Set.Endpoints, endpoints)
	}
	p.c.Set.Complete()
	return p.c, nil
}

func (p *parser) line(line string) error {
	word, rest, _ := strings.Cut(line, " ")
	rest = strings.TrimSpace(rest)
	switch word {
	case "profile":
		p.c.Profiles = strings.Fields(rest)
	case "ingress":
		return p.newIngress(strings.Fields(rest))
	case "rule":
		return p.rule(strings.Fields(rest))
	case "tls":
		words := strings.Fields(rest)
		p.ingress.Spec.TLS = append(p.ingress.Spec.TLS, networkingv1.IngressTLS{SecretName: blank(words[0]), Hosts: words[1:]})
	case "service":
		return p.newService(strings.Fields(rest))
	case "secret":
		return p.newSecret(rest)
	case "ann":
		key, value, ok := strings.Cut(rest, ":")
		if !ok {
			return fmt.Errorf("annotation without a colon: %q", rest)
		}
		if !strings.Contains(key, "/") && !strings.HasPrefix(key, "traefik.") {
			key = p.prefix() + key
		}
		value = strings.TrimPrefix(value, " ")
		if unquoted, err := strconv.Unquote(value); err == nil && strings.HasPrefix(value, `"`) {
			value = unquoted
		}
		p.annotations(key, value)
	case "ask":
		return p.ask(rest)
	case "shares":
		return p.shares(rest)
	case "refused":
		p.c.Refused = true
	case "undefined":
		p.c.Undefined = rest
	default:
		return fmt.Errorf("unknown word %q", word)
	}
	return nil
}

func (p *parser) prefix() string {
	if p.from == convert.FromNginx {
		return "nginx.ingress.kubernetes.io/"
	}
	return "traefik.ingress.kubernetes.io/"
}

// blank is what a word stands for: - is nothing.
func blank(word string) string {
	if word == "-" {
		return ""
	}
	return word
}

// options reads name=value words.
func options(words []string) (map[string]string, error) {
	out := map[string]string{}
	for _, word := range words {
		key, value, ok := strings.Cut(word, "=")
		if !ok {
			return nil, fmt.Errorf("want name=value, not %q", word)
		}
		out[key] = value
	}
	return out, nil
}

func namespace(o map[string]string) string {
	if o["ns"] != "" {
		return o["ns"]
	}
	return "one"
}

func (p *parser) newIngress(words []string) error {
	o, err := options(words[1:])
	if err != nil {
		return err
	}
	p.ingress = &networkingv1.Ingress{ObjectMeta: metav1.ObjectMeta{Namespace: namespace(o), Name: words[0], Annotations: map[string]string{}}}
	if o["default"] != "" {
		backend, err := backendOf(o["default"])
		if err != nil {
			return err
		}
		p.ingress.Spec.DefaultBackend = &backend
	}
	if p.from == convert.FromNginx {
		class := "nginx"
		p.ingress.Spec.IngressClassName = &class
		p.ingress.CreationTimestamp = metav1.NewTime(time.Date(2024, 1, 1+len(p.c.Set.Ingresses), 0, 0, 0, 0, time.UTC))
	}
	if o["class"] != "" {
		class := o["class"]
		p.ingress.Spec.IngressClassName = &class
	}
	p.c.Set.Ingresses = append(p.c.Set.Ingresses, p.ingress)
	p.annotations = func(key, value string) { p.ingress.Annotations[key] = value }
	return nil
}

func backendOf(text string) (networkingv1.IngressBackend, error) {
	name, port, found := strings.Cut(text, ":")
	service := &networkingv1.IngressServiceBackend{Name: name, Port: networkingv1.ServiceBackendPort{Number: 80}}
	if found {
		if number, err := strconv.ParseInt(port, 10, 32); err == nil {
			service.Port.Number = int32(number)
		} else {
			service.Port = networkingv1.ServiceBackendPort{Name: strings.Trim(port, `"`)}
		}
	}
	return networkingv1.IngressBackend{Service: service}, nil
}

func (p *parser) rule(words []string) error {
	rule := networkingv1.IngressRule{Host: blank(words[0])}
	if len(words) >= 3 {
		backend, err := backendOf(words[2])
		if err != nil {
			return err
		}
		pathType := networkingv1.PathTypeImplementationSpecific
		if len(words) > 3 {
			pathType = networkingv1.PathType(words[3])
		}
		path := networkingv1.HTTPIngressPath{Path: blank(words[1]), PathType: &pathType, Backend: backend}
		if last := len(p.ingress.Spec.Rules) - 1; last >= 0 && p.ingress.Spec.Rules[last].Host == rule.Host && p.ingress.Spec.Rules[last].HTTP != nil {
			paths := &p.ingress.Spec.Rules[last].HTTP.Paths
			*paths = append(*paths, path)
			return nil
		}
		rule.HTTP = &networkingv1.HTTPIngressRuleValue{Paths: []networkingv1.HTTPIngressPath{path}}
	}
	p.ingress.Spec.Rules = append(p.ingress.Spec.Rules, rule)
	return nil
}

func (p *parser) ask(text string) error {
	question, answer, ok := strings.Cut(text, " => ")
	if !ok {
		return fmt.Errorf("no => in %q", text)
	}
	request, err := judge.ParseRequest(question)
	if err != nil {
		return err
	}
	want, err := parseWant(strings.Fields(answer))
	if err != nil {
		return err
	}
	want.Text = answer
	p.c.Set.Requests = append(p.c.Set.Requests, request)
	p.c.Want = append(p.c.Want, want)
	return nil
}
