// Package scan compares the Traefik objects that a cluster has with those that
// its Ingresses stand for. It prints nothing and changes nothing.
package scan

import (
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/desired"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
)

// Verdict sums up one Ingress.
type Verdict string

// The verdicts. All but InSync and Passed leave something to do.
const (
	// InSync: every object that should exist does, as it should.
	InSync Verdict = "InSync"
	// Missing: no object exists yet.
	Missing Verdict = "Missing"
	// Different: objects exist, some are not as they should be, or too many.
	Different Verdict = "Different"
	// Orphaned: objects of ours whose Ingress is gone.
	Orphaned Verdict = "Orphaned"
	// Blocked: a human has to act before the objects can exist.
	Blocked Verdict = "Blocked"
	// Passed: nothing should exist, because the Ingress is opted out, belongs to
	// another controller, or is not served by the old one.
	Passed Verdict = "Passed"
)

// APIVersion and Kind of a Report in JSON and YAML.
const (
	APIVersion = "ingress-migrate.io/v1alpha1"
	Kind       = "Scan"
)

// Report is the answer to a scan. It is an API object so that every output
// format of kubectl works on it.
type Report struct {
	metav1.TypeMeta `json:",inline"`
	// From and To say what was compared, such as traefik-v1 and traefik.io/v1alpha1.
	From    string  `json:"from"`
	To      string  `json:"to"`
	Summary Summary `json:"summary"`
	// Items are sorted by namespace and Ingress.
	Items []Item `json:"items"`
	// Notes are sentences about what could not be looked at.
	Notes []string `json:"notes,omitempty"`
}

// Summary counts. Orphaned counts Ingresses that are gone, which Ingresses does
// not include.
type Summary struct {
	Ingresses  int `json:"ingresses"`
	Namespaces int `json:"namespaces"`
	InSync     int `json:"inSync"`
	Missing    int `json:"missing"`
	Different  int `json:"different"`
	Blocked    int `json:"blocked"`
	Passed     int `json:"passed"`
	Orphaned   int `json:"orphaned"`
}

// Clean tells whether nothing is left to do.
func (s Summary) Clean() bool { return s.Missing+s.Different+s.Blocked+s.Orphaned == 0 }

// Item is one Ingress, or the remains of one.
type Item struct {
	Namespace string  `json:"namespace"`
	Ingress   string  `json:"ingress"`
	Verdict   Verdict `json:"verdict"`
	// Dialect the Ingress is in; empty when no controller in play serves it.
	Dialect convert.Dialect `json:"dialect,omitempty"`
	// Conversion is what the conversion says of the Ingress; empty when it is gone.
	Conversion convert.Verdict `json:"conversion,omitempty"`
	// Why is the most important reason, in a few words.
	Why string `json:"why,omitempty"`
	// Fix is what to type, without the program's name.
	Fix         string            `json:"fix,omitempty"`
	Objects     []Object          `json:"objects,omitempty"`
	Diagnostics []diag.Diagnostic `json:"diagnostics,omitempty"`
}

// Object is one Traefik object that exists or should.
type Object struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Name       string `json:"name"`
	State      State  `json:"state"`
	// Differences of the live object from the wanted one.
	Differences []desired.Difference `json:"differences,omitempty"`
	// Editor is who changed it by hand, as far as the API server knows.
	Editor *Editor `json:"editor,omitempty"`

	// Want is nil for an object that should not exist, Live for one that does not; both
	// for one that is in sync, and unless Objects were asked for.
	Want Packed `json:"-"`
	Live Packed `json:"-"`
	// Protects: it is wanted, and routes without it may let more in.
	Protects bool `json:"-"`
	// Adoptable: it is not ours, and may be taken over if somebody asks for it.
	Adoptable bool `json:"-"`
	// Edited: it is unwanted, and not as we applied it last.
	Edited bool `json:"-"`
	// OtherConverter is the version that wrote a stale one for the same Ingress; empty:
	// the Ingress has changed since, or it is not known. See desired.OtherConverter.
	OtherConverter string `json:"-"`
}

// State is how an object stands: those of package desired and these.
type State = desired.State

const (
	// Unlinked: the object does what is wanted, but does not carry the marks by
	// which it follows its Ingress, because the Ingress was created anew.
	Unlinked State = "Unlinked"
	// Unwanted: written by us, and the Ingresses do not ask for it any more.
	Unwanted State = "Unwanted"
)

// Editor is a field manager that owns a field we want another value of.
type Editor struct {
	Manager string    `json:"manager"`
	Field   string    `json:"field"`
	Time    time.Time `json:"time,omitzero"`
}

// DeepCopyObject implements runtime.Object.
func (r *Report) DeepCopyObject() runtime.Object {
	out := *r
	out.Notes = slices.Clone(r.Notes)
	out.Items = slices.Clone(r.Items)
	for i := range out.Items {
		item := &out.Items[i]
		item.Diagnostics = slices.Clone(item.Diagnostics)
		item.Objects = slices.Clone(item.Objects)
		for j := range item.Objects {
			item.Objects[j] = item.Objects[j].deepCopy()
		}
	}
	return &out
}

func (o Object) deepCopy() Object {
	o.Differences = slices.Clone(o.Differences)
	for i, d := range o.Differences {
		o.Differences[i].Want, o.Differences[i].Live = runtime.DeepCopyJSONValue(d.Want), runtime.DeepCopyJSONValue(d.Live)
	}
	if o.Editor != nil {
		editor := *o.Editor
		o.Editor = &editor
	}
	return o
}
