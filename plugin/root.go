// Package plugin is the command line of kubectl ingress-migrate: flags, help and
// completion, one file per command. What the commands do lives in the packages
// below it.
package plugin

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"k8s.io/cli-runtime/pkg/genericclioptions"
	"k8s.io/cli-runtime/pkg/genericiooptions"
)

const displayName = "kubectl ingress-migrate"

// Run executes one command line and returns its exit status. The context ends
// when the user interrupts the program.
func Run(ctx context.Context, args []string, streams genericiooptions.IOStreams) int {
	command := NewCommand(streams)
	command.SetArgs(args)
	return report(streams.ErrOut, command.ExecuteContext(ctx))
}

// NewCommand returns the root command with all its children.
func NewCommand(streams genericiooptions.IOStreams) *cobra.Command {
	flags := genericclioptions.NewConfigFlags(true).
		WithDiscoveryBurst(300).WithDiscoveryQPS(50).WithWarningPrinter(streams)
	c := &cluster{flags: flags, streams: streams}

	root := &cobra.Command{
		Use:   "kubectl-ingress_migrate",
		Short: "Move a live cluster from one ingress controller to Traefik 2 or 3",
		Long: `Move a live Kubernetes cluster from one ingress controller to Traefik 2 or 3
and its CRDs: node by node, with no lost request and a way back at every moment.

Exit statuses (on Windows kubectl reports every failure of a plugin as 1):
    0  done; scan and diff: nothing to do
    1  error; scan and diff: something to do; probe: something was lost
    2  wrong usage; scan and diff: they failed
    4  done as far as possible, something needs a human
    5  a cutover or a shift stopped at a gate; what it says goes on
  124  timed out
  130  interrupted; what was recorded is consistent`,
		Annotations:       map[string]string{cobra.CommandDisplayNameAnnotation: displayName},
		Args:              unknownCommand,
		RunE:              func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
		SilenceErrors:     true,
		SilenceUsage:      true,
		DisableAutoGenTag: true,
	}
	root.SetIn(streams.In)
	root.SetOut(streams.Out)
	root.SetErr(streams.ErrOut)
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return usageError("%v\nSee '%s --help' for usage", err, cmd.CommandPath())
	})
	root.SuggestionsMinimumDistance = 2
	// Help has to fit a terminal; children inherit the template.
	root.SetUsageTemplate(strings.NewReplacer(
		".LocalFlags.FlagUsages", ".LocalFlags.FlagUsagesWrapped 80",
		".InheritedFlags.FlagUsages", ".InheritedFlags.FlagUsagesWrapped 80",
	).Replace(root.UsageTemplate()))
	root.CompletionOptions.DisableDefaultCmd = true
	flags.AddFlags(root.PersistentFlags())
	c.registerCompletions(root)
	root.AddCommand(commands(c)...)
	completeNoFiles(root)
	return root
}

// completeNoFiles keeps the shell from offering file names where a command says
// nothing about its arguments.
func completeNoFiles(cmd *cobra.Command) {
	if cmd.ValidArgsFunction == nil && len(cmd.ValidArgs) == 0 && !cmd.HasSubCommands() {
		cmd.ValidArgsFunction = cobra.NoFileCompletions
	}
	for _, child := range cmd.Commands() {
		completeNoFiles(child)
	}
}

// unknownCommand refuses what is no command and names what may have been meant.
func unknownCommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	hint := ""
	if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
		hint = ", did you mean " + strings.Join(near, " or ") + "?"
	}
	return usageError("unknown command %q%s\nSee '%s --help' for usage", args[0], hint, cmd.CommandPath())
}

// noArgs refuses arguments of a command that takes none.
func noArgs(cmd *cobra.Command, args []string) error {
	switch {
	case len(args) == 0:
	case cmd.HasAvailableSubCommands():
		text := fmt.Sprintf("unknown command %q for %q", args[0], cmd.CommandPath())
		cmd.SuggestionsMinimumDistance = 2
		if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
			text += ", did you mean " + strings.Join(near, " or ") + "?"
		}
		return usageError("%s\nSee '%s --help' for usage", text, cmd.CommandPath())
	default:
		return usageError("%s takes no arguments, got %q\nSee '%s --help' for usage", cmd.CommandPath(), args[0], cmd.CommandPath())
	}
	return nil
}
