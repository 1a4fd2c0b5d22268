package traefikv1

import (
	"slices"
	"strings"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
)

// wireEntryPoints finds the entry points of a frontend. Unknown names are
// skipped by Traefik 1.7; a frontend without any is dropped.
func (t *translator) wireEntryPoints(f *frontend) {
	names := f.config.entryPoints
	if len(names) == 0 {
		if !f.config.passTLSCert && t.usual.entryPoints != nil {
			f.usual, f.entryPoints = true, t.usual.entryPoints
			return
		}
		names = t.facts.DefaultEntryPoints
	}
	f.entryPoints = make([]EntryPoint, 0, len(names))
	var unknown []string
	for _, raw := range names {
		entryPointName, _ := tomlString(raw)
		ep, ok := t.facts.entryPoint(entryPointName)
		switch {
		case !ok:
			unknown = append(unknown, entryPointName)
		case f.config.passTLSCert && !ep.TLS:
			// The certificate cannot be had from a plain entry point: the frontend is
			// lost there and on all later ones of its list.
			t.cutAtPlain(f, ep)
			return
		case !slices.Contains(f.entryPoints, ep):
			f.entryPoints = append(f.entryPoints, ep)
		}
	}
	t.reportUnknown(f, unknown)
}

// usualEntryPoints are the default entry points, and the groups of a frontend
// there that has neither redirect nor error pages nor limits. Nearly all share
// them; nobody may change them.
type usualEntryPoints struct {
	entryPoints []EntryPoint // nil: not all of them are known
	groups      []group
	// tlsTargets are those of certificates.
	tlsTargets []string
}

func (t *translator) usualEntryPoints() usualEntryPoints {
	f := &frontend{config: &settings{}, backend: &backend{}}
	usual := usualEntryPoints{tlsTargets: t.facts.tlsTargets(t.facts.DefaultEntryPoints)}
	for _, raw := range t.facts.DefaultEntryPoints {
		entryPointName, _ := tomlString(raw)
		ep, ok := t.facts.entryPoint(entryPointName)
		if !ok {
			return usual
		}
		if !slices.Contains(f.entryPoints, ep) {
			f.entryPoints = append(f.entryPoints, ep)
		}
	}
	usual.entryPoints, usual.groups = f.entryPoints, t.groups(f)
	return usual
}

func (t *translator) reportUnknown(f *frontend, unknown []string) {
	if len(unknown) == 0 {
		return
	}
	text := "entry point " + strings.Join(unknown, ", ") + " does not exist in Traefik 1.7"
	switch {
	case !t.facts.EntryPointsKnown:
		f.fail(f.first.of("frontend-entry-points", blocked(diag.EEntryPoint, "", "entry point "+strings.Join(unknown, ", ")+" has no name in the target")))
	case len(f.entryPoints) == 0:
		f.fail(f.first.of("frontend-entry-points", dropped("", text)))
	default:
		f.first.sayOf(diag.IAnnIgnored, "frontend-entry-points", text)
	}
}

func (t *translator) cutAtPlain(f *frontend, plain EntryPoint) {
	text := "pass-tls-cert fails on entry point " + plain.Name + ", which has no TLS: Traefik 1.7 serves the route neither there nor on later entry points"
	if len(f.entryPoints) == 0 {
		f.fail(f.first.of("pass-tls-cert", dropped("", text)))
		return
	}
	f.first.sayOf(diag.WDrop, "pass-tls-cert", text)
}

// group is a set of entry points on which a frontend has the same route.
type group struct {
	entryPoints []EntryPoint
	// targets are what they are called in the target.
	targets []string
	tls     bool
	// redirects: the redirect of the frontend is active there.
	redirects bool
	// pages are the error pages whose backend is reachable there.
	pages []resolvedPage
}

// groups splits the entry points of a frontend: a router of the target answers
// either TLS or plain connections, redirects go to one of the entry points, and
// limits are counted per entry point in Traefik 1.7 but per router in the target.
func (t *translator) groups(f *frontend) []group {
	if f.usual && !f.stateful() && len(f.errorPages) == 0 && (f.redirect == nil || f.redirect.filter == nil) {
		return t.usual.groups
	}
	groups := make([]group, 0, len(f.entryPoints))
	for _, ep := range f.entryPoints {
		g := group{
			entryPoints: []EntryPoint{ep}, targets: []string{ep.Target}, tls: ep.TLS,
			redirects: f.redirect.activeOn(ep), pages: f.pagesOn(ep),
		}
		i := slices.IndexFunc(groups, func(other group) bool {
			return !f.stateful() && other.tls == g.tls && other.redirects == g.redirects && len(other.pages) == len(g.pages)
		})
		if i < 0 {
			groups = append(groups, g)
			continue
		}
		groups[i].entryPoints = append(groups[i].entryPoints, ep)
		groups[i].targets = append(groups[i].targets, ep.Target)
	}
	return groups
}

// stateful tells whether a limit is counted per route.
func (f *frontend) stateful() bool {
	b := f.backend
	return len(f.config.rateLimits) > 0 || b.maxConn != nil || b.breaker != nil
}
