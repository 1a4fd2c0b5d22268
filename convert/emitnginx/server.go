package emitnginx

import (
	"cmp"
	"maps"
	"regexp"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
)

// task is one path of a route.
type task struct {
	owner   *owner
	route   *ir.Route
	on      pattern
	schemes schemes
}

// server is all that nginx looks at for one host.
type server struct {
	host      string
	tasks     []*task
	locations []*location
	// pairs lists for each location those with which it may share paths.
	pairs [][]int
}

// servers gives every host the tasks that Traefik would try for it, those with
// the greatest priority first: nginx does not fall through to wider hosts.
func (all *owners) servers(routes []ir.Route) []*server {
	byHost := map[string][]*task{}
	for i := range routes {
		r := &routes[i]
		tasks := all.tasks(r)
		for _, host := range all.hosts(r) {
			byHost[host] = append(byHost[host], tasks...)
		}
	}
	servers := make([]*server, 0, len(byHost))
	for _, host := range slices.Sorted(maps.Keys(byHost)) {
		s := &server{host: host, tasks: slices.Clone(byHost[host])}
		for _, wider := range widerHosts(host) {
			s.tasks = append(s.tasks, byHost[wider]...)
		}
		slices.SortStableFunc(s.tasks, func(a, b *task) int { return cmp.Compare(b.route.Priority, a.route.Priority) })
		servers = append(servers, s)
	}
	return servers
}

// widerHosts are those whose routes take requests for host as well. A wildcard
// stands for one label.
func widerHosts(host string) []string {
	_, parent, ok := strings.Cut(host, ".")
	switch {
	case host == "":
		return nil
	case !ok || strings.HasPrefix(host, "*."):
		return []string{""}
	}
	return []string{"*." + parent, ""}
}

// tasks are the paths of a route.
func (all *owners) tasks(r *ir.Route) []*task {
	o := all.of(r.Owner)
	s := all.target.schemes(r)
	lost := strings.Join(s.lost, ", ")
	switch {
	case len(s.lost) > 0 && !s.plain && !s.tls && !slices.ContainsFunc(r.Origins, func(at ir.Origin) bool { return all.reachable[at] }):
		o.report(diag.EToNginxEntryPoint, field(r), "nginx listens on 80 and 443 alone, and there the route of entry point "+lost+" would be open to everybody who reaches them").Blocking = true
		return nil
	case len(s.lost) > 0:
		o.report(diag.WToNginxEntryPoint, field(r), "the route is no longer on entry point "+lost)
	}
	if !s.plain && !s.tls {
		return nil
	}
	paths := r.Match.Paths
	if len(paths) == 0 {
		paths = []ir.Path{{Kind: ir.PathPrefix, Value: "/"}}
	}
	var tasks []*task
	for _, p := range paths {
		on, err := patternOf(p)
		if err != nil {
			o.report(diag.EToNginxMatch, field(r), err.Error()).Blocking = true
			continue
		}
		tasks = append(tasks, &task{owner: o, route: r, on: on, schemes: s})
	}
	return tasks
}

// hosts are the names of the servers that a route belongs to; the empty one is
// for all hosts without a server.
func (all *owners) hosts(r *ir.Route) []string {
	if len(r.Match.Hosts) == 0 {
		return []string{""}
	}
	o := all.of(r.Owner)
	var hosts []string
	for _, h := range r.Match.Hosts {
		host, remark, ok := serverName(h)
		switch {
		case !ok:
			o.report(diag.EToNginxHost, field(r), remark).Blocking = true
			continue
		case remark != "":
			o.report(diag.WToNginxHost, field(r), remark)
		}
		if !slices.Contains(hosts, host) {
			hosts = append(hosts, host)
		}
	}
	return hosts
}

// wildcards are the expressions for one label before a domain: those of Traefik
// 2 and 3.
var wildcards = regexp.MustCompile(`^\^(\[a-zA-Z0-9-\]\+|\[\^\.\]\*)\\\.([a-z0-9.\\-]+?)(\\\.\?)?\$$`)

// serverName is how an Ingress writes a host, with a remark on what differs.
func serverName(h ir.Host) (host, remark string, ok bool) {
	host = strings.ToLower(h.Value)
	if h.Kind == ir.HostRegexp {
		parts := wildcards.FindStringSubmatch(h.Value)
		if parts == nil {
			return "", "host expression " + h.Value + " is neither a name nor *.DOMAIN", false
		}
		host = "*." + strings.ReplaceAll(parts[2], `\.`, ".")
		remark = "in nginx one label with underscores is a part of " + host + ", as a label without any character is not"
	}
	if strings.HasPrefix(host, "*.") {
		if len(validation.IsWildcardDNS1123Subdomain(host)) > 0 {
			return "", "host " + h.Value + " is not valid in an Ingress", false
		}
		return host, remark, true
	}
	if len(validation.IsDNS1123Subdomain(host)) > 0 {
		return "", "host " + h.Value + " is not valid in an Ingress", false
	}
	return host, remark, true
}
