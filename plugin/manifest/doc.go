// Package manifest writes objects as YAML many times faster than the printer of
// kubectl, and in its very words.
//
// That printer (sigs.k8s.io/yaml) writes JSON, reads it as YAML and writes it
// again, which is what half of the time of a big conversion was spent on. Objects
// of a conversion are made of plain words nearly everywhere, and those need none
// of it. What is not certain to look the same is left to the printer, so there is
// one text for an object and not two: tests hold one against the other.
package manifest
