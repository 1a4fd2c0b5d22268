package plugin

import "github.com/spf13/cobra"

// commands lists every command of the plugin; a command that is not ready is
// not here.
func commands(c *cluster) []*cobra.Command {
	return []*cobra.Command{
		newStatusCommand(c),
		newConvertCommand(c),
		newScanCommand(c),
		newDiffCommand(c),
		newSyncCommand(c),
		newVerifyCommand(c),
		newPreflightCommand(c),
		newProbeCommand(c),
		newCutoverCommand(c),
		newDrainCommand(c),
		newUndrainCommand(c),
		newRecycleCommand(c),
		newRollbackCommand(c),
		newRetireCommand(c),
		newShiftCommand(c),
		newReportCommand(c),
		newExplainCommand(c),
		newVersionCommand(c),
		newCompletionCommand(c),
		newWebhookCommand(c),
	}
}
