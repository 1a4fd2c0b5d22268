package block

import (
	"slices"
	"strings"
)

// sort brings the entries of the mapping that begins at begin into the order of
// their keys, in which JSON is written. A key that is given twice is doubtful.
func (p *parser) sort(begin int, entries []span) bool {
	sorted := true
	for i := 1; i < len(entries); i++ {
		sorted = sorted && entries[i-1].key < entries[i].key
	}
	if sorted {
		return true
	}
	unsorted := slices.Clone(p.json[begin:])
	slices.SortFunc(entries, func(a, b span) int { return strings.Compare(a.key, b.key) })
	p.json = append(p.json[:begin], '{')
	for i, entry := range entries {
		if i > 0 {
			if entries[i-1].key == entry.key {
				return false
			}
			p.json = append(p.json, ',')
		}
		p.json = append(p.json, unsorted[entry.begin-begin:entry.end-begin]...)
	}
	p.json = append(p.json, '}')
	return true
}
