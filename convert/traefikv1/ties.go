package traefikv1

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
)

// Among routes of equal priority Traefik 1.7 takes the smaller key first, as
// long as there are only a handful; beyond that its sort gives no promise. The
// target needs different numbers, and they must not depend on Ingresses that
// cannot meet the same request. So there are classes of hosts, in the order in
// which their keys sort ("*" < "/" < letters and digits; the default backend has
// a key of letters too), and a rank among the overlapping routes of one host.
const (
	topTie = 999
	// tieBand separates the classes where routes of several classes overlap.
	tieBand = 250
	// maxPriority times 1000 still fits into 64 bits.
	maxPriority = 9_000_000_000_000_000
)

type hostClass int

const (
	classWildcard hostClass = iota
	classAnyHost
	classHost
	classDefault
)

func (f *frontend) class() hostClass {
	hosts := f.matcher.match.Hosts
	switch {
	case f.key == defaultFrontend:
		return classDefault
	case len(hosts) == 0:
		return classAnyHost
	case slices.ContainsFunc(hosts, func(h ir.Host) bool { return h.Kind != ir.HostExact }):
		return classWildcard
	}
	return classHost
}

// bandOf is the least depth of a class that overlaps with the class before it.
func bandOf(class hostClass) int { return tieBand * int(class) }

// breakTies gives every frontend of the output its rank among those of equal priority.
// Nearly all have no rival at all; those are neither sorted nor compared.
func (t *translator) breakTies() {
	index := &t.made.work.hosts
	index.grow(len(t.frontends))
	everywhere := map[int]bool{} // priorities of frontends that are not for certain hosts only
	for _, f := range t.frontends {
		f.tie = topTie
		if !f.inOutput() {
			continue
		}
		f.priority = min(f.priority, maxPriority)
		index.add(f)
		if f.class() != classHost {
			everywhere[f.priority] = true
		}
	}
	byPriority := map[int][]*frontend{}
	for _, f := range t.frontends {
		if f.inOutput() && (everywhere[f.priority] || index.hasRival(f)) {
			byPriority[f.priority] = append(byPriority[f.priority], f)
		}
	}
	for _, f := range t.frontends { // in the order of frontends: maps give none
		if peers := byPriority[f.priority]; len(peers) > 0 {
			rankPeers(peers)
			delete(byPriority, f.priority)
		}
	}
}

// rankPeers sets the ties of frontends of one priority.
func rankPeers(peers []*frontend) {
	slices.SortStableFunc(peers, func(a, b *frontend) int {
		return cmp.Or(cmp.Compare(a.class(), b.class()), cmp.Compare(a.key, b.key), cmp.Compare(a.namespace, b.namespace))
	})
	index := newHostIndex(len(peers))
	for _, f := range peers {
		for _, other := range index.candidates(f) {
			if !overlap(f, other) {
				continue
			}
			reportTie(other, f)
			if other.class() == f.class() {
				f.depth = max(f.depth, other.depth+1)
			} else {
				f.depth = max(f.depth, bandOf(other.class()+1))
			}
		}
		f.depth = min(f.depth, bandOf(f.class()+1)-1)
		f.tie = topTie - f.depth
		index.add(f)
	}
}

// outranks tells which of two routed frontends is asked first.
func (f *frontend) outranks(other *frontend) bool {
	return cmp.Or(cmp.Compare(f.priority, other.priority), cmp.Compare(f.tie, other.tie)) > 0
}

// scaled is the priority in the target.
func (f *frontend) scaled(scale int) int {
	return f.priority*scale + f.tie*scale/(topTie+1)
}

// maxTieReports limits what is said of one frontend.
const maxTieReports = 3

func reportTie(winner, loser *frontend) {
	text := func(self, other *frontend) string {
		verb := "comes before"
		if self == loser {
			verb = "comes after"
		}
		whose := "a route of another namespace"
		if other.namespace == self.namespace {
			whose = places(other.places) + " of Ingress " + other.first.Name
		}
		return "has priority " + strconv.Itoa(self.priority) + " like " + whose + "; in the output it " + verb + " it"
	}
	if winner.tieReports++; winner.tieReports <= maxTieReports {
		winner.first.say(diag.WPrioTie, winner.places[0].field(), text(winner, loser))
	}
	if loser.tieReports++; loser.tieReports <= maxTieReports {
		loser.first.say(diag.WPrioTie, loser.places[0].field(), text(loser, winner))
	}
}

// overlap tells whether one request can match both frontends; in doubt yes.
func overlap(a, b *frontend) bool {
	return shareEntryPoint(a, b) &&
		anyPair(a.matcher.match.Hosts, b.matcher.match.Hosts, hostsOverlap) &&
		anyPair(a.matcher.match.Paths, b.matcher.match.Paths, pathsOverlap)
}

func anyPair[T any](as, bs []T, meet func(a, b T) bool) bool {
	if len(as) == 0 || len(bs) == 0 {
		return true
	}
	for _, a := range as {
		if slices.ContainsFunc(bs, func(b T) bool { return meet(a, b) }) {
			return true
		}
	}
	return false
}

func shareEntryPoint(a, b *frontend) bool {
	return slices.ContainsFunc(a.entryPoints, func(ep EntryPoint) bool { return slices.Contains(b.entryPoints, ep) })
}

func hostsOverlap(a, b ir.Host) bool {
	if a.Kind > b.Kind {
		a, b = b, a
	}
	switch {
	case b.Kind == ir.HostRegexp:
		return true
	case a.Kind == b.Kind:
		return a.Value == b.Value
	}
	_, rest, ok := strings.Cut(a.Value, ".")
	return ok && "*."+rest == b.Value
}

// pathsOverlap is generous: an exact path also has its redirect from the form
// with or without the last slash.
func pathsOverlap(a, b ir.Path) bool {
	if a.Kind > b.Kind {
		a, b = b, a
	}
	switch {
	case b.Kind >= ir.PathExactTemplate:
		return true
	case b.Kind == ir.PathExact:
		return strings.TrimSuffix(a.Value, "/") == strings.TrimSuffix(b.Value, "/")
	case a.Kind == ir.PathExact:
		return strings.HasPrefix(strings.TrimSuffix(a.Value, "/")+"/", b.Value)
	}
	return strings.HasPrefix(a.Value, b.Value) || strings.HasPrefix(b.Value, a.Value)
}
