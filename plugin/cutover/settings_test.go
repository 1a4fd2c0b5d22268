package cutover

import "testing"

func TestFloorOf(t *testing.T) {
	alone := Settings{AcceptSingleNode: true}
	for name, test := range map[string]struct {
		settings Settings
		nodes    int
		want     int
	}{
		"twenty":               {nodes: 20, want: 15},
		"four":                 {nodes: 4, want: 3},
		"three":                {nodes: 3, want: 2},
		"two":                  {nodes: 2, want: 2},
		"two, one alone":       {settings: alone, nodes: 2, want: 1},
		"three, one alone":     {settings: alone, nodes: 3, want: 2},
		"one is never nobody":  {settings: alone, nodes: 1, want: 1},
		"what was asked for":   {settings: Settings{Floor: 5}, nodes: 6, want: 5},
		"one, without consent": {nodes: 1, want: 2},
	} {
		t.Run(name, func(t *testing.T) {
			if got := test.settings.FloorOf(test.nodes); got != test.want {
				t.Errorf("floor %d, want %d", got, test.want)
			}
		})
	}
}
