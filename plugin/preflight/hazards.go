package preflight

import (
	"fmt"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover/journal"
)

// byStory tells whether nodes are, or are to be, told apart by host names.
func (f *Facts) byStory() bool { return f.Settings.Strategy == journal.Story }

// StoryHazards are what --strategy=story risks in this cluster. What would be an outage the
// moment it begins is an error.
func (f *Facts) StoryHazards() ([]cutover.Hazard, error) {
	oldClass, oldPriority, _ := f.priorityOf(f.Fleet.Old)
	newClass, newPriority, _ := f.priorityOf(f.Fleet.New)
	compared := fmt.Sprintf("%s has priority %d (%s), %s %d (%s)", f.Fleet.New.Name, newPriority, newClass, f.Fleet.Old.Name, oldPriority, oldClass)
	for _, finding := range priority(f) {
		if finding.Result == Stop {
			return nil, fmt.Errorf("%s, and --strategy=story has pods of it wait on all of them; nothing lets this pass: %s", finding.Finding, finding.Remedy)
		}
		compared = finding.Finding // they cannot be read
	}
	karpenter := false
	for _, n := range f.Fleet.Nodes {
		karpenter = karpenter || n.Scaling.Karpenter
	}
	return cutover.StoryHazards(f.Fleet, compared, f.scaler(karpenter)), nil
}
