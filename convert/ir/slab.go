package ir

// Slab makes values of which many share one allocation: a conversion makes
// millions of small ones, which all live equally long.
type Slab[T any] struct {
	free []T
	size int
}

// mostInSlab bounds what the last slab of a small conversion wastes.
const mostInSlab = 32

// New returns a pointer to a zero value.
func (s *Slab[T]) New() *T {
	if len(s.free) == 0 {
		s.grow(1)
	}
	zero := &s.free[0]
	s.free = s.free[1:]
	return zero
}

// One returns a slice of one element that has no room for another.
func (s *Slab[T]) One(value T) []T {
	if len(s.free) == 0 {
		s.grow(1)
	}
	one := s.free[:1:1]
	s.free = s.free[1:]
	one[0] = value
	return one
}

// Room returns an empty slice with room for n elements.
func (s *Slab[T]) Room(n int) []T {
	if len(s.free) < n {
		s.grow(n)
	}
	room := s.free[:0:n]
	s.free = s.free[n:]
	return room
}

func (s *Slab[T]) grow(least int) {
	s.size = min(2*s.size+1, mostInSlab)
	s.free = make([]T, max(s.size, least))
}
