package parallel

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover/lock"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover/traffic"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/fleet"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/shift"
)

const (
	retireCommand = "kubectl ingress-migrate retire"
	finishCommand = "kubectl ingress-migrate shift finish"
)

// MayRetire returns why the old controller of a record cannot be removed now. What was
// begun may always be finished.
func MayRetire(r *shift.Record, bake time.Duration, now time.Time) error {
	switch {
	case r.Retiring != nil:
		return nil
	case r.UnderWay(), r.Course != nil && r.Course.Aborted:
		return fmt.Errorf("the cutover by weights is not complete (%s): go on with %s, or back with %s", PhaseText(r), resumeCommand, rollbackCommand)
	case r.Phase != shift.Finished || r.Split.Weight != 100:
		return fmt.Errorf("%d%% of the requests go to the new side, and the shift is not finished: %s ends it once all do", r.Split.Weight, finishCommand)
	}
	since := r.FullSince()
	if over := since.Add(bake); now.Before(over) {
		return fmt.Errorf("all requests go to the new side since %s, and %s of bake are not over before %s: wait, or give --bake", since.Format(time.RFC3339), bake, over.Format(time.RFC3339))
	}
	return nil
}

// bakeOf is how long a recorded cutover wants to wait before it may be retired.
func bakeOf(r *shift.Record) time.Duration {
	s := DefaultSettings()
	if r.Course != nil && json.Unmarshal(r.Course.Settings, &s) != nil {
		return DefaultSettings().Bake
	}
	return s.Bake
}

// RetirementPlan is what Retire would do, for the eyes of whoever says yes.
type RetirementPlan struct {
	// Old is what is deleted; nil: that is done, and Begun says what it was.
	Old   *fleet.Workload
	Begun *shift.Retirement
	// LoadBalancer is its name for people; "" when nobody is asked any more.
	LoadBalancer string
	// Unread is why it cannot be told whether requests still reach the old controller.
	Unread string
}

// PlanRetirement looks at everything that Retire looks at, but for the time that this
// takes. Nothing is written.
func (e *Engine) PlanRetirement(ctx context.Context) (*RetirementPlan, error) {
	s := &session{Engine: e}
	r, err := s.retirable(ctx)
	if err != nil {
		return nil, err
	}
	p := &RetirementPlan{Begun: r.Retiring}
	if p.Begun != nil {
		p.Old, err = s.left(ctx, r.Retiring)
		return p, err
	}
	if p.Old, err = s.oldWorkload(ctx); err != nil {
		return nil, err
	}
	if p.LoadBalancer, err = s.full(ctx); err != nil {
		return nil, err
	}
	if _, p.Unread = s.forwarded(ctx, p.Old); p.Unread == "" && !s.scrapes() {
		p.Unread = "metrics are not to be read (--metrics=false)"
	}
	return p, nil
}

// retirable is the record whose old controller may be removed now.
func (s *session) retirable(ctx context.Context) (*shift.Record, error) {
	r, err := s.record(ctx)
	switch {
	case err != nil:
		return nil, err
	case !r.Active():
		return nil, fmt.Errorf("there is nothing to retire: the record %s is gone", s.Shift.Store.Name(s.id()))
	}
	return r, MayRetire(r, s.Settings.Bake, s.Clock.Now())
}

// Retire removes the old controller for good, and the record of the shift. It can be
// stopped, or killed, at any moment and started again.
func (e *Engine) Retire(ctx context.Context) error {
	s, err := e.open(ctx, lock.Retire)
	if err != nil {
		return err
	}
	defer s.close(ctx)
	r, err := s.retirable(ctx)
	if err != nil {
		return err
	}
	old := r.Retiring
	if old == nil {
		if old, err = s.decide(ctx); err != nil {
			return err
		}
	}
	if err := s.remove(ctx, old); err != nil {
		return err
	}
	if err := s.forget(ctx); err != nil {
		return err
	}
	s.Observer.Observe(cutover.Event{Kind: cutover.Info, Text: fmt.Sprintf("%s is removed, and the record of the shift; %s still names %s with weight 0: take it out where that is configured", old, s.Shift.LoadBalancer, s.Shift.Sides.Old)})
	return nil
}

// decide holds the old controller against everything that speaks for leaving it, and
// records that it is removed.
func (s *session) decide(ctx context.Context) (*shift.Retirement, error) {
	w, err := s.oldWorkload(ctx)
	if err != nil {
		return nil, err
	}
	if _, err := s.full(ctx); err != nil {
		return nil, err
	}
	if err := s.quiet(ctx, w); err != nil {
		return nil, err
	}
	old := &shift.Retirement{Kind: w.Kind, Namespace: w.Name.Namespace, Name: w.Name.Name, UID: w.UID, By: s.Shift.Holder, Begun: s.Clock.Now().UTC().Truncate(time.Second)}
	return old, s.persist(ctx, func() error { return s.Shift.Retire(ctx, s.lease, old) })
}

// oldWorkload is what is to be deleted.
func (s *session) oldWorkload(ctx context.Context) (*fleet.Workload, error) {
	w, err := s.workload(ctx, s.Old)
	if err == nil && w == nil {
		err = errors.New("it is not known which controller is the old one: name it with --old [deployment/]NAMESPACE/NAME")
	}
	if err != nil {
		return nil, err
	}
	if s.New != nil {
		other, err := s.workload(ctx, s.New)
		if err != nil {
			return nil, err
		}
		if other != nil && other.Kind == w.Kind && other.Name == w.Name {
			return nil, fmt.Errorf("%s %s is the new controller as well as the old one: say which is which with --old and --new", w.Kind, w.Name)
		}
	}
	return w, nil
}

// full wants that the load balancer sends everything to a new side that is well, as it was
// written. It returns the balancer's name.
func (s *session) full(ctx context.Context) (string, error) {
	var plan *shift.Plan
	err := s.persist(ctx, func() (err error) {
		plan, err = s.Shift.Plan(ctx, shift.Request{Finish: true})
		return err
	})
	if err != nil {
		return "", err
	}
	if err := s.present(ctx); err != nil {
		return "", err
	}
	if why := s.health(ctx, false); why != "" {
		return "", errors.New(why)
	}
	return plan.Facts.Name, nil
}

// quiet watches the old controller for as long as a weight: nothing may reach an
// application through it any more, past the load balancer or by another one.
func (s *session) quiet(ctx context.Context, w *fleet.Workload) error {
	if !s.scrapes() {
		return nil
	}
	warn := func(why string) {
		s.Observer.Observe(cutover.Event{Kind: cutover.Warn, Text: "it is not known whether requests still reach " + w.Title + ": " + why})
	}
	before, why := s.forwarded(ctx, w)
	if why != "" {
		warn(why)
		return nil
	}
	begun := s.Clock.Now()
	s.Observer.Observe(cutover.Event{Kind: cutover.Wait, Text: fmt.Sprintf("watching for %s whether requests still reach %s", s.Settings.Soak, w.Title)})
	for left := s.Settings.Soak; left > 0; left = s.Settings.Soak - s.Clock.Now().Sub(begun) {
		if s.asked() {
			return &cutover.Stopped{Reason: "interrupted before anything was removed", Next: retireCommand, Interrupted: true}
		}
		if err := s.pause(ctx, min(s.every(), left)); err != nil {
			return err
		}
	}
	now, why := s.forwarded(ctx, w)
	if why != "" {
		warn(why)
		return nil
	}
	var all, since traffic.Counts
	for uid, counts := range now {
		all, since = all.Plus(counts), since.Plus(counts.Since(before[uid]))
	}
	switch {
	case since.Forwarded > 0:
		return &cutover.Stopped{
			Reason: fmt.Sprintf("%.0f requests reached applications through %s %s in %s: some clients do not come by %s", since.Forwarded, w.Kind, w.Name, s.Settings.Soak, s.Shift.LoadBalancer),
			Next:   "find them (DNS, another load balancer or listener), then " + retireCommand + "; with --metrics=false nobody looks",
		}
	case all.Forwarded == 0 && since.Requests > 0:
		warn(fmt.Sprintf("its entry points counted %.0f in %s, and its metrics do not tell clients from health checks", since.Requests, s.Settings.Soak))
	default:
		s.Observer.Observe(cutover.Event{Kind: cutover.Info, Text: fmt.Sprintf("no request reached an application through %s in %s", w.Title, s.Settings.Soak)})
	}
	return nil
}

// forwarded are the counts of all pods that serve, or why they are not known. A controller
// without such a pod carries nothing.
func (s *session) forwarded(ctx context.Context, w *fleet.Workload) (map[types.UID]traffic.Counts, string) {
	if !s.scrapes() {
		return nil, ""
	}
	counts, unread := s.scrape(ctx, w)
	if unread != nil {
		first, _, _ := strings.Cut(unread.Error(), "\n")
		return nil, first
	}
	return counts, ""
}

// live reads the controller of a retirement.
func live(ctx context.Context, client kubernetes.Interface, old *shift.Retirement) (metav1.Object, error) {
	if old.Kind == fleet.KindDeployment {
		return client.AppsV1().Deployments(old.Namespace).Get(ctx, old.Name, metav1.GetOptions{})
	}
	return client.AppsV1().DaemonSets(old.Namespace).Get(ctx, old.Name, metav1.GetOptions{})
}

// left is the controller of a retirement that was begun, as far as it is still there.
func (s *session) left(ctx context.Context, old *shift.Retirement) (*fleet.Workload, error) {
	w, err := s.workload(ctx, s.Old)
	var gone *fleet.NoWorkloadError
	switch {
	case errors.As(err, &gone), err == nil && (w == nil || w.UID != old.UID):
		return nil, nil
	case err != nil:
		return nil, err
	}
	return w, nil
}

func (s *session) deleteOld(ctx context.Context, old *shift.Retirement, dryRun []string) error {
	background := metav1.DeletePropagationBackground
	o := metav1.DeleteOptions{PropagationPolicy: &background, Preconditions: &metav1.Preconditions{UID: &old.UID}, DryRun: dryRun}
	apps := s.Shift.Store.Client.AppsV1()
	if old.Kind == fleet.KindDeployment {
		return apps.Deployments(old.Namespace).Delete(ctx, old.Name, o)
	}
	return apps.DaemonSets(old.Namespace).Delete(ctx, old.Name, o)
}

// remove deletes the old controller and waits until it is gone.
func (s *session) remove(ctx context.Context, old *shift.Retirement) error {
	begun, deleted := s.Clock.Now(), false
	for {
		var found metav1.Object
		err := s.persist(ctx, func() (err error) {
			found, err = live(ctx, s.Shift.Store.Client, old)
			return err
		})
		switch {
		case apierrors.IsNotFound(err):
			s.Observer.Observe(cutover.Event{Kind: cutover.Info, Text: old.String() + " is deleted"})
			return nil
		case err != nil:
			return fmt.Errorf("looking at the old %s: %w", old, err)
		case found.GetUID() != old.UID:
			return &cutover.Stopped{Reason: fmt.Sprintf("the old %s was made anew: somebody applies its manifest (GitOps?)", old), Next: "remove it there, then " + retireCommand}
		case deleted && s.Clock.Now().Sub(begun) >= s.Settings.NodeTimeout:
			return &cutover.Stopped{Reason: fmt.Sprintf("the old %s does not go away (finalizers: %v)", old, found.GetFinalizers()), Next: retireCommand}
		}
		if !deleted {
			err := s.persist(ctx, func() error {
				if err := s.lease.Check(ctx); err != nil {
					return err
				}
				return s.deleteOld(ctx, old, nil)
			})
			if err != nil && !apierrors.IsNotFound(err) {
				return fmt.Errorf("deleting the old %s: %w", old, err)
			}
			deleted = true
			continue
		}
		if err := s.pause(ctx, s.Settings.Poll); err != nil {
			return err
		}
	}
}

// forget removes the record, which is the last trace of the shift in the cluster.
func (s *session) forget(ctx context.Context) error {
	return s.persist(ctx, func() error {
		r, err := s.Shift.Store.Open(ctx, s.id())
		if err != nil || r == nil {
			return err
		}
		if err := s.lease.Check(ctx); err != nil {
			return err
		}
		return s.Shift.Store.Remove(ctx)
	})
}

// RehearseRetirement sends the deletion for the server to check, not to carry out.
func (e *Engine) RehearseRetirement(ctx context.Context, p *RetirementPlan) error {
	dry := []string{metav1.DryRunAll}
	if w := p.Old; w != nil {
		old := &shift.Retirement{Kind: w.Kind, Namespace: w.Name.Namespace, Name: w.Name.Name, UID: w.UID}
		if err := (&session{Engine: e}).deleteOld(ctx, old, dry); err != nil {
			return fmt.Errorf("deleting %s (server dry run): %w", old, err)
		}
	}
	store := e.Shift.Store
	if err := store.Rehearse(ctx); err != nil {
		return fmt.Errorf("removing the record %s (server dry run): %w", store.Name(e.id()), err)
	}
	return nil
}
