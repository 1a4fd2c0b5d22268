package plugin

import (
	"fmt"

	"github.com/spf13/cobra"
)

// kubectlCompletion is what kubectl 1.26 and later runs to complete the words
// behind `kubectl ingress-migrate` (kubectl pkg/cmd/plugin_completion.go).
const kubectlCompletion = `#!/bin/sh
# Save as kubectl_complete-ingress_migrate in a folder of your PATH, executable.
exec kubectl ingress-migrate __complete "$@"
`

func newCompletionCommand(c *cluster) *cobra.Command {
	return &cobra.Command{
		Use:   "completion bash|zsh|fish|powershell|kubectl",
		Short: "Print a script that completes commands, flags and names",
		Long: `Print a script that completes commands, flags and names.

"kubectl" is the one for kubectl ingress-migrate: kubectl's own completion calls
it. The others are for the program's own name, kubectl-ingress_migrate.`,
		Example: `  # Complete kubectl ingress-migrate in every shell that completes kubectl
  kubectl ingress-migrate completion kubectl > ~/bin/kubectl_complete-ingress_migrate
  chmod +x ~/bin/kubectl_complete-ingress_migrate

  # Complete kubectl-ingress_migrate in this bash
  source <(kubectl ingress-migrate completion bash)`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usageError("name one of bash, zsh, fish, powershell, kubectl")
			}
			return nil
		},
		ValidArgsFunction: cobra.FixedCompletions([]string{"bash", "fish", "kubectl", "powershell", "zsh"}, cobra.ShellCompDirectiveNoFileComp),
		RunE: func(cmd *cobra.Command, args []string) error {
			root, w := cmd.Root(), c.streams.Out
			switch args[0] {
			case "kubectl":
				_, err := fmt.Fprint(w, kubectlCompletion)
				return err
			case "bash":
				return root.GenBashCompletionV2(w, true)
			case "zsh":
				return root.GenZshCompletion(w)
			case "fish":
				return root.GenFishCompletion(w, true)
			case "powershell":
				return root.GenPowerShellCompletionWithDesc(w)
			}
			return usageError("no completion for %q: name one of bash, zsh, fish, powershell, kubectl", args[0])
		},
	}
}
