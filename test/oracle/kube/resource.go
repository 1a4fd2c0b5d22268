// Package kube is an HTTP fake of the part of the Kubernetes API that ingress
// controllers read: LIST and WATCH of any resource, as JSON. It validates
// nothing, so pods may live in 127.0.0.0/8, and it serves extensions/v1beta1 to
// Traefik 1.7 beside everything that Traefik 2 and 3 ask for.
package kube

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
)

// Resource is one kind as the API serves it.
type Resource struct{ Group, Version, Plural, Kind string }

// Resources that the providers list. A controller that asks for another one
// gets 404, and says so in its log.
func Resources() []Resource {
	all := []Resource{
		{"", "v1", "services", "Service"},
		{"", "v1", "endpoints", "Endpoints"},
		{"", "v1", "secrets", "Secret"},
		{"", "v1", "configmaps", "ConfigMap"},
		{"", "v1", "namespaces", "Namespace"},
		{"", "v1", "nodes", "Node"},
		{"discovery.k8s.io", "v1", "endpointslices", "EndpointSlice"},
		{"extensions", "v1beta1", "ingresses", "Ingress"},
		{"networking.k8s.io", "v1", "ingresses", "Ingress"},
		{"networking.k8s.io", "v1", "ingressclasses", "IngressClass"},
	}
	for _, group := range []string{"traefik.io", "traefik.containo.us"} {
		for _, r := range []Resource{
			{Plural: "ingressroutes", Kind: "IngressRoute"},
			{Plural: "ingressroutetcps", Kind: "IngressRouteTCP"},
			{Plural: "ingressrouteudps", Kind: "IngressRouteUDP"},
			{Plural: "middlewares", Kind: "Middleware"},
			{Plural: "middlewaretcps", Kind: "MiddlewareTCP"},
			{Plural: "serverstransports", Kind: "ServersTransport"},
			{Plural: "serverstransporttcps", Kind: "ServersTransportTCP"},
			{Plural: "tlsoptions", Kind: "TLSOption"},
			{Plural: "tlsstores", Kind: "TLSStore"},
			{Plural: "traefikservices", Kind: "TraefikService"},
		} {
			r.Group, r.Version = group, "v1alpha1"
			all = append(all, r)
		}
	}
	return all
}

func (r Resource) apiVersion() string {
	if r.Group == "" {
		return r.Version
	}
	return r.Group + "/" + r.Version
}

// identity is what the server has to know of an object.
type identity struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Metadata   struct {
		Namespace string            `json:"namespace"`
		Name      string            `json:"name"`
		Labels    map[string]string `json:"labels"`
	} `json:"metadata"`
}

// object is a stored object.
type object struct {
	identity
	resource int // index into Resources
	body     map[string]any
	text     string // canonical JSON without resourceVersion, to tell changes
}

func (o *object) key() string { return o.Metadata.Namespace + "/" + o.Metadata.Name }

// newObject reads one object by way of JSON. Objects without apiVersion and
// kind are refused: typed objects of client-go leave them empty.
func newObject(resources []Resource, in any) (*object, error) {
	text, err := json.Marshal(in)
	if err != nil {
		return nil, fmt.Errorf("encoding %T: %w", in, err)
	}
	o := &object{resource: -1, text: string(text)}
	if err := json.Unmarshal(text, &o.identity); err != nil {
		return nil, fmt.Errorf("reading %T: %w", in, err)
	}
	// Numbers stay as they are written: priorities can exceed what a float holds.
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	if err := decoder.Decode(&o.body); err != nil {
		return nil, fmt.Errorf("reading %T: %w", in, err)
	}
	for i, r := range resources {
		if r.apiVersion() == o.APIVersion && r.Kind == o.Kind {
			o.resource = i
		}
	}
	if o.resource < 0 {
		return nil, fmt.Errorf("%s %s %s: no such resource in the fake API", o.APIVersion, o.Kind, o.key())
	}
	return o, nil
}

// at is the object as of resource version rv.
func (o *object) at(rv int64) map[string]any {
	body := make(map[string]any, len(o.body))
	for k, v := range o.body {
		body[k] = v
	}
	metadata := map[string]any{}
	if old, ok := body["metadata"].(map[string]any); ok {
		for k, v := range old {
			metadata[k] = v
		}
	}
	metadata["resourceVersion"] = fmt.Sprint(rv)
	metadata["uid"] = fmt.Sprintf("uid-%d-%s", o.resource, strings.ReplaceAll(o.key(), "/", "."))
	body["metadata"] = metadata
	return body
}
