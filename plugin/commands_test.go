package plugin

import (
	"strings"
	"testing"
	"unicode"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"k8s.io/cli-runtime/pkg/genericiooptions"
)

// every calls check for each command that does something.
func every(t *testing.T, check func(t *testing.T, cmd *cobra.Command)) {
	t.Helper()
	streams, _, _, _ := genericiooptions.NewTestIOStreams()
	var walk func(cmd *cobra.Command)
	walk = func(cmd *cobra.Command) {
		if cmd.Name() == "help" {
			return // cobra's own
		}
		t.Run(strings.ReplaceAll(cmd.CommandPath(), " ", "_"), func(t *testing.T) { check(t, cmd) })
		for _, child := range cmd.Commands() {
			walk(child)
		}
	}
	walk(NewCommand(streams))
}

// What kubectl's users expect of every command's help.
func TestEveryCommandIsDocumented(t *testing.T) {
	every(t, func(t *testing.T, cmd *cobra.Command) {
		sentence(t, "short text", cmd.Short)
		if cmd.HasSubCommands() {
			return
		}
		if !strings.Contains(cmd.Example, "  # ") || !strings.Contains(cmd.Example, displayName) {
			t.Errorf("examples are comments and commands: %q", cmd.Example)
		}
		if strings.Contains(cmd.Example, "$ ") {
			t.Error("examples have no prompt")
		}
		if cmd.ValidArgsFunction == nil && len(cmd.ValidArgs) == 0 {
			t.Error("arguments are not completed")
		}
		if cmd.RunE == nil {
			t.Error("a command returns its error")
		}
		for line := range strings.Lines(cmd.Long) {
			if n := len([]rune(strings.TrimSuffix(line, "\n"))); n > 82 {
				t.Errorf("%d characters in %q", n, line)
			}
		}
	})
}

func TestEveryFlagIsDocumented(t *testing.T) {
	every(t, func(t *testing.T, cmd *cobra.Command) {
		cmd.NonInheritedFlags().VisitAll(func(flag *pflag.Flag) {
			// kubectl's own texts are kubectl's.
			if cmd.HasParent() && flag.Name != "help" && !strings.Contains("output allow-missing-template-keys template show-managed-fields", flag.Name) {
				sentence(t, "text of --"+flag.Name, strings.Trim(flag.Usage, `"`))
			}
		})
	})
}

// sentence checks the form that SIG CLI asks for: a capital, no full stop.
func sentence(t *testing.T, what, text string) {
	t.Helper()
	if text == "" || unicode.IsLower([]rune(text)[0]) || strings.HasSuffix(text, ".") {
		t.Errorf("%s %q: want a capital and no full stop", what, text)
	}
}
