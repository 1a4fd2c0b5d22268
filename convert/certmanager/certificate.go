// Package certmanager writes down the Certificates that cert-manager's
// ingress-shim makes of an Ingress, so that they can outlive it.
package certmanager

import (
	"maps"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

// Group is cert-manager's API group, and that of its own issuers.
const Group = "cert-manager.io"

// Certificate is a Certificate of cert-manager.io/v1, with the fields that
// ingress-shim fills (pkg/apis/certmanager/v1/types_certificate.go). cert-manager's
// own type would bring its whole module along.
type Certificate struct {
	metav1.TypeMeta `json:",inline"`
	Metadata        `json:"metadata"`
	Spec            Spec `json:"spec"`
}

// Metadata always says who the owners are, also that there are none: a kubectl
// apply takes an owner away only when the applied object has the list.
type Metadata struct {
	metav1.ObjectMeta `json:",inline"`
	Owners            []metav1.OwnerReference `json:"ownerReferences"`
}

// Spec says what certificate is wanted, of whom, and which Secret it goes into.
type Spec struct {
	Subject               *Subject         `json:"subject,omitempty"`
	CommonName            string           `json:"commonName,omitempty"`
	Duration              *metav1.Duration `json:"duration,omitempty"`
	RenewBefore           *metav1.Duration `json:"renewBefore,omitempty"`
	RenewBeforePercentage *int32           `json:"renewBeforePercentage,omitempty"`
	DNSNames              []string         `json:"dnsNames,omitempty"`
	IPAddresses           []string         `json:"ipAddresses,omitempty"`
	EmailAddresses        []string         `json:"emailAddresses,omitempty"`
	SecretName            string           `json:"secretName"`
	SecretTemplate        *SecretTemplate  `json:"secretTemplate,omitempty"`
	IssuerRef             IssuerRef        `json:"issuerRef"`
	Usages                []string         `json:"usages,omitempty"`
	PrivateKey            *PrivateKey      `json:"privateKey,omitempty"`
	RevisionHistoryLimit  *int32           `json:"revisionHistoryLimit,omitempty"`
}

// IssuerRef names an Issuer or ClusterIssuer, or a resource of another group.
type IssuerRef struct {
	Name  string `json:"name"`
	Kind  string `json:"kind,omitempty"`
	Group string `json:"group,omitempty"`
}

// Subject is the subject of the certificate beside its common name.
type Subject struct {
	Organizations       []string `json:"organizations,omitempty"`
	Countries           []string `json:"countries,omitempty"`
	OrganizationalUnits []string `json:"organizationalUnits,omitempty"`
	Localities          []string `json:"localities,omitempty"`
	Provinces           []string `json:"provinces,omitempty"`
	StreetAddresses     []string `json:"streetAddresses,omitempty"`
	PostalCodes         []string `json:"postalCodes,omitempty"`
	SerialNumber        string   `json:"serialNumber,omitempty"`
}

// SecretTemplate is copied onto the Secret.
type SecretTemplate struct {
	Annotations map[string]string `json:"annotations,omitempty"`
	Labels      map[string]string `json:"labels,omitempty"`
}

// PrivateKey says what key is made.
type PrivateKey struct {
	RotationPolicy string `json:"rotationPolicy,omitempty"`
	Encoding       string `json:"encoding,omitempty"`
	Algorithm      string `json:"algorithm,omitempty"`
	Size           int    `json:"size,omitempty"`
}

// DeepCopyObject makes a Certificate a runtime.Object. Specs are never changed
// once they are made, so copies share what theirs point to.
func (c *Certificate) DeepCopyObject() runtime.Object {
	out := *c
	c.ObjectMeta.DeepCopyInto(&out.ObjectMeta)
	out.Owners = slices.Clone(c.Owners)
	return &out
}

// newCertificate is the Certificate for one Secret before annotations are looked
// at. Its labels are the Ingress' own, but for the one by which kubectl would
// prune it.
func newCertificate(namespace, secret string, labels map[string]string, issuer IssuerRef) *Certificate {
	labels = maps.Clone(labels)
	delete(labels, "applyset.kubernetes.io/part-of")
	c := &Certificate{
		TypeMeta: metav1.TypeMeta{APIVersion: Group + "/v1", Kind: "Certificate"},
		Spec:     Spec{SecretName: secret, IssuerRef: issuer, Usages: []string{"digital signature", "key encipherment"}},
	}
	c.Namespace, c.Name, c.Labels, c.Owners = namespace, secret, labels, []metav1.OwnerReference{}
	return c
}
