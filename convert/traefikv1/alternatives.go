package traefikv1

import (
	"slices"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
)

// alternatives adds a frontend without a route for each rule that a protected
// frontend has when Traefik 1.7 loads its Ingresses in another order: what it may
// protect today then has a guard, and no wider route takes it. For the same reason it
// has the greatest of its priorities.
func (t *translator) alternatives() {
	for _, f := range t.frontends {
		if len(f.overwritten) == 0 || !f.mayProtect() {
			continue
		}
		first := len(t.frontends)
		for _, part := range f.overwritten {
			other := t.alternative(f, part)
			if other == nil {
				continue
			}
			f.priority = max(f.priority, other.priority)
			if !slices.Equal(other.matcher.match.Paths, f.matcher.match.Paths) {
				t.frontends = append(t.frontends, other)
			}
		}
		for _, other := range t.frontends[first:] {
			other.priority = min(other.priority, f.priority-1) // the frontend itself comes first
		}
	}
}

// alternative is a frontend with another rule; nil when that is none.
func (t *translator) alternative(f *frontend, part rulePart) *frontend {
	rules, priority := make([]string, 0, 2), 0
	for _, own := range f.parts {
		if own.name == part.name {
			own = part
		}
		rule, err := tomlString(own.rule)
		if err != nil {
			return nil
		}
		rules, priority = append(rules, rule), priority+len(rule)
	}
	if f.config.priority > 0 {
		priority = f.config.priority
	}
	m, problems := newMatcher(rules, t.made)
	if len(problems) > 0 {
		return nil
	}
	other := *f
	other.matcher, other.priority, other.overwritten, other.errorPages = m, priority, nil, nil
	other.alternative, other.ruled = true, true
	other.problems = []finding{{code: diag.WMerge}} // said where the Ingresses are merged
	return &other
}

// mayProtect tells whether a frontend that Traefik 1.7 serves protects, at least in
// one of the orders of loading.
func (f *frontend) mayProtect() bool {
	byOrder := slices.ContainsFunc(f.problems, func(p finding) bool { return p.code == diag.WMerge && p.block })
	return (f.routed() || f.needsGuard()) && (f.config.auth != nil || f.config.allowList != nil || byOrder)
}
