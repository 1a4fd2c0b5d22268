// Package plugin is the command line of kubectl ingress-migrate: flags, help and
// completion, one file per command. What the commands do lives in the packages
// below it.
package plugin

import (
	"context"

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
		WithDiscoveryBurst(300).WithDiscoveryQPS(50)
	c := &cluster{flags: flags, streams: streams}

	root := &cobra.Command{
		Use:   "kubectl-ingress_migrate",
		Short: "Move a live cluster from one ingress controller to Traefik 2 or 3",
		Long: `Move a live Kubernetes cluster from one ingress controller to Traefik 2 or 3
and its CRDs: node by node, with no lost request and a way back at every moment.`,
		Annotations:       map[string]string{cobra.CommandDisplayNameAnnotation: displayName},
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
	flags.AddFlags(root.PersistentFlags())
	c.registerCompletions(root)
	root.AddCommand(commands(c)...)
	return root
}
