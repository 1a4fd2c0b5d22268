package trial

import (
	"context"
	"fmt"
	"net/http"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/emit"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/oracle/judge"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/oracle/world"
)

// maxTrials bounds the work of one Shrink. ingress-nginx takes seconds for each.
func maxTrials(source judge.Version) int {
	if source == judge.Nginx {
		return 40
	}
	return 400
}

// Shrink returns a smallest set that fails in the same respect as c does when it
// is alone in a cluster, with its outcome; nil when c does not fail then.
func (b *Bench) Shrink(ctx context.Context, target emit.Version, c Case) (*Outcome, error) {
	try := func(set *world.Set) (*Outcome, error) {
		outcomes, err := b.Run(ctx, []emit.Version{target}, []Case{{Set: set, Profile: c.Profile, Alone: true}})
		if err != nil {
			return nil, err
		}
		return outcomes[0], nil
	}
	best, err := try(c.Set)
	if err != nil || !best.Failed() {
		return nil, err
	}
	respect := best.Respect()
	trials := 0
	for smaller := true; smaller; {
		smaller = false
		// Steps are numbered from the front; taking one leaves the numbers before it.
		for step := 0; trials < maxTrials(c.Profile.Source); step++ {
			candidate := best.Case.Set.Clone()
			changed, ok := reduce(candidate, step)
			if !ok {
				break
			}
			if !changed {
				continue
			}
			trials++
			outcome, err := try(candidate)
			if err != nil {
				return nil, err
			}
			if outcome.Failed() && outcome.Respect() == respect {
				best, smaller = outcome, true
				step--
			}
		}
	}
	return best, nil
}

// Respect names the first thing that is wrong, so that shrinking does not slip
// from one failure to another.
func (o *Outcome) Respect() string {
	if len(o.Faults) > 0 {
		return "fault"
	}
	for i := range o.Asked {
		if u := o.Asked[i].Unexcused(); len(u) > 0 {
			if u[0].Name != "" {
				return fmt.Sprintf("%s %s", u[0].Kind, u[0].Name)
			}
			return fmt.Sprintf("%s %s %s", u[0].Kind, u[0].Before, u[0].After)
		}
	}
	return ""
}

// reducer numbers the possible reductions of a set while walking over it, and
// does the one that is wanted.
type reducer struct {
	wanted, count int
	changed       bool
}

// step reports whether the next reduction is the wanted one.
func (r *reducer) step() bool {
	r.count++
	return r.count-1 == r.wanted
}

// reduce does reduction number step. ok is false when there are not so many;
// changed is false when the set is that small already.
func reduce(s *world.Set, step int) (changed, ok bool) {
	r := &reducer{wanted: step}
	r.requests(s)
	drop(r, &s.Ingresses)
	for _, ingress := range s.Ingresses {
		r.ingress(ingress)
	}
	drop(r, &s.Secrets)
	drop(r, &s.Traefik)
	dropServices(r, s)
	for i, service := range s.Services {
		r.keys(service.Annotations)
		if r.step() && service.Spec.Type != corev1.ServiceTypeExternalName && len(service.Spec.Ports) > 1 && len(s.Endpoints) == len(s.Services) {
			service.Spec.Ports, r.changed = service.Spec.Ports[:1], true
			s.Endpoints[i] = world.EndpointsOf(service, 1)
		}
		if r.step() && len(s.Endpoints) > i && len(s.Endpoints[i].Subsets) > 0 && len(s.Endpoints[i].Subsets[0].Addresses) > 1 {
			s.Endpoints[i].Subsets[0].Addresses, r.changed = s.Endpoints[i].Subsets[0].Addresses[:1], true
		}
	}
	return r.changed, r.count > step
}

// drop takes out one element.
func drop[T any](r *reducer, list *[]T) {
	for i := range *list {
		if r.step() {
			*list, r.changed = append(append([]T{}, (*list)[:i]...), (*list)[i+1:]...), true
			return
		}
	}
}

// dropServices takes out a Service that nothing names, with its Endpoints.
func dropServices(r *reducer, s *world.Set) {
	for i := range s.Services {
		if r.step() && len(s.Endpoints) == len(s.Services) {
			s.Services = append(append([]*corev1.Service{}, s.Services[:i]...), s.Services[i+1:]...)
			s.Endpoints = append(append([]*corev1.Endpoints{}, s.Endpoints[:i]...), s.Endpoints[i+1:]...)
			r.changed = true
			return
		}
	}
}

func (r *reducer) keys(m map[string]string) {
	for _, key := range sortedKeys(m) {
		if r.step() {
			delete(m, key)
			r.changed = true
		}
	}
}

func (r *reducer) requests(s *world.Set) {
	if r.step() && len(s.Requests) > 1 {
		s.Requests, r.changed = s.Requests[:len(s.Requests)/2], true
	}
	if r.step() && len(s.Requests) > 1 {
		s.Requests, r.changed = s.Requests[len(s.Requests)/2:], true
	}
	if len(s.Requests) > 1 {
		drop(r, &s.Requests)
	}
	for i := range s.Requests {
		q := &s.Requests[i]
		if r.step() && q.TLS {
			q.TLS, r.changed = false, true
		}
		if r.step() && (q.Method != http.MethodGet || q.Body > 0) {
			q.Method, q.Body, r.changed = http.MethodGet, 0, true
		}
		for _, name := range sortedKeys(q.Header) {
			if r.step() {
				q.Header.Del(name)
				r.changed = true
			}
		}
	}
}

func (r *reducer) ingress(ingress *networkingv1.Ingress) {
	r.keys(ingress.Annotations)
	if r.step() && ingress.Namespace != "one" {
		ingress.Namespace, r.changed = "one", true
	}
	if r.step() && ingress.Spec.DefaultBackend != nil {
		ingress.Spec.DefaultBackend, r.changed = nil, true
	}
	drop(r, &ingress.Spec.TLS)
	drop(r, &ingress.Spec.Rules)
	for i := range ingress.Spec.Rules {
		rule := &ingress.Spec.Rules[i]
		if r.step() && rule.Host != "h.test" {
			rule.Host, r.changed = "h.test", true
		}
		if rule.HTTP == nil {
			continue
		}
		if len(rule.HTTP.Paths) > 1 {
			drop(r, &rule.HTTP.Paths)
		}
		for j := range rule.HTTP.Paths {
			p := &rule.HTTP.Paths[j]
			for _, simple := range []string{"/", "/foo"} {
				if r.step() && p.Path != simple && p.Path != "/" {
					p.Path, r.changed = simple, true
				}
			}
			if b := p.Backend.Service; b != nil {
				if r.step() && (b.Port.Number != 80 || b.Port.Name != "") {
					b.Port, r.changed = networkingv1.ServiceBackendPort{Number: 80}, true
				}
			}
		}
	}
}
