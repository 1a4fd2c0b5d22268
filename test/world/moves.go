package world

import (
	"bufio"
	"bytes"
	"regexp"
	"sync"
	"time"
)

// Move is one node that the plugin reported as moved, and how long it took.
type Move struct {
	Node string
	Took time.Duration
}

// Moves reads, as a Shell's Tee, the line that the plugin prints for every
// finished node.
type Moves struct {
	mu   sync.Mutex
	text bytes.Buffer
}

var finishedNode = regexp.MustCompile(`^(edge-\d+) .* ok\s+(\S+)$`)

func (m *Moves) Write(p []byte) (int, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.text.Write(p)
}

// All are the moves so far, in order.
func (m *Moves) All() []Move {
	m.mu.Lock()
	defer m.mu.Unlock()
	var all []Move
	for lines := bufio.NewScanner(bytes.NewReader(m.text.Bytes())); lines.Scan(); {
		if found := finishedNode.FindStringSubmatch(lines.Text()); found != nil {
			if d, err := time.ParseDuration(found[2]); err == nil {
				all = append(all, Move{Node: found[1], Took: d})
			}
		}
	}
	return all
}
