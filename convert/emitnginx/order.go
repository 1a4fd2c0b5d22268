package emitnginx

import (
	"strings"

	networkingv1 "k8s.io/api/networking/v1"
)

// write gives every location its text. Where nginx's own choice among plain paths
// is Traefik's, they are written so. Otherwise the whole host becomes expressions:
// nginx then takes the first that matches, the longest text before the others, and
// a text is made longer by groups without content where the order needs it.
func (s *server) write() {
	pairs := s.pairs
	if s.plain(pairs) {
		for _, l := range s.locations {
			l.text, l.pathType = l.pattern.text, string(networkingv1.PathTypePrefix)
			if l.pattern.shape == exact {
				l.pathType = string(networkingv1.PathTypeExact)
			}
		}
		return
	}
	// From the last to the first: each has to be longer than those after it with
	// which it shares paths.
	for i := len(s.locations) - 1; i >= 0; i-- {
		l := s.locations[i]
		least := 0
		for _, j := range pairs[i] {
			if j > i {
				least = max(least, len(s.locations[j].text)+1)
			}
		}
		l.text, l.pathType = longer(l.pattern, least), string(networkingv1.PathTypeImplementationSpecific)
	}
}

// filler matches nothing and takes space.
const filler = "(?:)"

// longer is the text of a location with at least the given length.
func longer(p pattern, least int) string {
	text := p.regex()
	if missing := least - len(text); missing > 0 {
		times := (missing + len(filler) - 1) / len(filler)
		text = text[:1] + strings.Repeat(filler, times) + text[1:]
	}
	return text
}

// regex tells whether the host is written as expressions.
func (s *server) regex() bool {
	return len(s.locations) > 0 && s.locations[0].pathType == string(networkingv1.PathTypeImplementationSpecific)
}

// plain tells whether plain paths do the same.
func (s *server) plain(pairs [][]int) bool {
	for i, l := range s.locations {
		if !l.pattern.plain() || l.answer.annotations["rewrite-target"] != "" {
			return false
		}
		for _, j := range pairs[i] {
			if j > i && !chosen(l.pattern, s.locations[j].pattern) {
				return false
			}
		}
	}
	return true
}

// chosen tells whether nginx prefers a to b where both match: exact paths, then
// the longest.
func chosen(a, b pattern) bool {
	if (a.shape == exact) != (b.shape == exact) {
		return a.shape == exact
	}
	return len(a.text) > len(b.text)
}

// overlaps lists for each location those with which it may share paths. One of
// two such begins with the text that all paths of the other begin with.
func (s *server) overlaps() [][]int {
	byStem := map[string][]int{}
	for i, l := range s.locations {
		byStem[l.pattern.stem()] = append(byStem[l.pattern.stem()], i)
	}
	pairs := make([][]int, len(s.locations))
	for i, l := range s.locations {
		stem := l.pattern.stem()
		for end := 0; end <= len(stem); end++ {
			for _, j := range byStem[stem[:end]] {
				if i == j || end == len(stem) && j > i || !overlap(l.pattern, s.locations[j].pattern) {
					continue // of two equal stems each pair once
				}
				pairs[i] = append(pairs[i], j)
				pairs[j] = append(pairs[j], i)
			}
		}
	}
	return pairs
}
