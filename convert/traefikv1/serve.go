package traefikv1

import (
	"slices"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
)

// serve turns the backend into Services of the target.
func (b *backend) serve(t *translator, f *frontend) ir.Backend {
	members := b.serving()
	if len(members) == 1 {
		return ir.Backend{Services: t.oneService(f.first, b.targetService(members[0], f.config.passHost))}
	}
	var out ir.Backend
	for _, m := range members {
		service := b.targetService(m, f.config.passHost)
		service.Sticky = b.memberSticky(m)
		out.Services = append(out.Services, service)
	}
	if len(members) > 1 {
		for i, weight := range b.weights(t, members) {
			out.Services[i].Weight = &weight
		}
		out.Sticky = b.sticky
		if b.sticky != nil {
			b.say(diag.WStickyWeighted, "affinity", "with several Services the target needs a second cookie, so sessions are lost once")
		}
	}
	return out
}

// memberSticky is the second cookie, which keeps a client at one pod of a Service.
// One name for both would have each answer's second cookie replace the first. The
// target files Services of weighted groups under their name and port, so the name is
// one that all groups with the Service agree on.
func (b *backend) memberSticky(m *member) *ir.Sticky {
	if b.sticky == nil {
		return nil
	}
	second := *b.sticky
	second.CookieName = cookieName("", b.namespace+"/"+m.name+":"+portText(m.port))
	return &second
}

// oneService is a list of one Service. Paths of one Ingress that lead to one
// Service share it.
func (t *translator) oneService(s *source, service ir.Service) []ir.Service {
	if s.services == nil || s.services[0] != service {
		s.services = t.made.services.One(service)
	}
	return s.services
}

// serving are the members that can serve: all of them when none can, so that
// the route appears as soon as the Service has the port.
func (b *backend) serving() []*member {
	if !slices.ContainsFunc(b.members, func(m *member) bool { return m.noServers }) {
		return b.members
	}
	var good, fallback []*member
	for _, m := range b.members {
		switch {
		case !m.noServers:
			good = append(good, m)
		case m.protocol == "" || m.protocol == "http" || m.protocol == "https" || m.protocol == "h2c":
			fallback = append(fallback, m)
		}
	}
	if len(good) > 0 {
		return good
	}
	return fallback
}

// served tells whether there is a member that can serve: a Service without the
// port makes the target drop everything that refers to it.
func (b *backend) served() bool {
	return slices.ContainsFunc(b.members, func(m *member) bool { return !m.noServers })
}

func (b *backend) targetService(m *member, passHost bool) ir.Service {
	s := ir.Service{
		Name: m.name, PortNumber: m.port.Number, PortName: m.port.Name,
		Scheme: m.protocol, Sticky: b.sticky, FlushInterval: b.flush,
	}
	if m.at.rule < 0 {
		s.Scheme = "http" // detected otherwise than in the target
		if m.https {
			s.Scheme = "https"
		}
	}
	if !passHost {
		s.PassHostHeader = new(bool)
	}
	return s
}
