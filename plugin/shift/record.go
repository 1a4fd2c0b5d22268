// Package shift moves requests from the old controller to the new one at a load balancer
// in front of both: testers by a header, then customers by weight. Each command is one
// step that is recorded before it is made, so that it can be finished or undone by
// whoever comes next.
package shift

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover/journal"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/lb"
)

// Phase says how far a shift got.
type Phase string

// The phases, in order.
const (
	Shifting Phase = "shifting"
	// Finished: everything goes to the new side, and the header's rule is gone.
	Finished Phase = "finished"
	// Undone: the load balancer is as it was.
	Undone Phase = "undone"
)

// Record is everything that is kept of one shift.
type Record struct {
	Version int    `json:"version"`
	ID      string `json:"id"`
	// LoadBalancer is the value of --lb.
	LoadBalancer string    `json:"loadBalancer"`
	Sides        lb.Sides  `json:"sides"`
	Holder       string    `json:"holder"`
	Started      time.Time `json:"started"`
	Changed      time.Time `json:"changed"`
	Phase        Phase     `json:"phase"`
	// Split is in force, as far as Written is.
	Split lb.Split `json:"split"`
	// Original are the parts as they were before the first change.
	Original lb.Parts `json:"original"`
	// Written are the parts as they were after the last step.
	Written lb.Parts `json:"written"`
	// Intended is the step under way, or that was when its maker died.
	Intended *Intention `json:"intended,omitempty"`
	History  []Step     `json:"history,omitempty"`
	// Course is the cutover whose steps these are; nil: each is given by hand.
	Course *Course `json:"course,omitempty"`
	// Retiring is the old controller whose removal has begun; nil: it has not.
	Retiring *Retirement `json:"retiring,omitempty"`
}

// Retirement is the removal of an old controller that was decided on.
type Retirement struct {
	// Kind is DaemonSet or Deployment.
	Kind      string    `json:"kind"`
	Namespace string    `json:"namespace"`
	Name      string    `json:"name"`
	UID       types.UID `json:"uid"`
	By        string    `json:"by"`
	Begun     time.Time `json:"begun"`
}

// String names the controller.
func (r *Retirement) String() string { return r.Kind + " " + r.Namespace + "/" + r.Name }

// Intention is a step that has been begun.
type Intention struct {
	Phase Phase    `json:"phase"`
	Split lb.Split `json:"split"`
	Parts lb.Parts `json:"parts"`
}

// Step is one that was done.
type Step struct {
	At    time.Time `json:"at"`
	By    string    `json:"by"`
	Phase Phase     `json:"phase"`
	Split lb.Split  `json:"split"`
}

// mostHistory bounds what is kept of the past.
const mostHistory = 50

// Active tells whether the load balancer is not as it was.
func (r *Record) Active() bool { return r != nil && r.Phase != Undone }

// FullSince is since when everything goes to the new side; zero: it does not, or since
// before what is kept of the past.
func (r *Record) FullSince() time.Time {
	var since time.Time
	for i := len(r.History) - 1; i >= 0; i-- {
		step := r.History[i]
		if step.Split.Weight != 100 || step.Phase == Undone {
			return since
		}
		since = step.At
	}
	return since
}

// known are all parts that the record names.
func (r *Record) known() lb.Parts {
	parts := maps.Clone(r.Original)
	for name, value := range r.Written {
		parts[name] = value
	}
	if r.Intended != nil {
		for name, value := range r.Intended.Parts {
			parts[name] = value
		}
	}
	return parts
}

// Where records are kept.
const (
	version    = 1
	namePrefix = "ingress-migrate-shift-"
	// Label is on every record; its value is the shift's id.
	Label     = "ingress-migrate.io/shift"
	recordKey = "shift.json"
	manager   = "ingress-migrate"
)

// ID names the shift of a load balancer between two sides.
func ID(identity string, sides lb.Sides) string {
	sum := sha256.Sum256([]byte(identity + "\x00" + sides.Old + "\x00" + sides.New))
	return hex.EncodeToString(sum[:4])
}

// ErrChanged: the record was written by somebody else since it was read.
var ErrChanged = errors.New("somebody else has changed the record of this shift meanwhile: look at kubectl ingress-migrate shift status, then try again")

// Store keeps records as ConfigMaps of one namespace. Every write is conditional on what
// was read.
type Store struct {
	Client    kubernetes.Interface
	Namespace string

	last *corev1.ConfigMap
}

// Name of a record, as NAMESPACE/NAME.
func (s *Store) Name(id string) string { return s.Namespace + "/" + namePrefix + id }

// Open reads a record; nil without an error when there is none.
func (s *Store) Open(ctx context.Context, id string) (*Record, error) {
	cm, err := s.Client.CoreV1().ConfigMaps(s.Namespace).Get(ctx, namePrefix+id, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		s.last = nil
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading the record %s: %w", s.Name(id), err)
	}
	s.last = cm
	return Parse(cm)
}

// List reads all records of the namespace, the oldest first.
func (s *Store) List(ctx context.Context) ([]*Record, error) {
	list, err := s.Client.CoreV1().ConfigMaps(s.Namespace).List(ctx, metav1.ListOptions{LabelSelector: Label})
	if err != nil {
		return nil, fmt.Errorf("listing the records of shifts in namespace %s: %w", s.Namespace, err)
	}
	var records []*Record
	for i := range list.Items {
		r, err := Parse(&list.Items[i])
		if err != nil {
			return nil, err
		}
		records = append(records, r)
	}
	slices.SortFunc(records, func(a, b *Record) int {
		if c := a.Started.Compare(b.Started); c != 0 {
			return c
		}
		return strings.Compare(a.ID, b.ID)
	})
	return records, nil
}

// Parse reads a record.
func Parse(cm *corev1.ConfigMap) (*Record, error) {
	r := &Record{}
	if err := json.Unmarshal([]byte(cm.Data[recordKey]), r); err != nil {
		return nil, fmt.Errorf("reading the record of a shift in configmap %s/%s: %w", cm.Namespace, cm.Name, err)
	}
	if r.Version > version {
		return nil, fmt.Errorf("the record in configmap %s/%s was written by a newer kubectl ingress-migrate (form %d, this one knows %d): use that one", cm.Namespace, cm.Name, r.Version, version)
	}
	if r.Original == nil || r.Written == nil || r.ID == "" {
		return nil, fmt.Errorf("the record in configmap %s/%s is incomplete: it does not say what the load balancer was like", cm.Namespace, cm.Name)
	}
	return r, nil
}

// write stores a record if nobody has since it was opened. A request in an annotation is
// another command's and no reason to give up.
func (s *Store) write(ctx context.Context, r *Record) error {
	r.Version = version
	raw, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("encoding the record: %w", err)
	}
	maps := s.Client.CoreV1().ConfigMaps(s.Namespace)
	const attempts = 5
	for range attempts {
		var cm *corev1.ConfigMap
		if s.last == nil {
			cm, err = maps.Create(ctx, &corev1.ConfigMap{
				ObjectMeta: metav1.ObjectMeta{
					Name: namePrefix + r.ID, Namespace: s.Namespace,
					Labels: map[string]string{Label: r.ID, "app.kubernetes.io/managed-by": manager},
				},
				Data: map[string]string{recordKey: string(raw)},
			}, metav1.CreateOptions{FieldManager: manager})
		} else {
			cm = s.last.DeepCopy()
			cm.Data = map[string]string{recordKey: string(raw)}
			cm, err = maps.Update(ctx, cm, metav1.UpdateOptions{FieldManager: manager})
		}
		switch {
		case apierrors.IsNotFound(err) && s.last != nil:
			// Somebody deleted it. What it held is the only way back, so write it anew.
			s.last = nil
			continue
		case apierrors.IsConflict(err) && s.last != nil:
			live, err := maps.Get(ctx, namePrefix+r.ID, metav1.GetOptions{})
			if err != nil {
				return fmt.Errorf("reading the record %s again: %w", s.Name(r.ID), err)
			}
			if live.Data[recordKey] != s.last.Data[recordKey] {
				return ErrChanged
			}
			s.last = live
			continue
		case apierrors.IsConflict(err), apierrors.IsAlreadyExists(err):
			return ErrChanged
		case err != nil:
			return fmt.Errorf("writing the record %s: %w", s.Name(r.ID), err)
		}
		s.last = cm
		return nil
	}
	return ErrChanged
}

// Remove deletes the record that was opened last, unless somebody else has written it since;
// nothing when it is gone.
func (s *Store) Remove(ctx context.Context) error { return s.remove(ctx, nil) }

// Rehearse sends that for the server to check, not to carry out.
func (s *Store) Rehearse(ctx context.Context) error { return s.remove(ctx, []string{metav1.DryRunAll}) }

func (s *Store) remove(ctx context.Context, dryRun []string) error {
	if s.last == nil {
		return nil
	}
	err := s.Client.CoreV1().ConfigMaps(s.Namespace).Delete(ctx, s.last.Name, metav1.DeleteOptions{
		Preconditions: &metav1.Preconditions{UID: &s.last.UID, ResourceVersion: &s.last.ResourceVersion}, DryRun: dryRun,
	})
	switch {
	case apierrors.IsConflict(err):
		return ErrChanged
	case err != nil && !apierrors.IsNotFound(err):
		return fmt.Errorf("removing the record %s/%s: %w", s.Namespace, s.last.Name, err)
	}
	if dryRun == nil {
		s.last = nil
	}
	return nil
}

// Request asks whoever runs the cutover of a record for journal.RequestPause or
// journal.RequestAbort; "" takes a request back.
func (s *Store) Request(ctx context.Context, id, what string) error {
	var value any
	if what != "" {
		value = what
	}
	patch, err := json.Marshal(map[string]any{"metadata": map[string]any{"annotations": map[string]any{journal.RequestAnnotation: value}}})
	if err != nil {
		return fmt.Errorf("encoding a request: %w", err)
	}
	if _, err := s.Client.CoreV1().ConfigMaps(s.Namespace).Patch(ctx, namePrefix+id, types.MergePatchType, patch, metav1.PatchOptions{FieldManager: manager}); err != nil {
		return fmt.Errorf("asking for %q in the record %s: %w", what, s.Name(id), err)
	}
	return nil
}

// Requested is what Request asked for.
func (s *Store) Requested(ctx context.Context, id string) (string, error) {
	cm, err := s.Client.CoreV1().ConfigMaps(s.Namespace).Get(ctx, namePrefix+id, metav1.GetOptions{})
	switch {
	case apierrors.IsNotFound(err):
		return "", nil
	case err != nil:
		return "", fmt.Errorf("reading the record %s: %w", s.Name(id), err)
	}
	return cm.Annotations[journal.RequestAnnotation], nil
}
