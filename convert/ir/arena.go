package ir

// Arena makes values that are needed during one piece of work and not behind it:
// Reset makes the room of all of them free for the next one, without any garbage.
type Arena[T any] struct {
	chunks [][]T
	// chunk and used say where the free room begins.
	chunk, used int
}

// Chunks double, in between. The first ones are kept for the next piece of work.
const (
	leastInChunk, mostInChunk = 4, 1024
	keptChunks                = 10
)

// New returns a pointer to a zero value.
func (a *Arena[T]) New() *T { return &a.Room(1)[:1][0] }

// One returns a slice of one element that has no room for another.
func (a *Arena[T]) One(value T) []T { return append(a.Room(1), value) }

// Room returns an empty slice with room for n elements, which are zero.
func (a *Arena[T]) Room(n int) []T {
	for a.chunk < len(a.chunks) && len(a.chunks[a.chunk])-a.used < n {
		a.chunk, a.used = a.chunk+1, 0
	}
	if a.chunk == len(a.chunks) {
		size := leastInChunk
		if a.chunk > 0 {
			size = min(2*len(a.chunks[a.chunk-1]), mostInChunk)
		}
		a.chunks = append(a.chunks, make([]T, max(size, n)))
	}
	first := a.used
	a.used += n
	return a.chunks[a.chunk][first:first:a.used]
}

// Reset forgets all values. Nobody may hold one any longer.
func (a *Arena[T]) Reset() {
	if len(a.chunks) > keptChunks {
		clear(a.chunks[keptChunks:])
		a.chunks = a.chunks[:keptChunks]
	}
	for i := range a.chunks[:min(a.chunk+1, len(a.chunks))] {
		used := len(a.chunks[i])
		if i == a.chunk {
			used = a.used
		}
		clear(a.chunks[i][:used])
	}
	a.chunk, a.used = 0, 0
}
