package nginx

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
)

// rankLocations decides how and in which order the locations of a host are tried.
//
//	plain host   exact ones, then prefixes, the longest first
//	regex host   the longest text first, equally long ones in reverse alphabetical
//	             order; the first expression that matches is taken
//
// A host is of the second kind as soon as one location has use-regex or a
// rewrite-target other than its own path, whatever Ingress it is of.
func (v *server) rankLocations() {
	var because *source
	all := slices.Concat(v.locations, v.twins)
	for i := 0; i < len(all); i++ {
		below := all[i].below()
		switch {
		case below == nil:
		case v.find(all[i].path, true) >= 0:
			all[i] = below // an Exact one has the path itself
		default:
			all = slices.Insert(all, i, below)
			i++
		}
	}
	for _, l := range all {
		if l.rewritten() || l.settings().rewrite.useRegex && !l.catchAll() {
			because = l.at.src
			break
		}
	}
	v.regex = because != nil
	if v.regex {
		v.locations = all
	} else {
		for _, twin := range v.twins {
			twin.reportTwin()
		}
	}
	order := slices.Clone(v.locations)
	slices.SortStableFunc(order, func(a, b *location) int {
		if !v.regex {
			if c := compareBool(b.exact, a.exact); c != 0 {
				return c
			}
		}
		return cmp.Or(cmp.Compare(len(b.ranked()), len(a.ranked())), cmp.Compare(b.ranked(), a.ranked()))
	})
	for i, l := range order {
		l.rank = len(order) - i
	}
	if !v.regex {
		return
	}
	for _, l := range order {
		x := l.settings().rewrite
		if l.backend == nil || x.useRegex || l.rewritten() || l.at.src == because {
			continue
		}
		l.at.src.add(finding{
			code: diag.WNginxRegexHost, field: l.at.field(), value: l.path,
			text: "Ingress " + because.ref().String() + " makes path " + strconv.Quote(l.path) + " of host " + strconv.Quote(v.host) + " a case-insensitive expression that is open at its end",
		}.diagnostic(l.at.src))
	}
}

// below is the location for what is below a path, which the controller makes of each
// Prefix for itself, where it matters: a rewrite-target that is the path changes
// nothing of it, and what is below it becomes it. It comes right before that of the
// path (updateServerLocations, internal/ingress/controller/location.go).
func (l *location) below() *location {
	x := l.settings().rewrite
	if l.exact || l.implicit || l.path == "/" || strings.HasSuffix(l.path, "/") || x.useRegex || x.target != l.path {
		return nil
	}
	out := *l
	out.path, out.isBelow = l.path+"/", true
	return &out
}

// ranked is the path that a location is sorted by.
func (l *location) ranked() string {
	if l.isBelow {
		return strings.TrimSuffix(l.path, "/")
	}
	return l.path
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	}
	return -1
}

// Priorities: a server with an exact host is asked before one with a wildcard,
// and that before the default server, so each kind has a range of its own. Each
// location has room for its helpers.
const (
	baseDefault  = 1_000
	baseWildcard = 1_000_000
	baseExact    = 2_000_000
	step         = 100
)

func (v *server) base() int {
	switch {
	case v.host == "":
		return baseDefault
	case v.wildcard():
		return baseWildcard
	}
	return baseExact
}

func (l *location) priority() int { return l.server.base() + step*l.rank }
