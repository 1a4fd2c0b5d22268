package parallel

import (
	"context"
	"fmt"
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/fleet"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/lb"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/shift"
)

// PlanKind of a Plan in JSON and YAML, of cutover.APIVersion.
const PlanKind = "ParallelCutoverPlan"

// Plan is what a cutover would do, for the eyes of whoever says yes.
type Plan struct {
	metav1.TypeMeta `json:",inline"`
	// LoadBalancer is its name for people, Sides what it calls the two controllers.
	LoadBalancer string   `json:"loadBalancer"`
	Sides        lb.Sides `json:"sides"`
	Record       string   `json:"record"`
	// Old and New say who the two controllers are; "" where nothing is known of one.
	Old string `json:"old,omitempty"`
	New string `json:"new,omitempty"`
	// Weight is how many percent of the requests the new side gets now.
	Weight int        `json:"weight"`
	Steps  []PlanStep `json:"steps"`
	// Compared: both sides are asked the same before every step.
	Compared        bool `json:"compared"`
	EstimateSeconds int  `json:"estimateSeconds"`
	// Warnings are for people.
	Warnings []string `json:"warnings,omitempty"`
}

// PlanStep is one weight.
type PlanStep struct {
	Weight int `json:"weight"`
	// SoakSeconds is how long it is watched.
	SoakSeconds int `json:"soakSeconds"`
}

// DeepCopyObject implements runtime.Object.
func (p *Plan) DeepCopyObject() runtime.Object {
	out := *p
	out.Steps, out.Warnings = slices.Clone(p.Steps), slices.Clone(p.Warnings)
	return &out
}

// Plan reads everything and says what Run, or Resume, would do. Nothing is written.
func (e *Engine) Plan(ctx context.Context) (*Plan, error) {
	s := &session{Engine: e}
	r, err := e.Shift.Store.Open(ctx, e.id())
	if err != nil {
		return nil, err
	}
	p := &Plan{
		TypeMeta: metav1.TypeMeta{APIVersion: cutover.APIVersion, Kind: PlanKind},
		Sides:    e.Shift.Sides, Record: "configmap " + e.Shift.Store.Name(e.id()), Compared: e.Compare != nil, Steps: []PlanStep{},
	}
	good := 0
	if r.Active() {
		p.Weight = r.Weight()
		good = p.Weight
		if r.Course != nil {
			good = min(r.Course.Good, p.Weight)
		}
	}
	weight := p.Weight
	shifted, err := e.Shift.Plan(ctx, shift.Request{Weight: &weight, AcceptOwner: e.AcceptOwner, MinHealthy: e.Settings.MinHealthy})
	if err != nil {
		return nil, err
	}
	p.LoadBalancer, p.Warnings = shifted.Facts.Name, shifted.Warnings
	for _, side := range []struct {
		read func(context.Context) (*fleet.Workload, error)
		into *string
	}{{e.Old, &p.Old}, {e.New, &p.New}} {
		w, err := s.workload(ctx, side.read)
		if err != nil {
			return nil, err
		}
		if w != nil {
			*side.into = fmt.Sprintf("%s (%s %s, %d of %d pods ready)", w.Title, w.Kind, w.Name, w.Ready, w.Desired)
		}
	}
	if err := s.present(ctx); err != nil {
		return nil, fmt.Errorf("the new side is not fit for requests: %w", err)
	}
	f := shifted.Facts
	total := time.Duration(f.Healthy)*f.Interval + f.Timeout // until it is found well
	for w := e.Settings.next(good); w != 0; w = e.Settings.next(w) {
		soak := e.Settings.Soak
		if good == 0 && len(p.Steps) == 0 {
			soak = e.Settings.CanarySoak
		}
		p.Steps = append(p.Steps, PlanStep{Weight: w, SoakSeconds: int(soak.Seconds())})
		total += soak
	}
	p.EstimateSeconds = int(total.Seconds())
	return p, nil
}

// PhaseText sums up where a cutover stands.
func PhaseText(r *shift.Record) string {
	switch {
	case r.Active() && r.Retiring != nil:
		return "removing the old controller"
	case !r.Active() || r.Course == nil:
		return "not begun"
	case r.Intended != nil && r.Intended.Phase == shift.Undone:
		return "going back"
	case r.Course.Aborted:
		return "aborted"
	case r.Course.Complete != nil:
		return "complete, 100% new"
	case r.Weight() > r.Course.Good:
		return fmt.Sprintf("%s new, not proven yet", label(r.Weight()))
	}
	return label(r.Weight()) + " new"
}

// StatusOf tells a recorded cutover; nil when there is none. running tells whether
// somebody holds the lease.
func StatusOf(r *shift.Record, running bool, now time.Time) *cutover.ParallelStatus {
	if !r.Active() || r.Course == nil {
		return nil
	}
	s := &cutover.ParallelStatus{
		Phase: PhaseText(r), LoadBalancer: r.LoadBalancer, Sides: r.Sides, Weight: r.Weight(), Good: r.Course.Good,
		Started: r.Started, Holder: r.Holder, Running: running, Stopped: r.Course.Stopped, Next: Next(r, running, now),
	}
	if n := len(r.Course.Passages); n > 0 {
		s.Since = r.Course.Passages[n-1].Begun
	}
	return s
}

// Next is the command to type, with a reason.
func Next(r *shift.Record, running bool, now time.Time) string {
	switch {
	case running && r.Retiring != nil:
		return "watch it (" + statusCommand + " -w)"
	case r.Retiring != nil:
		return "finish removing the old controller (" + retireCommand + ")"
	case running:
		return "watch it (" + statusCommand + " -w), or pause (kubectl ingress-migrate cutover pause)"
	case r.Intended != nil && r.Intended.Phase == shift.Undone:
		return "finish going back (" + rollbackCommand + ")"
	case r.Course.Aborted && r.Intended == nil:
		return "put the load balancer back as it was (" + rollbackCommand + "), or begin anew (" + runCommand + ")"
	case r.UnderWay():
		return "go on (" + resumeCommand + "), or back (" + rollbackCommand + ")"
	}
	if MayRetire(r, bakeOf(r), now) == nil {
		return "remove the old controller (" + retireCommand + "), or go back (" + rollbackCommand + ")"
	}
	return "watch it until the old controller may go (" + retireCommand + "); going back is " + rollbackCommand
}
