package plugin

import (
	"github.com/spf13/cobra"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/repair"
)

// dryRunFlag is kubectl's --dry-run.
type dryRunFlag struct{ value string }

func (f *dryRunFlag) add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.value, "dry-run", "none", "Say what would be done: client (send nothing) or server (the server checks everything and stores nothing)")
	// The only error is an unknown flag, which the tests would show at once.
	_ = cmd.RegisterFlagCompletionFunc("dry-run", cobra.FixedCompletions([]string{"none", "client", "server"}, cobra.ShellCompDirectiveNoFileComp))
}

func (f *dryRunFlag) parse() (repair.DryRun, error) {
	switch f.value {
	case "none":
		return repair.Real, nil
	case "client":
		return repair.Client, nil
	case "server":
		return repair.Server, nil
	}
	return repair.Real, usageError("--dry-run is none, client or server, not %q", f.value)
}

// dryRunSuffix is what kubectl puts behind the verb.
func dryRunSuffix(kind repair.DryRun) string {
	switch kind {
	case repair.Client:
		return " (dry run)"
	case repair.Server:
		return " (server dry run)"
	}
	return ""
}
