package traefikingress

import (
	"cmp"
	"hash/fnv"
	"slices"
	"unicode"
	"unicode/utf8"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
)

// reportCollisions reports routers and services that have one name in the Ingress
// provider although they are different: one overwrites the other. The output
// gives each a name of its own, so what is dead today comes alive.
func (t *translator) reportCollisions() {
	routerNames := newNames(len(t.routers))
	serviceNames := newNames(len(t.routers))
	for i := range t.routers {
		at := t.routers[i].at
		if at.rule < 0 {
			continue
		}
		backend := &t.routers[i].route.Backend.Services[0]
		routerNames.note(i, at.src.Namespace, "-", at.src.Name, "-", at.host(), at.pathText())
		serviceNames.note(i, at.src.Namespace, "-", backend.Name, "-", portText(backend))
	}
	routerNames.each(func(group []int) {
		t.reportGroup(group, "router",
			func(a, b *router) bool { return a.at.src == b.at.src },
			func(r *router) string { return r.at.url() + " of Ingress " + r.at.src.ref().String() })
	})
	serviceNames.each(func(group []int) {
		t.reportGroup(group, "service",
			func(a, b *router) bool {
				x, y := &a.route.Backend.Services[0], &b.route.Backend.Services[0]
				return a.at.src.Namespace == b.at.src.Namespace && x.Name == y.Name && x.PortName == y.PortName && x.PortNumber == y.PortNumber
			},
			func(r *router) string {
				backend := &r.route.Backend.Services[0]
				return "Service " + r.at.src.Namespace + "/" + backend.Name + " port " + portText(backend)
			})
	})
}

// reportGroup tells each member of a group about the first different one.
func (t *translator) reportGroup(group []int, what string, same func(a, b *router) bool, describe func(*router) string) {
	members := make([]*router, 0, len(group))
	for _, i := range group {
		members = append(members, &t.routers[i])
	}
	slices.SortStableFunc(members, func(a, b *router) int {
		return cmp.Or(compareName(a.at.src, b.at.src), cmp.Compare(a.at.rule, b.at.rule), cmp.Compare(a.at.path, b.at.path))
	})
	for _, r := range members {
		if i := slices.IndexFunc(members, func(other *router) bool { return !same(r, other) }); i >= 0 {
			r.at.src.say(diag.WTraefikCollision, r.at.field(), "Traefik gives its "+what+" the same name as "+describe(members[i])+"; only one of them exists today")
		}
	}
}

// names groups routers by a normalised name. Only hashes are kept: an accidental
// equality costs one needless warning.
type names struct {
	first  map[uint64]int
	groups map[uint64][]int
	buf    []byte
}

func newNames(n int) *names { return &names{first: make(map[uint64]int, n)} }

func (n *names) note(i int, parts ...string) {
	n.buf = n.buf[:0]
	for _, part := range parts {
		n.buf = appendNormalized(n.buf, part)
	}
	h := fnv.New64a()
	h.Write(n.buf) // never fails, as package hash promises
	id := h.Sum64()
	first, taken := n.first[id]
	if !taken {
		n.first[id] = i
		return
	}
	if n.groups == nil {
		n.groups = map[uint64][]int{}
	}
	if n.groups[id] == nil {
		n.groups[id] = []int{first}
	}
	n.groups[id] = append(n.groups[id], i)
}

// each visits the groups of more than one; their order does not matter, because
// findings are sorted in the end.
func (n *names) each(visit func(group []int)) {
	for _, group := range n.groups {
		visit(group)
	}
}

// appendNormalized is normalize without making strings, for a name in parts.
func appendNormalized(id []byte, s string) []byte {
	for _, r := range s {
		switch {
		case unicode.IsLetter(r) || unicode.IsNumber(r):
			id = utf8.AppendRune(id, r)
		case len(id) > 0 && id[len(id)-1] != '-':
			id = append(id, '-')
		}
	}
	return id
}
