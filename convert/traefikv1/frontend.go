package traefikv1

import (
	"slices"
	"strings"

	networkingv1 "k8s.io/api/networking/v1"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
)

// frontend is one router of Traefik 1.7.
type frontend struct {
	key       string
	namespace string
	claim     *claim // nil for the default backend
	// first is the Ingress whose annotations decide, last the one that made the
	// rule of the path.
	first, last *source
	places      []place
	config      *settings
	redirect    *redirect
	backend     *backend
	// parts are the rule texts by name (the raw path, the raw host), in order of
	// appearance; once it is wired, nil unless some are overwritten.
	parts []rulePart
	// overwritten are parts that other Ingresses made, see alternatives.
	overwritten []rulePart
	// Room for what places nearly always are.
	firstPlace [1]place

	// What the server makes of it, see wire.
	matcher  matcher
	priority int // before scaling
	tie      int // 0…999, greater wins
	depth    int // greater than that of every overlapping frontend of equal priority that comes before
	// tieReports counts what was said of ties.
	tieReports int
	// entryPoints that serve it, in the order of its list.
	entryPoints []EntryPoint
	// usual: they are the default ones, shared with other frontends.
	usual      bool
	errorPages []resolvedPage
	// problems leave it without a route.
	problems []finding
	// ruled: matcher is what Traefik 1.7 matches.
	ruled bool
	// alternative: Traefik 1.7 has it when it loads in another order.
	alternative bool
	// guarded: it has no route, and one that denies everybody stands in its place.
	guarded bool
}

// rulePart is one route of a frontend in the words of Traefik 1.7.
type rulePart struct{ name, rule string }

// takePath adds the rules of one path. The last path of a key decides its rule,
// the first one the rule of the host.
func (f *frontend) takePath(at place, path *networkingv1.HTTPIngressPath, hostRule, rule string) {
	if f.places == nil {
		f.places = f.firstPlace[:0]
	}
	f.places = append(f.places, at)
	f.last = at.src
	at.src.loaded = true
	if rule != "" {
		f.setPart(path.Path, rule, true)
	}
	if host := at.host(); host != "" {
		f.setPart(host, hostRule, false)
	}
	if len(f.parts) == 0 {
		f.setPart("/", anyPathRule, true)
	}
	reportPathType(at, path)
}

func (f *frontend) setPart(name, rule string, overwrite bool) {
	for i := range f.parts {
		if f.parts[i].name == name {
			if old := f.parts[i]; overwrite && old.rule != rule {
				if !slices.Contains(f.overwritten, old) {
					f.overwritten = append(f.overwritten, old)
				}
				f.parts[i].rule = rule
			}
			return
		}
	}
	f.parts = append(f.parts, rulePart{name, rule})
}

// reportPathType says where the manifest promises less than Traefik 1.7 matches.
func reportPathType(at place, path *networkingv1.HTTPIngressPath) {
	if path.PathType == nil || path.Path == "" || at.src.ann.str("rule-type", rulePathPrefix) != rulePathPrefix {
		return
	}
	switch {
	case *path.PathType == networkingv1.PathTypeExact:
		at.src.say(diag.WPathType, at.field()+".pathType", "pathType Exact is not read by Traefik 1.7: it serves every path that begins with "+path.Path)
	case *path.PathType == networkingv1.PathTypePrefix && !strings.HasSuffix(path.Path, "/"):
		at.src.say(diag.WPathType, at.field()+".pathType", "pathType Prefix is not read by Traefik 1.7: it also serves paths such as "+path.Path+"x")
	}
}

// wire does what the server does with a loaded frontend; whatever fails leaves
// it without a route. Other frontends do not matter.
func (t *translator) wire(f *frontend) {
	if f.backend == nil {
		f.fail(dropped("", "an Ingress with the same host and path has an auth-realm, which takes away the backend of all of them"))
		return
	}
	t.wireEntryPoints(f)
	rules := make([]string, 0, 2)
	for _, part := range f.parts {
		rule, err := tomlString(part.rule)
		if err != nil {
			f.fail(brokenTOML("", "the rule", err))
			continue
		}
		f.priority += len(rule)
		rules = append(rules, rule)
	}
	if f.config.priority > 0 {
		f.priority = f.config.priority
	}
	var problems []finding
	f.matcher, problems = newMatcher(rules, t.made)
	f.ruled = len(problems) == 0 && len(rules) == len(f.parts)
	if len(f.overwritten) > 0 {
		f.parts = slices.Clone(f.parts) // for alternatives
	} else {
		f.parts = nil
	}
	f.problems = append(f.problems, problems...)
	f.problems = append(f.problems, f.config.problems...)
	f.problems = append(f.problems, f.config.authProblems...)
	f.problems = append(f.problems, f.checkRedirect(t)...)
	f.problems = append(f.problems, f.backend.wire(t)...)
	f.checkPassCert()
}

// checkPassCert withholds a route whose backend is shown a certificate of the
// entry point. A plain backend never sees it.
func (f *frontend) checkPassCert() {
	switch {
	case !f.config.passTLSCert:
	case slices.ContainsFunc(f.backend.members, (*member).speaksTLS):
		f.fail(f.first.of("pass-tls-cert", blocked(diag.EPassTLSCert, "", "the certificate of the entry point is shown to the backend, which needs a ServersTransport with secrets")))
	case f.first.ann.has("pass-tls-cert"):
		f.first.sayOf(diag.IAnnIgnored, "pass-tls-cert", "the backend is spoken to without TLS and never sees the certificate")
	}
}

func (f *frontend) fail(problem finding) { f.problems = append(f.problems, problem) }

// routed tells whether the frontend has a route in the output.
func (f *frontend) routed() bool { return len(f.problems) == 0 }

// owner is the Ingress whose IngressRoute carries the route.
func (f *frontend) owner() ir.Ref { return f.first.ref() }

// brokenTOML is the finding that a value makes Traefik 1.7 refuse its whole
// configuration, so that what it serves now cannot be told from the manifests.
func brokenTOML(field, what string, err error) finding {
	return blocked(diag.EV1TOMLBroken, field, what+" cannot be read back by Traefik 1.7 ("+err.Error()+"), which then refuses every change of every Ingress")
}
