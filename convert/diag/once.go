package diag

import "slices"

// Once is a list of diagnostics, each of them once.
type Once struct {
	List []Diagnostic
	// seen are those of List, when there are many.
	seen map[Diagnostic]bool
}

// Add appends a diagnostic that is not in the list. Looking through the few of
// nearly every Ingress costs less than a map; one with thousands of paths needs it.
func (o *Once) Add(d Diagnostic) {
	const usual, few = 4, 32
	switch {
	case o.List == nil:
		o.List = make([]Diagnostic, 0, usual)
	case len(o.List) < few && o.has(&d), o.seen[d]:
		return
	case len(o.List) == few:
		o.seen = make(map[Diagnostic]bool, 2*few)
		for _, said := range o.List {
			o.seen[said] = true
		}
		if o.seen[d] {
			return
		}
	}
	o.List = append(o.List, d)
	if o.seen != nil {
		o.seen[d] = true
	}
}

// has looks through the list. Fields tell most findings of one Ingress apart.
func (o *Once) has(d *Diagnostic) bool {
	for i := range o.List {
		if said := &o.List[i]; said.Field == d.Field && *said == *d {
			return true
		}
	}
	return false
}

// Mentioned are names that something was said of already. Nearly always there is
// only one.
type Mentioned struct {
	first string
	more  []string
}

// First tells whether a name, which is not empty, comes up for the first time.
func (m *Mentioned) First(name string) bool {
	switch {
	case m.first == name || slices.Contains(m.more, name):
		return false
	case m.first == "":
		m.first = name
	default:
		m.more = append(m.more, name)
	}
	return true
}
