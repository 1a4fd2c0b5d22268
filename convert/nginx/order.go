package nginx

import (
	"cmp"
	"slices"
	"strings"
)

// byAge is the order in which the controller reads Ingresses, which decides every
// conflict: the oldest first, of equally old ones the later name first. One
// without a timestamp has not been stored yet (or comes from a file) and counts
// as newest: a newcomer must not take a route from an Ingress that is there.
func byAge(sources []*source) []*source {
	out := slices.Clone(sources)
	slices.SortStableFunc(out, compareAge)
	return out
}

func compareAge(a, b *source) int {
	at, bt := a.CreationTimestamp, b.CreationTimestamp
	switch {
	case at.IsZero() && !bt.IsZero():
		return 1
	case !at.IsZero() && bt.IsZero():
		return -1
	}
	if c := at.Compare(bt.Time); c != 0 {
		return c
	}
	if a.Namespace == b.Namespace {
		return cmp.Compare(b.Name, a.Name)
	}
	if strings.HasPrefix(a.Namespace, b.Namespace) || strings.HasPrefix(b.Namespace, a.Namespace) {
		return cmp.Compare(b.Namespace+"/"+b.Name, a.Namespace+"/"+a.Name)
	}
	return cmp.Compare(b.Namespace, a.Namespace)
}

// ageKnown tells whether timestamps decide between two Ingresses.
func ageKnown(a, b *source) bool {
	return !a.CreationTimestamp.IsZero() && !b.CreationTimestamp.IsZero()
}
