package nginx

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
)

// hostSet are hosts that one route can match, with the range of its priorities.
type hostSet struct {
	hosts, not []ir.Host
	base       int
}

// hostSets divides the names of a server into exact ones and expressions: a
// request for a name that another server has exactly must not meet an expression
// of this one first.
func (v *server) hostSets() []hostSet {
	if v.sets != nil {
		return v.sets
	}
	own := hostSet{base: v.base(), not: v.fence}
	if v.host != "" {
		own.hosts = []ir.Host{hostOf(v.host)}
	}
	wild := hostSet{base: baseWildcard}
	for _, alias := range v.aliases {
		host := hostOf(alias)
		if host.Kind == ir.HostExact && own.base == baseExact {
			own.hosts = append(own.hosts, host)
			continue
		}
		wild.hosts = append(wild.hosts, host)
	}
	v.sets = []hostSet{own}
	if len(wild.hosts) > 0 {
		v.sets = append(v.sets, wild)
	}
	return v.sets
}

func hostOf(name string) ir.Host {
	switch {
	case strings.HasPrefix(name, "~"):
		return ir.Host{Kind: ir.HostRegexp, Value: anchored(strings.TrimPrefix(name, "~"))}
	case strings.HasPrefix(name, "*."):
		return ir.Host{Kind: ir.HostWildcard, Value: strings.ToLower(name)}
	}
	return ir.Host{Kind: ir.HostExact, Value: strings.ToLower(name)}
}

// anchored makes an expression that may match anywhere one that matches the whole
// host, which is the form that both versions of Traefik can have.
func anchored(expression string) string {
	expression = strings.TrimPrefix(expression, "*") // ~* ignores case, as hosts always do
	if rest, ok := strings.CutPrefix(expression, "^"); ok && len(alternatives(expression)) == 1 {
		expression = rest
	} else {
		expression = ".*(?:" + expression + ")"
	}
	if rest, ok := strings.CutSuffix(expression, "$"); ok && !strings.HasSuffix(rest, `\`) {
		return "^" + rest + "$"
	}
	return "^" + expression + ".*$"
}

// buildFences keeps routes without host, and those of wildcards, away from hosts
// that have a server of their own: nginx never falls through, Traefik does. A
// host with routes for all its paths needs no fence, its priorities are greater.
func (t *translator) buildFences() {
	known := slices.Clone(t.hosts)
	slices.SortFunc(known, func(a, b *server) int { return cmp.Compare(a.host, b.host) })
	for _, v := range t.hosts {
		if v.host != "" && !v.wildcard() {
			continue
		}
		for _, other := range known {
			if other == v || other.host == "" || !v.covers(other) {
				continue
			}
			for _, host := range other.names() {
				v.fence = append(v.fence, hostOf(host))
			}
		}
		t.reportFence(v)
	}
}

// covers tells whether requests for the other host could meet routes of v.
func (v *server) covers(other *server) bool {
	if other.complete() {
		return false
	}
	if v.host == "" {
		return true
	}
	return !other.wildcard() && slices.ContainsFunc(other.names(), v.matches)
}

// matches tells whether a wildcard stands for a host: for exactly one label.
func (v *server) matches(host string) bool {
	label, ok := strings.CutSuffix(host, v.host[1:])
	return ok && label != "" && !strings.ContainsAny(label, ".~")
}

// names are the host and its aliases.
func (v *server) names() []string { return append([]string{v.host}, v.aliases...) }

// complete tells whether the server has a route for every path, on both schemes.
func (v *server) complete() bool {
	if v.passTo != nil || v.checkTLSOptions() != nil {
		return false
	}
	return slices.ContainsFunc(v.locations, func(l *location) bool {
		return l.path == "/" && !l.exact && l.backend != nil && !l.willLose()
	})
}

func (t *translator) reportFence(v *server) {
	if len(v.fence) == 0 {
		return
	}
	for _, l := range v.locations {
		if l.backend != nil {
			l.at.src.add(finding{
				code: diag.WNginxFence, field: l.at.field(),
				text: "hosts with routes of their own are excluded: " + hostList(v.fence),
			}.diagnostic(l.at.src))
		}
	}
}

// hostList names the first few hosts.
func hostList(hosts []ir.Host) string {
	const few = 3
	var out []string
	for i, h := range hosts {
		if i == few {
			return strings.Join(out, ", ") + " and " + strconv.Itoa(len(hosts)-few) + " more"
		}
		out = append(out, h.Value)
	}
	return strings.Join(out, ", ")
}
