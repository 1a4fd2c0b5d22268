package plugin

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/aymanbagabas/go-udiff"
	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/desired"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/repair"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/scan"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/ui"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/versions"
)

type diffOptions struct {
	cluster    *cluster
	conversion conversionFlags
	scope      scopeFlags
	prune      bool
	color      string
}

func newDiffCommand(c *cluster) *cobra.Command {
	o := &diffOptions{cluster: c}
	cmd := &cobra.Command{
		Use:   "diff [NAME...]",
		Short: "Show what sync --overwrite would change",
		Long: `Show what sync --overwrite would change: live objects against what they would
be, as the API server answers a dry run, with its defaults and webhooks.

KUBECTL_EXTERNAL_DIFF names another program for the comparison, as for kubectl
diff: it gets two folders and ends with status 1 when they differ.

Exit status: 0 no difference, 1 differences, 2 or more: the comparison failed.`,
		Example: `  # What differs in this namespace
  kubectl ingress-migrate diff

  # What somebody changed on one route
  kubectl ingress-migrate diff -n shop checkout

  # With another program
  KUBECTL_EXTERNAL_DIFF="diff -u -N --color" kubectl ingress-migrate diff -A`,
		ValidArgsFunction: c.completeIngresses,
		RunE: func(cmd *cobra.Command, args []string) error {
			return scanStatus(o.run(cmd.Context(), args))
		},
	}
	o.scope.add(cmd)
	o.conversion.add(cmd)
	cmd.Flags().BoolVar(&o.prune, "prune", false, "Show objects that sync --prune would delete too")
	addColorFlag(cmd, &o.color)
	return cmd
}

// version is one object in two versions, as texts; empty for none.
type version struct{ name, live, merged string }

func (o *diffOptions) run(ctx context.Context, names []string) error {
	palette, err := ui.NewPalette(o.cluster.streams.Out, o.color)
	if err != nil {
		return withStatus(StatusUsage, err)
	}
	scope, err := o.scope.scope(o.cluster, names)
	if err != nil {
		return err
	}
	report, err := o.cluster.scan(ctx, &o.conversion, scope, scan.Objects)
	if err != nil {
		return err
	}
	objects, err := o.cluster.dynamic()
	if err != nil {
		return err
	}
	runner := &repair.Runner{Objects: objects, DryRun: repair.Server, Version: versions.New().Plugin.Version}
	var versions []version
	for _, item := range report.Items {
		for _, object := range item.Objects {
			v, err := o.version(ctx, runner, item, object)
			if err != nil {
				return fmt.Errorf("asking the server about %s of %s/%s: %w", resourceName(object), item.Namespace, item.Ingress, err)
			}
			if v.live != v.merged {
				versions = append(versions, v)
			}
		}
	}
	for _, note := range report.Notes {
		fmt.Fprintf(o.cluster.streams.ErrOut, "Note: %s\n", note)
	}
	if len(versions) == 0 {
		return nil
	}
	if program := os.Getenv("KUBECTL_EXTERNAL_DIFF"); program != "" {
		return o.external(ctx, program, versions)
	}
	for _, v := range versions {
		text := udiff.Unified("LIVE/"+v.name, "MERGED/"+v.name, v.live, v.merged)
		fmt.Fprint(o.cluster.streams.Out, painted(text, palette))
	}
	return withStatus(StatusDifferent, nil)
}

// version asks the server what one object would become.
func (o *diffOptions) version(ctx context.Context, runner *repair.Runner, item scan.Item, object scan.Object) (version, error) {
	name := strings.Join([]string{strings.ReplaceAll(object.APIVersion, "/", "."), object.Kind, item.Namespace, object.Name}, ".")
	var merged *unstructured.Unstructured
	switch {
	case object.State == desired.InSync, object.State == scan.Unwanted && !o.prune:
		return version{}, nil
	case object.State == desired.Foreign && len(object.Differences) == 0:
		return version{}, nil
	case object.State != scan.Unwanted:
		if object.State == desired.Foreign {
			fmt.Fprintf(o.cluster.streams.ErrOut, "Note: %s in namespace %s was not made by ingress-migrate; sync leaves it alone\n", resourceName(object), item.Namespace)
		}
		want, err := object.Want.Object()
		if err != nil {
			return version{}, err
		}
		// With force: what is to be seen is exactly what others own.
		if merged, err = runner.Apply(ctx, want, true); err != nil {
			return version{}, err
		}
	}
	there, err := object.Live.Object()
	if err != nil {
		return version{}, err
	}
	live, err := cleanText(there)
	if err != nil {
		return version{}, err
	}
	after, err := cleanText(merged)
	return version{name: name, live: live, merged: after}, err
}

// cleanText is an object without what the server keeps for itself.
func cleanText(object *unstructured.Unstructured) (string, error) {
	if object == nil {
		return "", nil
	}
	object = object.DeepCopy()
	for _, field := range []string{"managedFields", "resourceVersion", "generation", "uid", "creationTimestamp"} {
		unstructured.RemoveNestedField(object.Object, "metadata", field)
	}
	raw, err := yaml.Marshal(object.Object)
	return string(raw), err
}

func painted(text string, palette ui.Palette) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		style := ui.Plain
		switch {
		case strings.HasPrefix(line, "---"), strings.HasPrefix(line, "+++"):
			style = ui.Bold
		case strings.HasPrefix(line, "+"):
			style = ui.Good
		case strings.HasPrefix(line, "-"):
			style = ui.Bad
		}
		b.WriteString(palette.Paint(style, strings.TrimSuffix(line, "\n")) + "\n")
	}
	return b.String()
}

// external gives two folders to the program of KUBECTL_EXTERNAL_DIFF. Like
// kubectl it splits at blanks and knows no quotes.
func (o *diffOptions) external(ctx context.Context, program string, versions []version) error {
	dir, err := os.MkdirTemp("", "ingress-migrate-diff-")
	if err != nil {
		return fmt.Errorf("making folders to compare: %w", err)
	}
	defer os.RemoveAll(dir)
	for _, v := range versions {
		for folder, text := range map[string]string{"LIVE": v.live, "MERGED": v.merged} {
			if err := writeVersion(filepath.Join(dir, folder), v.name, text); err != nil {
				return fmt.Errorf("writing objects to compare: %w", err)
			}
		}
	}
	words := strings.Fields(program)
	cmd := exec.CommandContext(ctx, words[0], append(words[1:], filepath.Join(dir, "LIVE"), filepath.Join(dir, "MERGED"))...)
	cmd.Stdout, cmd.Stderr = o.cluster.streams.Out, o.cluster.streams.ErrOut
	err = cmd.Run()
	if err == nil {
		return nil
	}
	if exit, ok := err.(*exec.ExitError); ok && exit.ExitCode() == 1 {
		return withStatus(StatusDifferent, nil)
	}
	return fmt.Errorf("running %s: %w", words[0], err)
}

func writeVersion(folder, name, text string) error {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	if text == "" {
		return nil
	}
	return os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600)
}
