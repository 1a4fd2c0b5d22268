// Package edge holds the sandbox's edge deployments: the Traefik 1.7 DaemonSet of
// a real story (host network, node selector, host ports, one unavailable at a
// time, 60 s of grace, redirect in a configuration file) and the DaemonSets of
// Traefik 2.11 and 3 that are to take its nodes over.
package edge

import (
	"bufio"
	"bytes"
	"cmp"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"text/template"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// The images that the sandbox's nodes know.
const (
	ImageTraefik1 = "traefik:1.7.34"
	ImageTraefik2 = "traefik:2.11.50"
	ImageTraefik3 = "traefik:3.6.12"
)

//go:embed manifests/traefik1.yaml
var traefik1YAML string

//go:embed manifests/traefik2.yaml
var traefik2YAML string

//go:embed manifests/traefik3.yaml
var traefik3YAML string

// Options are what tests vary. The zero value is the story's deployment with
// high ports and graces that suit a balancer which checks every second.
type Options struct {
	Namespace string // default "kube-system"
	Name      string // default "traefik1", "traefik2" or "traefik3"
	Image     string // default ImageTraefik1, ImageTraefik2 or ImageTraefik3
	LogLevel  string // default "INFO"
	// NodeLabel and NodeLabelValue select the nodes: default "edge-node-label"
	// and "true".
	NodeLabel, NodeLabelValue string
	// HTTP, HTTPS and Admin are the host ports: default 8000, 8443 and 8080.
	HTTP, HTTPS, Admin int32
	// RedirectToHTTPS answers plain requests with a redirect to HTTPS.
	RedirectToHTTPS bool
	// AcceptGrace is how long requests are accepted after SIGTERM while /ping
	// says 503: default 5 s. NoGrace is none, Traefik's own default.
	AcceptGrace time.Duration
	// FinishGrace is how long running requests have after that: default 10 s.
	FinishGrace time.Duration
	// DefaultCertificate is the NAMESPACE/NAME of the Secret that nginx shows for
	// hosts without a certificate.
	DefaultCertificate string
	// RuleSyntax is how Traefik 3 reads rules that do not say it: "v2" is that of
	// Traefik 2, empty is its own.
	RuleSyntax string
}

// NoGrace stops accepting requests at once, which loses some.
const NoGrace = -time.Second

// Deployment is a list of objects in the order in which they are to be created.
type Deployment []client.Object

// DaemonSet is the deployment's DaemonSet, to be changed before it is applied.
func (d Deployment) DaemonSet() *appsv1.DaemonSet {
	for _, object := range d {
		if daemonSet, ok := object.(*appsv1.DaemonSet); ok {
			return daemonSet
		}
	}
	return nil
}

// Traefik1 is Traefik 1.7, reading Ingresses.
func Traefik1(o Options) (Deployment, error) {
	return render("traefik1", traefik1YAML, o.withDefaults("traefik1", ImageTraefik1))
}

// Traefik2 is Traefik 2.11, reading its custom resources. Its entry points are
// called web and websecure.
func Traefik2(o Options) (Deployment, error) {
	return render("traefik2", traefik2YAML, o.withDefaults("traefik2", ImageTraefik2))
}

// Traefik3 is Traefik 3, reading its custom resources. Its entry points are called
// web and websecure.
func Traefik3(o Options) (Deployment, error) {
	return render("traefik3", traefik3YAML, o.withDefaults("traefik3", ImageTraefik3))
}

func (o Options) withDefaults(name, image string) Options {
	o.Namespace = cmp.Or(o.Namespace, "kube-system")
	o.Name = cmp.Or(o.Name, name)
	o.Image = cmp.Or(o.Image, image)
	o.LogLevel = cmp.Or(o.LogLevel, "INFO")
	o.NodeLabel = cmp.Or(o.NodeLabel, "edge-node-label")
	o.NodeLabelValue = cmp.Or(o.NodeLabelValue, "true")
	o.HTTP = cmp.Or(o.HTTP, 8000)
	o.HTTPS = cmp.Or(o.HTTPS, 8443)
	o.Admin = cmp.Or(o.Admin, 8080)
	o.AcceptGrace = max(0, cmp.Or(o.AcceptGrace, 5*time.Second))
	o.FinishGrace = max(0, cmp.Or(o.FinishGrace, 10*time.Second))
	return o
}

// EntryPoints are those of Traefik 2 and 3, for their templates.
func (o Options) EntryPoints() []string { return []string{"web", "websecure"} }

func render(name, text string, o Options) (Deployment, error) {
	parsed, err := template.New(name).Option("missingkey=error").Parse(text)
	if err != nil {
		return nil, fmt.Errorf("manifest of %s: %w", name, err)
	}
	var manifest bytes.Buffer
	if err := parsed.Execute(&manifest, o); err != nil {
		return nil, fmt.Errorf("manifest of %s: %w", name, err)
	}
	return decode(&manifest, scheme.Scheme)
}

// decode reads a stream of YAML documents into typed objects, strictly.
func decode(stream io.Reader, known *runtime.Scheme) (Deployment, error) {
	var objects Deployment
	reader := utilyaml.NewYAMLReader(bufio.NewReader(stream))
	decoder := serializer.NewCodecFactory(known, serializer.EnableStrict).UniversalDeserializer()
	for {
		document, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return objects, nil
		}
		if err != nil {
			return nil, fmt.Errorf("reading YAML: %w", err)
		}
		if len(bytes.TrimSpace(document)) == 0 {
			continue
		}
		decoded, _, err := decoder.Decode(document, nil, nil)
		if err != nil {
			return nil, fmt.Errorf("reading YAML: %w", err)
		}
		object, ok := decoded.(client.Object)
		if !ok {
			return nil, fmt.Errorf("%T is not an object", decoded)
		}
		objects = append(objects, object)
	}
}
