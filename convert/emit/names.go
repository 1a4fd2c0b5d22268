package emit

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

// Names of emitted objects.
//
//	IngressRoute      <ingress>                         the plain-text routes
//	                  <ingress>-<tag>-<h1>              others; tag: tls, cert-SECRET, entry points
//	other kinds       <ingress>-<tag>-<h1>-<h2>         tag: strip, auth, weighted, …
//
// h1 is a hash of namespace, Ingress and tag, h2 one of the content. Traefik
// knows an object by its namespace and name joined with a dash, so "c" in
// namespace a-b and "b-c" in namespace a would be one object and one tenant's
// middleware would run for the other; h1 tells them apart, and since it does not
// contain anything an author of an Ingress can vary freely, it cannot be aimed.
// With h2 a changed middleware is a new object: a route never meets a
// half-changed chain, it switches from one whole chain to another.
//
// A name depends on its own Ingress alone, never on what else exists, so it is
// the same whether one Ingress is converted or a whole cluster.
const (
	maxName    = 253 // RFC 1123 subdomain, as the API server demands of names
	hashLength = 8
)

// plainName is the name of the IngressRoute with the plain-text routes. An
// Ingress whose own name could be read as <ingress>-<tag>-<h1> of another one in
// its namespace gets a tag itself, so that the two never meet.
func plainName(namespace, ingress string) string {
	clean := subdomain(ingress)
	if clean != ingress || len(ingress) > maxName-hashLength-1 || looksTagged(namespace, ingress) {
		return taggedName(namespace, ingress, "route")
	}
	return ingress
}

// taggedName is <ingress>-<tag>-<h1>.
func taggedName(namespace, ingress, tag string) string {
	tag = subdomain(tag)
	hash := nameHash(namespace, ingress, tag)
	return join(subdomain(ingress), tag, hash[:])
}

// ContentName is <ingress>-<tag>-<h1>-<h2>.
func ContentName(namespace, ingress, tag string, content []byte) string {
	sum := sha256.Sum256(content)
	hash := nameHash(namespace, ingress, tag)
	return join(subdomain(ingress), tag, hex.AppendEncode(append(hash[:], '-'), sum[:hashLength/2]))
}

func nameHash(namespace, ingress, tag string) (hash [hashLength]byte) {
	var buf [128]byte
	text := append(buf[:0], namespace...)
	text = append(text, 0)
	text = append(text, ingress...)
	text = append(text, 0)
	text = append(text, tag...)
	sum := sha256.Sum256(text)
	hex.Encode(hash[:], sum[:hashLength/2])
	return hash
}

// join puts a name together and shortens its first part to make it fit.
func join(base, tag string, hash []byte) string {
	room := maxName - len(hash) - 1
	if len(tag) > room/2 {
		tag = strings.TrimRight(tag[:room/2], "-.")
	}
	room -= len(tag) + 1
	if len(base) > room {
		base = strings.TrimRight(base[:room], "-.")
	}
	return base + "-" + tag + "-" + string(hash)
}

// looksTagged reports whether name is what taggedName gives for some Ingress of
// the namespace.
func looksTagged(namespace, name string) bool {
	cut := len(name) - hashLength - 1
	if cut < 3 || name[cut] != '-' || !isHex(name[cut+1:]) {
		return false
	}
	stem, hash := name[:cut], name[cut+1:]
	for i := 1; i < len(stem)-1; i++ {
		if stem[i] != '-' {
			continue
		}
		if would := nameHash(namespace, stem[:i], stem[i+1:]); string(would[:]) == hash {
			return true
		}
	}
	return false
}

func isHex(s string) bool {
	for i := range len(s) {
		if c := s[i]; (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}

// subdomain makes a valid RFC 1123 subdomain of s; a valid one is returned as it is.
func subdomain(s string) string {
	if isSubdomain(s) {
		return s
	}
	var b strings.Builder
	edge := true // at the beginning of a label: no dash, no dot
	for _, r := range strings.ToLower(s) {
		switch {
		case r >= 'a' && r <= 'z' || r >= '0' && r <= '9':
			b.WriteRune(r)
			edge = false
		case !edge:
			b.WriteByte('-')
			edge = true
		}
	}
	clean := strings.TrimRight(b.String(), "-")
	if clean == "" {
		return "x"
	}
	return clean
}

// isSubdomain is k8s.io/apimachinery's IsDNS1123Subdomain without its regular
// expression and without the limit of length.
func isSubdomain(s string) bool {
	edge := true
	for i := range len(s) {
		switch c := s[i]; {
		case c >= 'a' && c <= 'z' || c >= '0' && c <= '9':
			edge = false
		case c == '-' && (!edge || i > 0 && s[i-1] == '-'):
			edge = true
		case c == '.' && !edge:
			edge = true
		default:
			return false
		}
	}
	return !edge
}
