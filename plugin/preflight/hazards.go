package preflight

import (
	"fmt"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover/journal"
)

// byStory tells whether nodes are, or are to be, told apart by host names.
func (f *Facts) byStory() bool { return f.Settings.Strategy == journal.Story }

// StoryHazards are what --strategy=story risks in this cluster. forbidden says why nothing
// lets it begin: what would be an outage the moment it does.
func (f *Facts) StoryHazards() (hazards []cutover.Hazard, forbidden string) {
	oldClass, oldPriority, _ := f.priorityOf(f.Fleet.Old)
	newClass, newPriority, _ := f.priorityOf(f.Fleet.New)
	compared := fmt.Sprintf("%s has priority %d (%s), %s %d (%s)", f.Fleet.New.Name, newPriority, newClass, f.Fleet.Old.Name, oldPriority, oldClass)
	for _, finding := range priority(f) {
		compared = finding.Finding // what it says where they cannot be read, too
		if finding.Result == Stop {
			forbidden = fmt.Sprintf("%s, and --strategy=%s has pods of it wait on all of them; nothing lets this pass: %s", finding.Finding, journal.Story, finding.Remedy)
			break
		}
	}
	karpenter := false
	for _, n := range f.Fleet.Nodes {
		karpenter = karpenter || n.Scaling.Karpenter
	}
	return cutover.StoryHazards(f.Fleet, compared, forbidden != "", f.scaler(karpenter)), forbidden
}
