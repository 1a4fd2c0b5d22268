package emitnginx_test

import (
	"cmp"
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"

	networkingv1 "k8s.io/api/networking/v1"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/emit"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
)

// nginx is what ingress-nginx makes of Ingresses, as its source and its templates
// have it: servers and locations, and the phases of a request.
type nginx struct{ servers map[string]*vhost }

type vhost struct {
	tls       bool
	regex     bool
	locations []*place
	// first is the Ingress whose annotations the implicit / has.
	first *networkingv1.Ingress
}

type place struct {
	owner       ir.Ref
	ingress     *networkingv1.Ingress
	path        string
	exact       bool
	backend     string
	canary      string
	weight, sum int
}

func (p *place) annotation(name string) string {
	return p.ingress.Annotations["nginx.ingress.kubernetes.io/"+name]
}

func newNginx(outputs []emit.Output) *nginx {
	n := &nginx{servers: map[string]*vhost{}}
	owners := map[*networkingv1.Ingress]ir.Ref{}
	var ingresses, canaries []*networkingv1.Ingress
	for _, o := range outputs {
		ingress, ok := o.Object.(*networkingv1.Ingress)
		if !ok {
			continue
		}
		owners[ingress] = o.Owner
		if ingress.Annotations["nginx.ingress.kubernetes.io/canary"] == "true" {
			canaries = append(canaries, ingress)
			continue
		}
		ingresses = append(ingresses, ingress)
	}
	// Of one age: the name that comes last is first.
	slices.SortFunc(ingresses, func(a, b *networkingv1.Ingress) int {
		return cmp.Compare(b.Namespace+"/"+b.Name, a.Namespace+"/"+a.Name)
	})
	for _, ingress := range ingresses {
		for _, rule := range ingress.Spec.Rules {
			v := n.servers[rule.Host]
			if v == nil {
				v = &vhost{first: ingress}
				n.servers[rule.Host] = v
			}
			v.tls = v.tls || len(ingress.Spec.TLS) > 0
			for _, path := range rule.HTTP.Paths {
				p := &place{owner: owners[ingress], ingress: ingress, path: path.Path, exact: *path.PathType == networkingv1.PathTypeExact, backend: service(ingress, path)}
				if !slices.ContainsFunc(v.locations, func(other *place) bool { return other.path == p.path && other.exact == p.exact }) {
					v.locations = append(v.locations, p)
				}
				rewrite := p.annotation("rewrite-target")
				v.regex = v.regex || p.annotation("use-regex") == "true" || rewrite != "" && rewrite != p.path
			}
		}
	}
	for _, ingress := range canaries {
		for _, rule := range ingress.Spec.Rules {
			for _, path := range rule.HTTP.Paths {
				n.attach(ingress, rule.Host, path)
			}
		}
	}
	for _, v := range n.servers {
		slices.SortFunc(v.locations, func(a, b *place) int {
			return cmp.Or(len(b.path)-len(a.path), cmp.Compare(b.path, a.path))
		})
	}
	return n
}

func service(ingress *networkingv1.Ingress, path networkingv1.HTTPIngressPath) string {
	s := path.Backend.Service
	return fmt.Sprintf("%s/%s:%d%s", ingress.Namespace, s.Name, s.Port.Number, s.Port.Name)
}

// attach gives a share of everything that goes to the main Service of the
// location, wherever it is used, to the canary; the first one counts.
func (n *nginx) attach(canary *networkingv1.Ingress, host string, path networkingv1.HTTPIngressPath) {
	for _, l := range n.servers[host].locations {
		if l.path != path.Path || l.exact != (*path.PathType == networkingv1.PathTypeExact) {
			continue
		}
		for _, v := range n.servers {
			for _, other := range v.locations {
				if other.backend == l.backend && other.canary == "" {
					other.canary = service(canary, path)
					other.weight, _ = strconv.Atoi(canary.Annotations["nginx.ingress.kubernetes.io/canary-weight"])
					other.sum, _ = strconv.Atoi(canary.Annotations["nginx.ingress.kubernetes.io/canary-weight-total"])
				}
			}
		}
	}
}

var oneLabel = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)

func (n *nginx) server(host string) *vhost {
	if v := n.servers[host]; v != nil {
		return v
	}
	if label, parent, ok := strings.Cut(host, "."); ok && oneLabel.MatchString(label) && n.servers["*."+parent] != nil {
		return n.servers["*."+parent]
	}
	return n.servers[""]
}

func (v *vhost) location(path string) *place {
	if v.regex {
		for _, l := range v.locations {
			if regexp.MustCompile("(?i)^" + l.path).MatchString(path) {
				return l
			}
		}
		return nil
	}
	var best *place
	for _, l := range v.locations {
		switch {
		case l.exact && l.path == path:
			return l
		case !l.exact && best == nil && (l.path == "/" || path == l.path || strings.HasPrefix(path, strings.TrimSuffix(l.path, "/")+"/")):
			best = l
		}
	}
	return best
}

// ask answers a request, and says which location did; nil: none.
func (n *nginx) ask(r request) (string, *place) {
	v := n.server(r.host)
	if v == nil {
		return "status 404", nil
	}
	l := v.location(r.path)
	if l == nil {
		return "status 404", nil
	}
	for _, name := range []string{"temporal-redirect", "permanent-redirect"} {
		if to := l.annotation(name); to != "" {
			return "redirect " + to, l
		}
	}
	path := r.path
	if target := l.annotation("rewrite-target"); target != "" && target != l.path {
		path = rewritten(l.path, target, r)
		if strings.Contains(path, "://") {
			return "redirect " + path + r.query, l
		}
	}
	if !r.tls && (l.annotation("force-ssl-redirect") == "true" || l.annotation("ssl-redirect") != "false" && v.tls) {
		if l.annotation("preserve-trailing-slash") != "true" {
			return "redirect https://" + r.host + strings.TrimSuffix(r.path+r.query, "/"), l
		}
		return "redirect https://" + r.host + r.path + r.query, l
	}
	if inRanges(r.client, l.annotation("denylist-source-range")) {
		return "status 403", l
	}
	if list := l.annotation("whitelist-source-range"); list != "" && !inRanges(r.client, list) {
		return "status 403", l
	}
	if l.annotation("auth-type") != "" && !r.password {
		return "status 401", l
	}
	to := l.backend
	if l.canary != "" {
		to = shares(map[string]int{l.backend: l.sum - l.weight, l.canary: l.weight})
	}
	return "serve " + to + " " + path + r.query, l
}

var group = regexp.MustCompile(`\$([0-9])`)

func rewritten(pattern, target string, r request) string {
	re := regexp.MustCompile("(?i)" + pattern)
	at := re.FindStringSubmatch(r.path)
	scheme := "http"
	if r.tls {
		scheme = "https"
	}
	target = strings.NewReplacer("$scheme", scheme, "$http_host", r.host, "$host", r.host).Replace(target)
	return group.ReplaceAllStringFunc(target, func(name string) string {
		if i := int(name[1] - '0'); i < len(at) {
			return at[i]
		}
		return ""
	})
}

func inRanges(client, list string) bool {
	address := netip.MustParseAddr(client)
	for _, text := range strings.Split(list, ",") {
		if prefix, err := netip.ParsePrefix(text); err == nil && prefix.Contains(address) || text == client {
			return true
		}
	}
	return false
}
