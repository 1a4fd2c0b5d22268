package nginx

import (
	"strings"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
)

// hostUpstream is a port of a Service on one host; on any host when that is empty.
type hostUpstream struct{ host, upstream string }

// upstreamOwners say to whom the controller gives its upstreams, of which there is
// one for each port of a Service, whatever Ingresses name it (createUpstreams in
// its internal/ingress/controller/controller.go). The first Ingress decides:
//
//	first     others        what comes of it
//	canary    ordinary      their paths with this Service are not served
//	ordinary  canary        the canary gets no requests, and its paths are served
//	                        like those of an ordinary Ingress
//
// A default backend makes its upstream anew, whoever had it.
//
// What the Ingresses of one host make of a canary is converted. What those of other
// hosts make of it is only reported: no Ingress is converted together with all that
// share a Service with one of its canaries.
type upstreamOwners struct{ canaries, ordinary map[hostUpstream]*source }

// everywhere is the host under which the owners among all Ingresses are.
const everywhere = "*"

func (t *translator) findUpstreams() {
	canary := func(s *source) bool { return s.served() && s.ann.boolean("canary", false) }
	some := false
	for _, s := range t.ordered {
		some = some || canary(s)
	}
	if !some {
		return // which is usual
	}
	t.owners = upstreamOwners{canaries: map[hostUpstream]*source{}, ordinary: map[hostUpstream]*source{}}
	for _, s := range t.ordered {
		if !s.served() {
			continue
		}
		of, other := t.owners.ordinary, t.owners.canaries
		if canary(s) {
			of, other = other, of
		}
		own := func(host, upstream string) {
			for _, host := range []string{host, everywhere} {
				if at := (hostUpstream{host, upstream}); other[at] == nil && of[at] == nil {
					of[at] = s
				}
			}
		}
		if b := s.Spec.DefaultBackend; b != nil && b.Service != nil {
			hosts := []string{"", everywhere}
			for i := range s.Spec.Rules {
				hosts = append(hosts, strings.ToLower(s.Spec.Rules[i].Host))
			}
			for _, host := range hosts {
				at := hostUpstream{host, upstreamName(s.Namespace, b.Service)}
				delete(other, at)
				of[at] = s
			}
		}
		for _, path := range s.paths() {
			own(path.host, path.upstream(s))
		}
	}
}

// ofCanary tells whether the controller leaves out a path of an ordinary Ingress,
// because a canary of the host has its Service. Where only an Ingress of another host
// makes it one, or nobody knows which is older, the target serves the path, and that
// is reported: what its owner asked for is all in the route.
func (t *translator) ofCanary(at place, path ingressPath) bool {
	upstream := path.upstream(at.src)
	if owner := t.owners.canaries[hostUpstream{path.host, upstream}]; owner != nil && (ageKnown(at.src, owner) || owner.defaultsTo(upstream)) {
		at.reportOwner(diag.ENginxNotServed, path, "the canary", owner, "the controller does not serve this path")
		return true
	}
	if owner := t.owners.canaries[hostUpstream{everywhere, upstream}]; owner != nil {
		at.reportOwner(diag.ENginxCanary, path, "the canary", owner, "the controller does not serve this path, the target does")
	}
	return false
}

// alsoOrdinary tells whether some paths of a canary are served like those of an
// ordinary Ingress.
func (t *translator) alsoOrdinary(s *source) bool {
	if len(t.owners.ordinary) == 0 {
		return false
	}
	for _, path := range s.paths() {
		if t.owners.ordinary[hostUpstream{path.host, path.upstream(s)}] != nil {
			return true
		}
	}
	return false
}

// addCanaryLocations adds the paths of a canary that are served like others.
func (t *translator) addCanaryLocations(s *source) {
	for at, path := range s.paths() {
		owner := t.owners.ordinary[hostUpstream{path.host, path.upstream(s)}]
		v := t.servers[path.host]
		if owner == nil || v == nil {
			continue
		}
		at.reportOwner(diag.ENginxCanary, path, "one", owner, "the controller reads this path as one of an ordinary Ingress")
		v.addLocation(at, path)
	}
}

// reportForeignOwner reports a canary that gets nothing in nginx, because an
// Ingress of another host has its Service, and tells whether there is one.
func (t *translator) reportForeignOwner(at place, path ingressPath) bool {
	owner := t.owners.ordinary[hostUpstream{everywhere, path.upstream(at.src)}]
	if owner != nil {
		at.reportOwner(diag.ENginxCanary, path, "one", owner, "the controller reads this path as one of an ordinary Ingress, to the target it is a canary")
	}
	return owner != nil
}

// reportOwner says what follows from another Ingress having the Service of a path.
func (at place) reportOwner(code diag.Code, path ingressPath, as string, owner *source, then string) {
	why, unknown := "which is read first", unknownAge(at.src, owner)
	if owner.defaultsTo(path.upstream(at.src)) {
		why, unknown = "whose default backend it is", ""
	}
	at.src.add(finding{
		code: code, field: at.field(), value: path.path,
		text: "the Service is " + as + " of Ingress " + owner.ref().String() + ", " + why + ": " + then + unknown,
	}.diagnostic(at.src))
}

// defaultsTo tells whether the default backend of an Ingress is an upstream.
func (s *source) defaultsTo(upstream string) bool {
	b := s.Spec.DefaultBackend
	return b != nil && b.Service != nil && upstreamName(s.Namespace, b.Service) == upstream
}

func unknownAge(a, b *source) string {
	if a == b || ageKnown(a, b) {
		return ""
	}
	return "; which one is older is not known"
}
