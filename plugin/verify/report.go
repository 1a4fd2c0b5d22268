package verify

import (
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

// APIVersion and Kind of a Report in JSON and YAML.
const (
	APIVersion = "ingress-migrate.io/v1alpha1"
	Kind       = "Verification"
)

// Difference is one request that the new proxy answers otherwise.
type Difference struct {
	Request Request `json:"request"`
	// How has a clause per part of the answer.
	How []string `json:"how"`
}

// Report is what was found. It is an API object so that every output format of kubectl
// works on it.
type Report struct {
	metav1.TypeMeta `json:",inline"`
	// Old and New are where the proxies were asked.
	Old Side `json:"old"`
	New Side `json:"new"`
	// Planned requests, of which Asked were asked and Same got the same answer. Unsteady
	// ones the old proxy itself answers differently each time, or does so now: nothing can
	// be said of them.
	Planned  int `json:"planned"`
	Asked    int `json:"asked"`
	Same     int `json:"same"`
	Unsteady int `json:"unsteady"`
	// Different has an entry for each of the others.
	Different []Difference `json:"different"`
}

// DeepCopyObject implements runtime.Object.
func (r *Report) DeepCopyObject() runtime.Object {
	out := *r
	out.Different = slices.Clone(r.Different)
	return &out
}
