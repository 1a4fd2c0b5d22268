package journal

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
)

// Where a journal is kept.
const (
	// NamePrefix of the ConfigMap; the cutover's id follows.
	NamePrefix = "ingress-migrate-"
	// Label is on every journal; its value is the cutover's id.
	Label = "ingress-migrate.io/journal"
	// RequestAnnotation is how other commands ask the running engine to stop.
	RequestAnnotation = "ingress-migrate.io/requested"

	journalKey  = "journal.json"
	baselineKey = "baseline.json"
)

// Requests that a running engine obeys after the node it is working on.
const (
	RequestPause = "pause"
	RequestAbort = "abort"
)

// ErrFenced: somebody else has taken over the cutover. Nothing may be written
// any more.
var ErrFenced = errors.New("another operator has taken over this cutover")

// Name of the ConfigMap of a cutover.
func Name(id string) string { return NamePrefix + id }

// Parse reads the journal in a ConfigMap.
func Parse(cm *corev1.ConfigMap) (*Journal, error) {
	j := &Journal{}
	if err := json.Unmarshal([]byte(cm.Data[journalKey]), j); err != nil {
		return nil, fmt.Errorf("reading the journal in configmap %s/%s: %w", cm.Namespace, cm.Name, err)
	}
	if j.Version > Version {
		return nil, fmt.Errorf("the journal in configmap %s/%s was written by a newer kubectl ingress-migrate (form %d, this one knows %d): use that one", cm.Namespace, cm.Name, j.Version, Version)
	}
	return j, nil
}

// Store reads and writes one journal. Every write is conditional on what this
// Store last saw, so two writers cannot overwrite each other unnoticed. It is
// not safe for concurrent use.
type Store struct {
	client    kubernetes.Interface
	namespace string
	// last is what we know to be stored.
	last *corev1.ConfigMap
	// sequence of our own last write or read.
	sequence int64
}

// NewStore returns a store for journals in the namespace.
func NewStore(client kubernetes.Interface, namespace string) *Store {
	return &Store{client: client, namespace: namespace}
}

// Open reads the journal of a cutover; nil without error when there is none.
func (s *Store) Open(ctx context.Context, id string) (*Journal, error) {
	cm, err := s.client.CoreV1().ConfigMaps(s.namespace).Get(ctx, Name(id), metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading the journal %s/%s: %w", s.namespace, Name(id), err)
	}
	j, err := Parse(cm)
	if err != nil {
		return nil, err
	}
	s.last, s.sequence = cm, j.Sequence
	return j, nil
}

// Create writes a new journal.
func (s *Store) Create(ctx context.Context, j *Journal) error { return s.create(ctx, j, nil) }

// create writes a new journal, with more data beside it.
func (s *Store) create(ctx context.Context, j *Journal, beside map[string]string) error {
	j.trim()
	j.Version, j.Sequence = j.form(), 1
	raw, err := json.Marshal(j)
	if err != nil {
		return fmt.Errorf("encoding the journal: %w", err)
	}
	data := map[string]string{}
	maps.Copy(data, beside)
	data[journalKey] = string(raw)
	made := &corev1.ConfigMap{
		ObjectMeta: metav1.ObjectMeta{
			Name:      Name(j.ID),
			Namespace: s.namespace,
			Labels:    map[string]string{Label: j.ID, "app.kubernetes.io/managed-by": "ingress-migrate"},
		},
		Data: data,
	}
	const attempts = 5
	for range attempts {
		cm, err := s.client.CoreV1().ConfigMaps(s.namespace).Create(ctx, made, metav1.CreateOptions{FieldManager: "ingress-migrate"})
		if err == nil {
			s.last, s.sequence = cm, j.Sequence
			return nil
		}
		if !apierrors.IsAlreadyExists(err) {
			return fmt.Errorf("creating the journal %s/%s: %w", s.namespace, Name(j.ID), err)
		}
		// A create whose answer was lost is not somebody else's journal.
		stored, err := s.Open(ctx, j.ID)
		switch {
		case err != nil:
			return err // nothing is known of whose it is
		case stored == nil:
			continue // deleted this very moment
		case stored.Holder == j.Holder && stored.Fence == j.Fence && stored.Sequence == j.Sequence:
			return nil
		}
		return fmt.Errorf("creating the journal %s/%s: %w", s.namespace, Name(j.ID), ErrFenced)
	}
	return fmt.Errorf("creating the journal %s/%s: it is deleted faster than it can be made", s.namespace, Name(j.ID))
}

// Write stores the journal if nobody else has written it since.
func (s *Store) Write(ctx context.Context, j *Journal) error {
	if s.last == nil {
		return s.Create(ctx, j)
	}
	j.trim()
	j.Version, j.Sequence = j.form(), s.sequence+1
	raw, err := json.Marshal(j)
	if err != nil {
		return fmt.Errorf("encoding the journal: %w", err)
	}
	return s.patch(ctx, j, map[string]any{journalKey: string(raw)})
}

// patch writes data conditionally. A conflict may be the annotation that another
// command used to ask for a pause: then the journal itself is still ours.
func (s *Store) patch(ctx context.Context, j *Journal, data map[string]any) error {
	const attempts = 5
	for range attempts {
		raw, err := json.Marshal(map[string]any{
			"metadata": map[string]any{"resourceVersion": s.last.ResourceVersion},
			"data":     data,
		})
		if err != nil {
			return fmt.Errorf("encoding the journal: %w", err)
		}
		cm, err := s.client.CoreV1().ConfigMaps(s.namespace).Patch(ctx, s.last.Name, types.MergePatchType, raw, metav1.PatchOptions{FieldManager: "ingress-migrate"})
		if err == nil {
			s.last, s.sequence = cm, j.Sequence
			return nil
		}
		if apierrors.IsNotFound(err) {
			// Somebody deleted the record. The world is the truth, so write it anew.
			return s.recreate(ctx, j, data)
		}
		if !apierrors.IsConflict(err) {
			return fmt.Errorf("writing the journal %s/%s: %w", s.namespace, s.last.Name, err)
		}
		cm, err = s.client.CoreV1().ConfigMaps(s.namespace).Get(ctx, s.last.Name, metav1.GetOptions{})
		if apierrors.IsNotFound(err) {
			return s.recreate(ctx, j, data) // deleted since
		}
		if err != nil {
			return fmt.Errorf("reading the journal %s/%s again: %w", s.namespace, s.last.Name, err)
		}
		stored, err := Parse(cm)
		if err != nil {
			return err
		}
		if stored.Fence > j.Fence || stored.Sequence > j.Sequence || (stored.Sequence == j.Sequence && stored.Holder != j.Holder) {
			return fmt.Errorf("writing the journal %s/%s: %w (%s)", s.namespace, s.last.Name, ErrFenced, stored.Holder)
		}
		s.last = cm
	}
	return fmt.Errorf("writing the journal %s/%s: it changes faster than it can be written", s.namespace, s.last.Name)
}

// recreate writes a journal anew that was deleted, in one piece with its baseline: the one
// that was to be written now, or the one that was lost.
func (s *Store) recreate(ctx context.Context, j *Journal, data map[string]any) error {
	beside := map[string]string{}
	if baseline, ok := s.last.Data[baselineKey]; ok {
		beside[baselineKey] = baseline
	}
	if baseline, ok := data[baselineKey].(string); ok {
		beside[baselineKey] = baseline
	}
	return s.create(ctx, j, beside)
}

// WriteBaseline stores what the old proxy answered, next to the journal, so that
// the journal's many writes do not carry it along.
func (s *Store) WriteBaseline(ctx context.Context, j *Journal, baseline any) error {
	raw, err := json.Marshal(baseline)
	if err != nil {
		return fmt.Errorf("encoding the baseline: %w", err)
	}
	return s.patch(ctx, j, map[string]any{baselineKey: string(raw)})
}

// ReadBaseline reads what WriteBaseline stored; false when there is none.
func (s *Store) ReadBaseline(baseline any) (bool, error) {
	if s.last == nil || s.last.Data[baselineKey] == "" {
		return false, nil
	}
	if err := json.NewDecoder(strings.NewReader(s.last.Data[baselineKey])).Decode(baseline); err != nil {
		return false, fmt.Errorf("reading the baseline in configmap %s/%s: %w", s.namespace, s.last.Name, err)
	}
	return true, nil
}

// Request asks the engine that runs the cutover for a pause or an abort; "" takes
// the request back.
func Request(ctx context.Context, client kubernetes.Interface, namespace, id, what string) error {
	var value any
	if what != "" {
		value = what
	}
	raw, err := json.Marshal(map[string]any{"metadata": map[string]any{"annotations": map[string]any{RequestAnnotation: value}}})
	if err != nil {
		return fmt.Errorf("encoding the request: %w", err)
	}
	_, err = client.CoreV1().ConfigMaps(namespace).Patch(ctx, Name(id), types.MergePatchType, raw, metav1.PatchOptions{FieldManager: "ingress-migrate"})
	if err != nil {
		return fmt.Errorf("asking for %q in the journal %s/%s: %w", what, namespace, Name(id), err)
	}
	return nil
}

// Latest finds the newest journal in a namespace; nil when there is none.
func Latest(items []corev1.ConfigMap) (*Journal, *corev1.ConfigMap, error) {
	var latest *Journal
	var from *corev1.ConfigMap
	for i := range items {
		j, err := Parse(&items[i])
		if err != nil {
			return nil, nil, err
		}
		if latest == nil || j.Started.After(latest.Started) {
			latest, from = j, &items[i]
		}
	}
	return latest, from, nil
}
