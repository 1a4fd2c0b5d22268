package cutover

import (
	"fmt"
	"slices"
	"strings"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/fleet"
)

// MostAtOnce is how many of nodes are out at once at most.
func (s Settings) MostAtOnce(nodes int) int {
	if s.BatchPercent > 0 {
		return max(1, nodes*s.BatchPercent/100)
	}
	return max(1, s.Batch)
}

// BatchAfter is how many nodes are moved at once when done are: the canary alone, one
// more alone, and then twice as many each time.
func (s Settings) BatchAfter(done, nodes int) int {
	return min(s.MostAtOnce(nodes), max(1, done))
}

// zoned tells whether zones are of interest: a node is in one.
func zoned(f *fleet.Fleet) bool {
	return slices.ContainsFunc(f.Nodes, func(n fleet.Node) bool { return !n.Gone && n.Zone != "" })
}

// zoneFloor is how many of a zone's nodes serve at any moment: one, unless it has no
// other, or what was asked for. Zero where nodes have no zones.
func (s Settings) zoneFloor(f *fleet.Fleet, zone string) int {
	switch {
	case !zoned(f):
		return 0
	case s.ZoneFloor > 0:
		return s.ZoneFloor
	}
	return min(1, len(inZone(f, zone))-1)
}

func inZone(f *fleet.Fleet, zone string) []string {
	var names []string
	for i := range f.Nodes {
		if n := &f.Nodes[i]; !n.Gone && n.Zone == zone {
			names = append(names, n.Name)
		}
	}
	return names
}

// zonesServing counts the nodes that serve and get requests, by zone.
func zonesServing(f *fleet.Fleet, out map[string]string) map[string]int {
	serving := map[string]int{}
	for i := range f.Nodes {
		if n := &f.Nodes[i]; n.Serves() != "" && out[n.Name] == "" {
			serving[n.Zone]++
		}
	}
	return serving
}

// zoneHolds says why a node cannot be taken out of its zone; "" when it can.
func (s Settings) zoneHolds(f *fleet.Fleet, n *fleet.Node, serving map[string]int) string {
	floor := s.zoneFloor(f, n.Zone)
	if serving[n.Zone]-1 >= floor {
		return ""
	}
	return fmt.Sprintf("%d of %d nodes of zone %s serve, %d must at any moment", serving[n.Zone], len(inZone(f, n.Zone)), zoneName(n.Zone), floor)
}

func zoneName(zone string) string {
	if zone == "" {
		return "(none)"
	}
	return zone
}

// inOrder are the nodes in the order in which they are moved: the canary, the rest of its
// zone, then zone after zone: what goes wrong with a zone's nodes is to stay in it.
func (s Settings) inOrder(f *fleet.Fleet) []string {
	var nodes []*fleet.Node
	for i := range f.Nodes {
		if !f.Nodes[i].Gone {
			nodes = append(nodes, &f.Nodes[i])
		}
	}
	canary := f.Node(s.Canary)
	rank := func(n *fleet.Node) int {
		switch {
		case canary == nil || canary.Gone:
			return 0
		case n.Name == canary.Name:
			return 0
		case n.Zone == canary.Zone:
			return 1
		}
		return 2
	}
	slices.SortStableFunc(nodes, func(a, b *fleet.Node) int {
		if d := rank(a) - rank(b); d != 0 {
			return d
		}
		return strings.Compare(a.Zone, b.Zone) // within one they are by name already
	})
	var names []string
	for _, n := range nodes {
		names = append(names, n.Name)
	}
	return names
}

// unzoned says of a fleet why its zones keep nodes from being moved; lone are the zones
// that nobody serves while their only node is moved.
func (s Settings) unzoned(f *fleet.Fleet) (lone []string, err error) {
	if !zoned(f) {
		return nil, nil
	}
	seen := map[string]bool{}
	for i := range f.Nodes {
		zone := f.Nodes[i].Zone
		if f.Nodes[i].Gone || seen[zone] {
			continue
		}
		seen[zone] = true
		names := inZone(f, zone)
		if floor := s.zoneFloor(f, zone); len(names) <= floor {
			return nil, fmt.Errorf("%d nodes of every zone must serve at any moment, and zone %s has %d (%s): add a node there, or give a smaller --zone-floor", floor, zoneName(zone), len(names), list(names))
		}
		if len(names) == 1 {
			lone = append(lone, zoneName(zone))
		}
	}
	slices.Sort(lone)
	return lone, nil
}
