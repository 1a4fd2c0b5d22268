package cutover

import (
	"context"
	"fmt"
	"net"
	"strconv"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/fleet"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/verify"
)

// alike compares two nodes before the first one is moved: what they answer differently
// would be taken for the new proxy's doing.
func (s *session) alike(ctx context.Context) error {
	if s.Verify == nil || s.done(fleet.New) > 0 {
		return nil
	}
	f, err := s.read(ctx)
	if err != nil {
		return err
	}
	first, _ := servingNode(f, fleet.Old, "")
	if first == nil {
		return nil
	}
	second, side := servingNode(f, fleet.New, "")
	if second == nil {
		second, side = servingNode(f, fleet.Old, first.Name)
	}
	if second == nil {
		s.Observer.Observe(Event{Kind: Warn, Text: "answers are not verified before the first node: there is no second one to ask"})
		return nil
	}
	step := s.Clock.Now()
	report, err := s.compare(ctx, first.Address, second.Address)
	if err != nil {
		return fmt.Errorf("verifying the answers of %s and %s: %w", first.Name, second.Name, err)
	}
	if how := differs(report); how != "" {
		return s.stop(ctx, &Stopped{
			Reason: fmt.Sprintf("%s (%s) and %s (%s) already answer differently: %s; no node was moved", first.Name, f.Old.Title, second.Name, f.Set(side).Title, how),
			Next:   verifyCommand + ", then " + resumeCommand + " with --ignore for what may differ",
		})
	}
	s.Observer.Observe(Event{Kind: Info, Text: fmt.Sprintf("%s and %s gave the same answers to %d requests", first.Name, second.Name, report.Asked), Took: s.Clock.Now().Sub(step)})
	return nil
}

// verified compares the node with one that is trusted: of the old proxy or, when there is
// none left, one that was compared before.
func (s *session) verified(ctx context.Context, name string, to fleet.Side, a arrival) error {
	if s.Verify == nil || to != fleet.New {
		return nil
	}
	f, err := s.read(ctx)
	if err != nil {
		return err
	}
	reference, _ := servingNode(f, fleet.Old, name)
	if reference == nil {
		reference, _ = servingNode(f, fleet.New, name)
	}
	if reference == nil {
		s.Observer.Observe(Event{Kind: Warn, Node: name, To: to, Text: "its answers are not verified: no other node serves"})
		return nil
	}
	step := s.Clock.Now()
	report, err := s.compare(ctx, reference.Address, a.address)
	if err != nil {
		return &failedError{node: name, why: "its answers could not be verified: " + err.Error()}
	}
	if how := differs(report); how != "" {
		return &failedError{node: name, why: fmt.Sprintf("verified against %s: %s", reference.Name, how)}
	}
	text := fmt.Sprintf("verified %d/%d same", report.Same, report.Asked)
	if report.Unsteady > 0 {
		text += fmt.Sprintf(" (%d not comparable)", report.Unsteady)
	}
	s.passed(name, to, text, step)
	return nil
}

// compare asks two nodes; what to ask them is listed by the API server.
func (s *session) compare(ctx context.Context, reference, moved string) (report *verify.Report, err error) {
	err = s.persist(ctx, func() (err error) {
		report, err = s.Verify(ctx, s.sideAt(reference), s.sideAt(moved))
		return err
	})
	return report, err
}

func differs(report *verify.Report) string {
	if len(report.Different) == 0 {
		return ""
	}
	first := report.Different[0]
	return fmt.Sprintf("%d of %d answers differ, the first: %s: %s", len(report.Different), report.Asked, first.Request, first.How[0])
}

// sideAt is where a node is asked.
func (s *session) sideAt(address string) verify.Side {
	side := verify.Side{}
	for scheme, ports := range map[string][]int32{"http": s.ports.HTTP, "https": s.ports.HTTPS} {
		if len(ports) > 0 {
			side[scheme] = net.JoinHostPort(address, strconv.Itoa(int(ports[0])))
		}
	}
	return side
}
