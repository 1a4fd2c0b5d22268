// Package block reads the plain block style of YAML in which kubectl, helm and
// people write manifests, and gives the JSON that sigs.k8s.io/yaml makes of it,
// byte for byte, at a small part of its cost.
//
// It is no YAML parser. It knows mappings and lists in block style, words on one
// line, quoted words and literal blocks (|), of printable ASCII. Everything else
// it leaves to the library: anchors, tags, flow style, folded text, words of
// several lines, comments behind values, repeated keys, numbers that are not
// plain decimal, words that YAML 1.1 reads as truth values, and everything that
// is wrong. Tests hold it against the library with generated and mutated
// documents.
package block
