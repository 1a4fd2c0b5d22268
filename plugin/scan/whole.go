package scan

import (
	"fmt"
	"slices"

	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
)

// Detail is how much a Report tells of each object.
type Detail int

const (
	// Verdicts: how it stands.
	Verdicts Detail = iota
	// Objects: the object as well, see Object.Want and Object.Live.
	Objects
)

// Whole reads objects whose specs a Live leaves out.
type Whole func(map[Key]bool) (Live, error)

// left is an object that cannot be judged, or shown, without its spec.
type left struct {
	key   Key
	owner ir.Ref
	// ingress and want are nil when nothing asks for it.
	ingress *networkingv1.Ingress
	want    Packed
	// at is its place among the objects of its Ingress.
	at int
}

// leave puts an object off until catchUp.
func (c *comparison) leave(l left, want *unstructured.Unstructured) (err error) {
	if l.want, err = Pack(want); err != nil {
		return err
	}
	l.at = len(c.objects[l.owner])
	c.left = append(c.left, l)
	c.objects[l.owner] = append(c.objects[l.owner], Object{})
	return nil
}

// catchUp judges what was left, all at once: for a newer converter that may be
// everything.
func (c *comparison) catchUp(whole Whole) error {
	if len(c.left) == 0 {
		return nil
	}
	keys := make(map[Key]bool, len(c.left))
	for _, l := range c.left {
		keys[l.key] = true
	}
	read, err := whole(keys)
	if err != nil {
		return fmt.Errorf("reading again what has to be changed: %w", err)
	}
	for _, l := range c.left {
		live, err := read[l.key].Object()
		if err != nil {
			return err
		}
		object := &c.objects[l.owner][l.at]
		if l.want == nil {
			if live != nil {
				*object = c.remains(live, read[l.key])
			}
			continue
		}
		want, err := l.want.Object()
		if err != nil {
			return err
		}
		if *object, err = c.compare(want, live, l.ingress); err != nil {
			return err
		}
	}
	for _, l := range c.left { // what went meanwhile, and nobody asked for
		c.objects[l.owner] = slices.DeleteFunc(c.objects[l.owner], func(o Object) bool { return o.Kind == "" })
		if len(c.objects[l.owner]) == 0 {
			delete(c.objects, l.owner)
		}
	}
	return nil
}
