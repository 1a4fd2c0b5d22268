package traefikv1

import (
	"slices"
	"strings"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
)

// separateNamespaces keeps frontends of several namespaces with one key apart.
// Traefik 1.7 mixes their pods in one backend; the target's routes reach only
// Services of their own namespace, and a namespace must not be able to take over
// or remove the route of another one. The oldest claim stays.
func (t *translator) separateNamespaces() {
	if !t.contested {
		return
	}
	oldest := map[string]*frontend{}
	for _, f := range t.frontends {
		if other := oldest[f.key]; other == nil || compareAge(f.oldest(), other.oldest()) < 0 {
			oldest[f.key] = f
		}
	}
	for _, f := range t.frontends {
		keeper := oldest[f.key]
		if keeper == f {
			continue
		}
		f.fail(blocked(diag.EMergeXNS, "", "the same host and path is claimed by an older Ingress of namespace "+keeper.namespace+"; Traefik 1.7 sends requests to the pods of both"))
		for _, at := range keeper.places {
			at.src.say(diag.EMergeXNS, at.field(), "the same host and path is claimed by a newer Ingress of namespace "+f.namespace+
				", whose route is withheld; Traefik 1.7 sends requests to the pods of both")
		}
	}
}

// oldest is the oldest of the Ingresses of a frontend.
func (f *frontend) oldest() *source {
	oldest := f.places[0].src
	for _, at := range f.places[1:] {
		if compareAge(at.src, oldest) < 0 {
			oldest = at.src
		}
	}
	return oldest
}

// reportMerge says which annotations of merged Ingresses have no effect, and
// withholds the route when it is open or protected by chance.
func (f *frontend) reportMerge() {
	for _, at := range f.places {
		if at.src == f.first {
			continue
		}
		at.src.readLike(f.first)
		names, protection := differences(f.first, at.src)
		if len(names) == 0 {
			continue
		}
		for _, name := range names {
			if a := at.src.ann.find(name); a != nil {
				at.src.ignore(a.key)
			}
		}
		text := "shares host and path with Ingress " + f.first.Name + ", which comes first and has another " + strings.Join(names, ", ")
		switch {
		case !protection:
			at.src.say(diag.WMerge, at.field(), text)
		case !slices.ContainsFunc(f.problems, func(p finding) bool { return p.code == diag.WMerge }):
			f.fail(blocked(diag.WMerge, "", "Ingresses "+f.first.Name+" and "+at.src.Name+" share host and path and differ in "+strings.Join(names, ", ")+
				"; in Traefik 1.7 the order of loading decides how the route is protected"))
		}
	}
}

// readLike notes as read what the first Ingress of a frontend has just the same:
// its own annotations are what takes effect, whoever came first.
func (s *source) readLike(first *source) {
	for i := range s.ann {
		own := &s.ann[i]
		if !own.wins {
			continue
		}
		if other := first.ann.winner(own.known.Name); other != nil && other.read && other.value == own.value {
			own.read = true
		}
	}
}

// ignore notes that an annotation is overruled by the one of another Ingress.
func (s *source) ignore(key string) {
	if s.ignored == nil {
		s.ignored = map[string]bool{}
	}
	s.ignored[key] = true
}

// differences are the names of annotations in which two Ingresses of one
// frontend differ, sorted, and whether one of them protects.
func differences(a, b *source) (names []string, protection bool) {
	for _, known := range registry {
		switch known.Family {
		case familySelection, familyService:
			continue
		}
		if known.Name == "service-weights" || known.Name == "protocol" || slices.Contains(names, known.Name) {
			continue // these hold for the servers of their own Ingress
		}
		av, aok := a.ann.peek(known.Name)
		bv, bok := b.ann.peek(known.Name)
		if aok == bok && av == bv {
			continue
		}
		names = append(names, known.Name)
		protection = protection || known.Family == familyAuth || known.Family == familyWhitelist
	}
	slices.Sort(names)
	return names, protection
}
