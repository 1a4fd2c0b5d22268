package traefikingress

import (
	"strings"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
)

// rank is what routers have in common that can tie, besides wider hosts.
type rank struct {
	priority int
	host     string
}

// reportTies reports routers of equal priority that can take the same request:
// Traefik decides between them by chance, today and with the output.
func (t *translator) reportTies() {
	ranks := make(map[rank][]*router, len(t.routers))
	for i := range t.routers {
		if r := &t.routers[i]; r.at.rule >= 0 {
			k := rank{r.route.Priority, strings.ToLower(r.text.host)}
			if ranks[k] == nil {
				ranks[k] = t.made.routers.One(r) // nearly always the only one
				continue
			}
			ranks[k] = append(ranks[k], r)
		}
	}
	for k, routers := range ranks { // findings are sorted in the end
		for i, a := range routers {
			for _, b := range routers[:i] {
				reportTie(a, b)
			}
		}
		for wider := range widerHosts(k.host) {
			for _, b := range ranks[rank{k.priority, wider}] {
				for _, a := range routers {
					reportTie(a, b)
				}
			}
		}
	}
}

func reportTie(a, b *router) {
	if !overlap(a, b) || !compete(&a.route, &b.route) || sameAnswer(a, b) {
		return
	}
	a.at.src.say(diag.WTraefikTie, a.at.field(), a.at.url()+" ties with "+b.at.url()+" of Ingress "+b.at.src.ref().String())
	b.at.src.say(diag.WTraefikTie, b.at.field(), b.at.url()+" ties with "+a.at.url()+" of Ingress "+a.at.src.ref().String())
}

// overlap tells whether one path can be taken by both; where patterns are, it may.
func overlap(a, b *router) bool {
	return reaches(a, b) || reaches(b, a)
}

// reaches tells whether a takes a path that begins with what b's begin with.
func reaches(a, b *router) bool {
	stem, open := a.stem()
	other, _ := b.stem()
	rest, ok := strings.CutPrefix(other, stem)
	return ok && (rest == "" || open)
}

// stem is what every path of a router begins with; open: it can go on.
func (r *router) stem() (stem string, open bool) {
	if len(r.route.Match.Paths) == 0 {
		return "", true
	}
	switch p := r.route.Match.Paths[0]; p.Kind {
	case ir.PathExactTemplate, ir.PathPrefixTemplate:
		stem, _, _ = strings.Cut(p.Value, "{")
		return stem, true
	case ir.PathRegexp:
		return "", true
	case ir.PathExact:
		return p.Value, len(r.route.Match.Paths) > 1 // strict: the second one is the prefix
	default:
		return p.Value, true
	}
}
