package plugin

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover/journal"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/fleet"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/preflight"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/ui"
)

// hazardFlag confirms the hazards of a strategy.
type hazardFlag string

const confirmHazards = "confirm-hazards"

func (f *hazardFlag) add(cmd *cobra.Command) {
	cmd.Flags().StringVar((*string)(f), confirmHazards, "", "With story: the id under the hazards that plan and run show for this cluster")
	// The only error is an unknown flag, which the tests would show at once.
	_ = cmd.RegisterFlagCompletionFunc(confirmHazards, cobra.NoFileCompletions)
}

// addHazards fills in what the plan's strategy risks.
func (c *cluster) addHazards(ctx context.Context, reader *fleet.Reader, picture *fleet.Fleet, p *cutover.Plan) error {
	if p.Strategy != journal.Story {
		return nil
	}
	facts, err := preflight.Gather(ctx, reader.Client, picture)
	if err != nil {
		return clusterError(err)
	}
	if p.Hazards, p.Forbidden = facts.StoryHazards(); p.Forbidden == "" {
		p.HazardsID = cutover.HazardsID(p.Hazards)
	}
	return nil
}

// writeHazards shows them to whoever is to confirm them.
func writeHazards(w io.Writer, p *cutover.Plan) {
	if len(p.Hazards) == 0 {
		return
	}
	fmt.Fprintf(w, "\nHazards of --strategy=%s in this cluster, which a cutover by label (--strategy=nodes) does not have:\n", p.Strategy)
	const column, width = 11, 80
	for _, h := range p.Hazards {
		lead := h.Code
		for _, line := range ui.Wrap(h.What, width-column) {
			fmt.Fprintf(w, "%-*s%s\n", column, lead, line)
			lead = ""
		}
	}
	if p.HazardsID != "" {
		fmt.Fprintf(w, "%-*s%s\n", column, "Id", p.HazardsID)
	}
	fmt.Fprintln(w)
}

// forbidden is the error of a plan that nothing lets begin.
func forbidden(p *cutover.Plan) error {
	if p.Forbidden == "" {
		return nil
	}
	return fmt.Errorf("%s\nNext: that, then %s cutover plan --strategy=%s", p.Forbidden, displayName, p.Strategy)
}

// confirmed wants exactly the hazards that were shown.
func (f hazardFlag) confirmed(p *cutover.Plan) error {
	if p.HazardsID == string(f) {
		return nil // without hazards both are empty
	}
	reason := "the hazards are not confirmed, and nothing was changed"
	if f != "" {
		reason = fmt.Sprintf("%s is not the id of these hazards (the cluster has changed since?), and nothing was changed", string(f))
	}
	return withStatus(StatusStopped, fmt.Errorf("%s\nNext: read them, then %s cutover run --strategy=%s --%s %s, or %s cutover run, which has none of them", reason, displayName, p.Strategy, confirmHazards, p.HazardsID, displayName))
}
