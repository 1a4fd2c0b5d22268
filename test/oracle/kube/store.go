package kube

import (
	"maps"
	"slices"
	"sync"
)

// event is one change, as a watch reports it.
type event struct {
	rv   int64
	kind string // ADDED, MODIFIED, DELETED
	*object
}

// store holds the objects and everything that ever happened to them: a watch
// can begin anywhere in the past.
type store struct {
	resources []Resource

	mu      sync.Mutex
	rv      int64
	objects []map[string]event // per resource, by namespace/name
	history [][]event          // per resource
	changed chan struct{}      // closed and replaced at every change
}

func newStore() *store {
	s := &store{resources: Resources(), rv: 1, changed: make(chan struct{})}
	s.objects = make([]map[string]event, len(s.resources))
	for i := range s.objects {
		s.objects[i] = map[string]event{}
	}
	s.history = make([][]event, len(s.resources))
	return s
}

// replace makes objects the whole content. Per resource, deletions are reported
// first, then changes in the order given: the last object of a resource is the
// last event of its watches.
func (s *store) replace(in []any) error {
	objects := make([]*object, 0, len(in))
	wanted := map[int]map[string]bool{}
	for _, one := range in {
		o, err := newObject(s.resources, one)
		if err != nil {
			return err
		}
		if wanted[o.resource] == nil {
			wanted[o.resource] = map[string]bool{}
		}
		wanted[o.resource][o.key()] = true
		objects = append(objects, o)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for resource, held := range s.objects {
		for _, key := range slices.Sorted(maps.Keys(held)) {
			if !wanted[resource][key] {
				s.record("DELETED", held[key].object)
			}
		}
	}
	for _, o := range objects {
		switch old, ok := s.objects[o.resource][o.key()]; {
		case !ok:
			s.record("ADDED", o)
		case old.text != o.text:
			s.record("MODIFIED", o)
		}
	}
	close(s.changed)
	s.changed = make(chan struct{})
	return nil
}

// record adds an event. The lock is held.
func (s *store) record(kind string, o *object) {
	s.rv++
	e := event{rv: s.rv, kind: kind, object: o}
	s.history[o.resource] = append(s.history[o.resource], e)
	if kind == "DELETED" {
		delete(s.objects[o.resource], o.key())
		return
	}
	s.objects[o.resource][o.key()] = e
}

// list returns the objects of a resource and the version they are as of.
func (s *store) list(resource int) ([]event, int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]event, 0, len(s.objects[resource]))
	for _, e := range s.objects[resource] {
		out = append(out, e)
	}
	return out, s.rv
}

// since returns the events of a resource after version rv, and a channel that
// is closed when there may be more.
func (s *store) since(resource int, rv int64) ([]event, <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	history := s.history[resource]
	first := len(history)
	for first > 0 && history[first-1].rv > rv {
		first--
	}
	return history[first:len(history):len(history)], s.changed
}
