package plugin

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/foreign"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/preflight"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/source"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/ui"
)

type explainOptions struct {
	cluster    *cluster
	conversion conversionFlags
	color      string
	palette    ui.Palette
	width      int
}

func newExplainCommand(c *cluster) *cobra.Command {
	o := &explainOptions{cluster: c}
	cmd := &cobra.Command{
		Use:   "explain [CODE|ANNOTATION|NAMESPACE/INGRESS|WORDS...]",
		Short: "Say what a finding, an annotation or an Ingress means, and what to do",
		Long: `Say what a finding or an annotation means and what to do about it, or what
becomes of one Ingress of the cluster. Other words find the codes and
annotations that have them in their name or heading. Without an argument all
codes are listed.`,
		Example: `  # What a code of a table means
  kubectl ingress-migrate explain W-PATHTYPE

  # What controllers do with an annotation, by its key or by its name alone
  kubectl ingress-migrate explain rate-limit
  kubectl ingress-migrate explain nginx.ingress.kubernetes.io/auth-url

  # What there is about redirects
  kubectl ingress-migrate explain redirect

  # What becomes of one Ingress, annotation by annotation
  kubectl ingress-migrate explain shop/cart`,
		ValidArgsFunction: func(_ *cobra.Command, args []string, prefix string) ([]string, cobra.ShellCompDirective) {
			if len(args) > 0 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			return withPrefix(explainable(), prefix), cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			return o.run(cmd.Context(), args)
		},
	}
	o.conversion.add(cmd)
	addColorFlag(cmd, &o.color)
	return cmd
}

// explainable are the codes and the names of annotations.
func explainable() []string {
	var words []string
	for _, info := range diag.All() {
		words = append(words, string(info.Code))
	}
	for _, info := range preflight.Codes() {
		words = append(words, info.Code)
	}
	for _, annotation := range allAnnotations() {
		words = append(words, annotation.name)
	}
	slices.Sort(words)
	return slices.Compact(words)
}

func (o *explainOptions) run(ctx context.Context, args []string) (err error) {
	w := o.cluster.streams.Out
	if o.palette, err = ui.NewPalette(w, o.color); err != nil {
		return withStatus(StatusUsage, err)
	}
	o.width = ui.Width(w)
	if len(args) == 0 {
		return o.list(w)
	}
	word := strings.Join(args, " ")
	if info, ok := diag.Lookup(diag.Code(word)); ok {
		o.code(w, info)
		return nil
	}
	// Some have the name of an annotation, which is written in lower case.
	if info, ok := preflight.Lookup(word); ok && (word == info.Code || len(annotationsCalled(word)) == 0) {
		o.check(w, info)
		return nil
	}
	if found := annotationsCalled(word); len(found) > 0 {
		o.annotations(w, found)
		return nil
	}
	if reader, codes := foreign.Reader(word), foreign.Codes(word); reader != "" {
		o.foreign(w, word, reader, codes)
		return nil
	}
	namespace, name, isRef := strings.Cut(word, "/")
	if !isRef || strings.Contains(namespace, ".") || len(args) > 1 {
		if found, err := o.searched(w, word); found || err != nil {
			return err
		}
		return usageError("%q is no code and no annotation that an ingress controller reads, and no heading has it; '%s explain' lists the codes, and an Ingress is named NAMESPACE/NAME", word, displayName)
	}
	return o.ingress(ctx, w, namespace, name)
}

func (o *explainOptions) list(w io.Writer) error {
	table := ui.Table{Columns: []string{"CODE", "SEVERITY", "MEANING"}, Flexible: 2}
	for _, info := range diag.All() {
		table.Add(ui.Text(string(info.Code), info.Severity.String(), info.Title)...)
	}
	if err := table.Write(w, o.width, o.palette); err != nil {
		return err
	}
	fmt.Fprintln(w)
	table = ui.Table{Columns: []string{"PREFLIGHT", "AT WORST", "LOOKS AT"}, Flexible: 2}
	for _, info := range preflight.Codes() {
		table.Add(ui.Text(info.Code, string(info.Result), info.What)...)
	}
	return table.Write(w, o.width, o.palette)
}

// paragraph writes a text in lines that fit the terminal, 80 columns elsewhere.
func (o *explainOptions) paragraph(w io.Writer, indent, text string) {
	width := o.width
	if width == 0 || width > 100 {
		width = 80
	}
	for _, line := range ui.Wrap(text, width-len(indent)) {
		fmt.Fprintf(w, "%s%s\n", indent, line)
	}
}

func (o *explainOptions) code(w io.Writer, info diag.Info) {
	fmt.Fprintf(w, "%s  %s\n%s\n\n", o.palette.Paint(ui.Bold, string(info.Code)), info.Severity, info.Title)
	o.paragraph(w, "", info.Explain)
	fmt.Fprintf(w, "\nWhat to do\n")
	o.paragraph(w, "  ", info.Remedy)
}

// check explains a finding of preflight.
func (o *explainOptions) check(w io.Writer, info preflight.Info) {
	fmt.Fprintf(w, "%s  preflight: %s, %s at worst\n\n", o.palette.Paint(ui.Bold, info.Code), info.What, info.Result)
	o.paragraph(w, "", info.Explain)
	fmt.Fprintf(w, "\nWhat to do\n")
	o.paragraph(w, "  ", info.Remedy)
}

// foreign explains an annotation that no controller reads.
func (o *explainOptions) foreign(w io.Writer, key, reader string, codes []diag.Code) {
	fmt.Fprintf(w, "%s  read by %s, not by the ingress controller\n", o.palette.Paint(ui.Bold, key), reader)
	if len(codes) == 0 {
		return
	}
	fmt.Fprintf(w, "\nFindings about it\n")
	for _, code := range codes {
		if info, ok := diag.Lookup(code); ok {
			fmt.Fprintf(w, "  %-22s %s\n", info.Code, info.Title)
		}
	}
}

func (o *explainOptions) ingress(ctx context.Context, w io.Writer, namespace, name string) error {
	client, err := o.cluster.clientset()
	if err != nil {
		return err
	}
	options, notes, err := o.cluster.conversionOptions(ctx, client, &o.conversion)
	if err != nil {
		return err
	}
	loaded, err := source.FromCluster(ctx, client, source.Scope{Namespace: namespace, Names: []string{name}}, source.Everything|extent(options.From))
	if err != nil {
		return clusterError(err)
	}
	for _, note := range append(notes, loaded.Notes...) {
		fmt.Fprintf(o.cluster.streams.ErrOut, "Note: %s\n", note)
	}
	ref := ir.Ref{Namespace: namespace, Name: name}
	result := limit(convert.Convert(loaded.Input, loaded.Settle(options)), map[string]bool{ref.String(): true})
	for _, report := range result.Ingresses {
		fmt.Fprintf(w, "%s  %s\n%s\n", o.palette.Paint(ui.Bold, "Ingress "+ref.String()), verdictWords(report.Verdict), statement(options, result.Ingresses))
		if report.Why != "" {
			o.paragraph(w, "", report.Why)
		}
		if err := o.outcomes(w, report.Annotations); err != nil {
			return err
		}
		o.findings(w, report.Diagnostics)
	}
	if len(result.Objects) > 0 {
		fmt.Fprintf(w, "\nObjects\n")
		for _, output := range result.Objects {
			kind := output.Object.GetObjectKind().GroupVersionKind()
			fmt.Fprintf(w, "  %s.%s/%s\n", strings.ToLower(kind.Kind), kind.Group, output.Object.GetName())
		}
	}
	return nil
}

func verdictWords(verdict convert.Verdict) string {
	for _, v := range verdicts {
		if v.verdict == verdict {
			return v.words
		}
	}
	return string(verdict)
}

func (o *explainOptions) outcomes(w io.Writer, annotations []ir.Annotation) error {
	if len(annotations) == 0 {
		return nil
	}
	fmt.Fprintln(w)
	table := ui.Table{Columns: []string{"ANNOTATION", "OUTCOME", "NOTE"}, Flexible: 2}
	for _, a := range annotations {
		note := a.Note
		for _, code := range a.Codes {
			note += " (" + string(code) + ")"
		}
		table.Add(ui.Text(a.Key, a.Outcome.String(), note)...)
	}
	return table.Write(w, o.width, o.palette)
}

func (o *explainOptions) findings(w io.Writer, findings []diag.Diagnostic) {
	if len(findings) == 0 {
		return
	}
	fmt.Fprintf(w, "\nFindings\n")
	for _, d := range findings {
		severity := d.Severity.String()
		if d.Blocking {
			severity = "blocking"
		}
		fmt.Fprintf(w, "%s  %s  %s\n", o.palette.Paint(ui.Bold, string(d.Code)), severity, cmp.Or(shortField(d.Field), "-"))
		o.paragraph(w, "    ", d.Text)
		if d.Remedy != "" {
			o.paragraph(w, "    ", "-> "+d.Remedy)
		}
	}
}
