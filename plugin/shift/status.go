package shift

import (
	"context"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/lb"
)

// APIVersion and Kind of a Report in JSON and YAML.
const (
	APIVersion = "ingress-migrate.io/v1alpha1"
	Kind       = "ShiftReport"
)

// Report is every shift of a namespace. It is an API object so that every output format
// of kubectl works on it.
type Report struct {
	metav1.TypeMeta `json:",inline"`
	Namespace       string   `json:"namespace"`
	Shifts          []Status `json:"shifts"`
}

// Status is one shift as recorded and as found.
type Status struct {
	ID           string    `json:"id"`
	LoadBalancer string    `json:"loadBalancer"`
	Sides        lb.Sides  `json:"sides"`
	Phase        Phase     `json:"phase"`
	Split        lb.Split  `json:"split"`
	Started      time.Time `json:"started"`
	Changed      time.Time `json:"changed"`
	Holder       string    `json:"holder"`
	// Intended is the split of a step that was begun and not finished.
	Intended *lb.Split `json:"intended,omitempty"`
	Drift    []Drift   `json:"drift,omitempty"`
	// Old and New are the targets of the two sides.
	Old []lb.TargetHealth `json:"old,omitempty"`
	New []lb.TargetHealth `json:"new,omitempty"`
	// Failed is why the load balancer could not be asked.
	Failed  string `json:"failed,omitempty"`
	History []Step `json:"history,omitempty"`
}

// DeepCopyObject implements runtime.Object.
func (r *Report) DeepCopyObject() runtime.Object {
	copied := *r
	return &copied // is only read
}

// NewReport returns a report of some records; shifter makes the load balancer of one.
func NewReport(ctx context.Context, namespace string, records []*Record, shifter func(context.Context, *Record) (lb.Shifter, error)) *Report {
	report := &Report{TypeMeta: metav1.TypeMeta{APIVersion: APIVersion, Kind: Kind}, Namespace: namespace, Shifts: []Status{}}
	for _, r := range records {
		s := Status{
			ID: r.ID, LoadBalancer: r.LoadBalancer, Sides: r.Sides, Phase: r.Phase, Split: r.Split,
			Started: r.Started, Changed: r.Changed, Holder: r.Holder, History: r.History,
		}
		if r.Intended != nil {
			s.Intended = &r.Intended.Split
		}
		if r.Active() {
			if err := s.ask(ctx, r, shifter); err != nil {
				s.Failed = err.Error()
			}
		}
		report.Shifts = append(report.Shifts, s)
	}
	return report
}

func (s *Status) ask(ctx context.Context, r *Record, shifter func(context.Context, *Record) (lb.Shifter, error)) error {
	balancer, err := shifter(ctx, r)
	if err != nil {
		return err
	}
	current, err := balancer.Read(ctx, r.known())
	if err != nil {
		return err
	}
	s.Drift = drift(r, current)
	if s.Old, err = balancer.Health(ctx, lb.OldSide); err != nil {
		return err
	}
	s.New, err = balancer.Health(ctx, lb.NewSide)
	return err
}
