package ir

import (
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
)

// Input is everything a conversion may look at. The caller has already turned
// older API versions of Ingress into networking.k8s.io/v1, keeping every field.
// Nothing in it is modified.
type Input struct {
	Ingresses      []Ingress
	IngressClasses []*networkingv1.IngressClass
	// Services may be incomplete: ServicesKnown tells whether a Service that is
	// not listed is known to be missing (true: read from a cluster) or unknown
	// (false: offline input without Services).
	Services      []*corev1.Service
	ServicesKnown bool
	// Endpoints gives ready pod counts where v1 weighs by pods.
	Endpoints      []*Endpoints
	EndpointsKnown bool
	// Secrets carries facts about secrets, never their data.
	Secrets      []Secret
	SecretsKnown bool
	// Traefik are objects of Traefik's API groups that Ingresses may refer to.
	// TraefikKnown tells whether one that is not listed is known to be missing.
	Traefik      []TraefikObject
	TraefikKnown bool
}

// Endpoints and their subsets are deprecated in favour of EndpointSlices, but
// they are what Traefik 1.7 and 2 read and all that clusters of their time have.
type (
	//lint:ignore SA1019 see above
	Endpoints = corev1.Endpoints
	//lint:ignore SA1019 see above
	EndpointSubset = corev1.EndpointSubset
)

// Ingress is one Ingress with the place it came from.
type Ingress struct {
	*networkingv1.Ingress
	// File is "path" or "path:document" of offline input; empty for a cluster.
	File string
}

// Secret is what a conversion may know of a Secret: never the data.
type Secret struct {
	Namespace, Name string
	Type            corev1.SecretType
	// Keys are the sorted data keys.
	Keys []string
	// EmptyKeys are those of Keys that have no content.
	EmptyKeys []string
	// Users is the form of the lines of users: UsersBasic, UsersDigest, UsersNone when
	// there are none, or empty when it is not known.
	Users string
	// Problem is a sentence about content that Traefik 1.7 refuses (found by the
	// reader), empty when there is none.
	Problem string
}

// Forms of lines of users.
const (
	UsersBasic  = "user:hash"
	UsersDigest = "user:realm:hash"
	UsersNone   = "none"
)
