package traefikingress

import (
	"cmp"
	"slices"
	"unicode"
	"unicode/utf8"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
)

// reportCollisions reports routers and services that have one name in the Ingress
// provider although they are different: one overwrites the other. The output
// gives each a name of its own, so what is dead today comes alive.
func (t *translator) reportCollisions() {
	t.collide("router",
		func(n *names, r *router) uint64 {
			return n.hash(r.at.src.Namespace, r.at.src.Name, r.at.host(), r.at.pathText())
		},
		func(a, b *router) bool { return a.at.src == b.at.src },
		func(r *router) string { return r.at.url() + " of Ingress " + r.at.src.ref().String() })
	t.collide("service",
		func(n *names, r *router) uint64 {
			backend := &r.route.Backend.Services[0]
			return n.hash(r.at.src.Namespace, backend.Name, portText(backend))
		},
		sameService,
		func(r *router) string {
			backend := &r.route.Backend.Services[0]
			return "Service " + r.at.src.Namespace + "/" + backend.Name + " port " + portText(backend)
		})
}

func sameService(a, b *router) bool {
	x, y := &a.route.Backend.Services[0], &b.route.Backend.Services[0]
	return a.at.src.Namespace == b.at.src.Namespace && x.Name == y.Name && x.PortName == y.PortName && x.PortNumber == y.PortNumber
}

// collide finds routers of one hash that are not the same, and tells each of
// them about the first other one.
func (t *translator) collide(what string, hash func(*names, *router) uint64, same func(a, b *router) bool, describe func(*router) string) {
	n := &names{}
	hashes := make([]uint64, len(t.routers))
	first := make(map[uint64]int, len(t.routers))
	var shared map[uint64][]*router
	for i := range t.routers {
		r := &t.routers[i]
		if r.at.rule < 0 {
			continue
		}
		hashes[i] = hash(n, r)
		j, taken := first[hashes[i]]
		switch {
		case !taken:
			first[hashes[i]] = i
		case !same(&t.routers[j], r):
			if shared == nil {
				shared = map[uint64][]*router{}
			}
			shared[hashes[i]] = nil
		}
	}
	if shared == nil {
		return
	}
	for i := range t.routers {
		if _, ok := shared[hashes[i]]; ok && t.routers[i].at.rule >= 0 {
			shared[hashes[i]] = append(shared[hashes[i]], &t.routers[i])
		}
	}
	for _, members := range shared { // findings are sorted in the end
		slices.SortStableFunc(members, func(a, b *router) int {
			return cmp.Or(compareName(a.at.src, b.at.src), cmp.Compare(a.at.rule, b.at.rule), cmp.Compare(a.at.path, b.at.path))
		})
		for _, r := range members {
			other := slices.IndexFunc(members, func(m *router) bool { return !same(r, m) })
			if other >= 0 {
				r.at.src.say(diag.WTraefikCollision, r.at.field(), "Traefik gives its "+what+" the same name as "+describe(members[other])+"; only one of them exists today")
			}
		}
	}
}

// names hashes normalised names. An accidental equality costs one needless
// warning.
type names struct{ buf []byte }

// hash is of provider.Normalize of the parts joined by dashes.
func (n *names) hash(parts ...string) uint64 {
	n.buf = n.buf[:0]
	for i, part := range parts {
		if i > 0 {
			n.buf = appendNormalized(n.buf, "-")
		}
		n.buf = appendNormalized(n.buf, part)
	}
	for len(n.buf) > 0 && n.buf[len(n.buf)-1] == '-' {
		n.buf = n.buf[:len(n.buf)-1]
	}
	hash := uint64(14695981039346656037) // FNV-1a
	for _, c := range n.buf {
		hash = (hash ^ uint64(c)) * 1099511628211
	}
	return hash
}

// appendNormalized is normalize without making strings, for a name in parts.
func appendNormalized(id []byte, s string) []byte {
	for i := 0; i < len(s); {
		if c := s[i]; c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' {
			id = append(id, c)
			i++
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		i += size
		switch {
		case unicode.IsLetter(r) || unicode.IsNumber(r):
			id = utf8.AppendRune(id, r)
		case len(id) > 0 && id[len(id)-1] != '-':
			id = append(id, '-')
		}
	}
	return id
}
