package traefikv1

import (
	"slices"
	"strings"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
)

// hostIndex finds the frontends that can share a host with another one.
type hostIndex struct {
	// byHost finds exact hosts and wildcards by their text, as an index of hosts.
	byHost map[string]int
	// hosts have the last frontend of each, as an index of links.
	hosts []namedHost
	links []hostLink
	// last is the host that was asked for last: frontends of a host follow each other.
	last    int
	regexps []*frontend
	anyHost []*frontend
	all     []*frontend
}

type namedHost struct {
	name string
	link int
}

// hostLink is one frontend of a host, and the one before it; none: -1.
type hostLink struct {
	frontend *frontend
	before   int
}

// newHostIndex returns an index for about n frontends.
func newHostIndex(n int) *hostIndex {
	x := &hostIndex{}
	x.grow(n)
	return x
}

// grow makes room for about n more frontends.
func (x *hostIndex) grow(n int) {
	if x.byHost == nil {
		x.byHost = make(map[string]int, n/2)
	}
	x.hosts, x.links, x.all = slices.Grow(x.hosts, n/2), slices.Grow(x.links, n), slices.Grow(x.all, n)
}

// forget takes all frontends out, and keeps the room unless it is that of very many.
func (x *hostIndex) forget() {
	if cap(x.all) > keptRoom {
		*x = hostIndex{}
		return
	}
	clear(x.byHost)
	*x = hostIndex{byHost: x.byHost, hosts: x.hosts[:0], links: x.links[:0], all: x.all[:0], regexps: x.regexps[:0], anyHost: x.anyHost[:0]}
}

func (x *hostIndex) add(f *frontend) {
	x.all = append(x.all, f)
	if len(f.matcher.match.Hosts) == 0 {
		x.anyHost = append(x.anyHost, f)
		return
	}
	for _, h := range f.matcher.match.Hosts {
		if h.Kind == ir.HostRegexp {
			x.regexps = append(x.regexps, f)
			continue
		}
		host := x.find(h.Value)
		if host == nil {
			x.last = len(x.hosts)
			x.byHost[h.Value] = x.last
			x.hosts = append(x.hosts, namedHost{h.Value, -1})
			host = &x.hosts[x.last]
		}
		x.links = append(x.links, hostLink{f, host.link})
		host.link = len(x.links) - 1
	}
}

// find returns the entry of a host, nil when there is none.
func (x *hostIndex) find(name string) *namedHost {
	if x.last < len(x.hosts) && x.hosts[x.last].name == name {
		return &x.hosts[x.last]
	}
	i, ok := x.byHost[name]
	if !ok {
		return nil
	}
	x.last = i
	return &x.hosts[i]
}

// named are the frontends of a host, the last one first.
func (x *hostIndex) named(host string) func(func(*frontend) bool) {
	return func(yield func(*frontend) bool) {
		found := x.find(host)
		if found == nil {
			return
		}
		for i := found.link; i >= 0; i = x.links[i].before {
			if !yield(x.links[i].frontend) {
				return
			}
		}
	}
}

// hasRival tells whether another frontend has a host of f and its priority; for
// hosts with very many frontends the answer is yes.
func (x *hostIndex) hasRival(f *frontend) bool {
	const many = 64
	for _, h := range f.matcher.match.Hosts {
		seen := 0
		for other := range x.named(h.Value) {
			if seen++; seen > many || other != f && other.priority == f.priority {
				return true
			}
		}
	}
	return false
}

func (x *hostIndex) candidates(f *frontend) []*frontend {
	hosts := f.matcher.match.Hosts
	if len(hosts) == 0 || slices.ContainsFunc(hosts, func(h ir.Host) bool { return h.Kind == ir.HostRegexp }) {
		return x.all
	}
	var found []*frontend
	for _, h := range hosts {
		found = append(found, x.forHost(h.Value)...)
	}
	return found
}

// forHost are the frontends that can take requests for a host or wildcard.
func (x *hostIndex) forHost(host string) []*frontend {
	found := slices.Concat(x.regexps, x.anyHost)
	appendNamed := func(host string) {
		first := len(found)
		found = slices.AppendSeq(found, x.named(host))
		slices.Reverse(found[first:])
	}
	appendNamed(host)
	if _, rest, ok := strings.Cut(host, "."); ok && !strings.HasPrefix(host, "*") {
		appendNamed("*." + rest)
	}
	return found
}
