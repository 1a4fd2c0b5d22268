package plugin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/cli-runtime/pkg/genericclioptions"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/desired"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/source"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/ui"
)

type convertOptions struct {
	cluster    *cluster
	conversion conversionFlags
	scope      scopeFlags
	files      source.Files
	print      *genericclioptions.PrintFlags
	// certificates are printed too.
	certificates bool
	report       string
	notes        bool
	color        string
}

func newConvertCommand(c *cluster) *cobra.Command {
	o := &convertOptions{cluster: c, print: genericclioptions.NewPrintFlags("").WithDefaultOutput("yaml")}
	var certificates bool
	cmd := &cobra.Command{
		Use:   "convert [NAME...] [-f FILE|DIR|-]",
		Short: "Print the Traefik objects that Ingresses stand for",
		Long: `Print the Traefik objects that answer every request as the old controller does
with these Ingresses. Objects go to stdout; what is not carried over exactly
goes to stderr and, complete, to --report.

With --to ingress-nginx it is the way back out: Ingresses for ingress-nginx, of
other names and of its class, in place of Traefik's objects. What the controller's
own ConfigMap has to say is listed with the rest.

With -f or -k nothing but the named files is read: no cluster is contacted.
Services in the files are looked at; one that is not there is taken to exist
elsewhere, unless --complete says that the files hold everything.

Each Ingress is converted in the dialect of its controller: by its class, by the
controllers that are found (in the cluster, or among the files), by annotations.
What none of them says is a guess and reported; --from says it for all.

--certificates adds the Certificates that cert-manager makes of Ingresses, in a
form that outlives them: apply them as the last step before the Ingresses are
deleted ('explain W-CERT-OWNED'). From files that is the default, because what is
printed is to take the place of what was read; from a cluster it is not, because
there the Ingresses go on, and cert-manager follows them.

Exit status: 0 everything is carried over, or differs in a way that the table
names; 4 something was not carried over (withheld, unsupported, unreadable, or
refused by the old controller too), the rest was converted; 1 nothing could be
converted; 2 wrong usage.`,
		Example: `  # Convert manifests without a cluster
  kubectl ingress-migrate convert -f ingress.yaml

  # Convert what a chart renders, with a report for machines
  helm template shop | kubectl ingress-migrate convert -f - --report report.json

  # Convert the Ingresses of a namespace of the cluster for Traefik 3
  kubectl ingress-migrate convert -n shop --to v3

  # Say what is to know of each old controller
  kubectl ingress-migrate convert -f k8s/ -R --source-config traefik-v1=traefik.toml --nginx-configmap ingress-nginx.yaml

  # Print Ingresses for ingress-nginx, beside those of Traefik 1.7
  kubectl ingress-migrate convert -n shop --to ingress-nginx

  # Name the entry points of Traefik 1.7 and of the new Traefik
  kubectl ingress-migrate convert -f k8s/ -R --entry-points http=web:80,https=websecure:443:tls`,
		ValidArgsFunction: c.completeIngresses,
		RunE: func(cmd *cobra.Command, args []string) error {
			o.certificates = len(o.files.Names) > 0 || o.files.Kustomize != ""
			if cmd.Flags().Changed("certificates") {
				o.certificates = certificates
			}
			return o.run(cmd.Context(), args)
		},
	}
	cmd.Flags().StringSliceVarP(&o.files.Names, "filename", "f", nil, "Files or folders with Ingresses, or - for stdin; no cluster is contacted")
	cmd.Flags().BoolVarP(&o.files.Recursive, "recursive", "R", false, "Look into folders below a folder of -f")
	cmd.Flags().StringVarP(&o.files.Kustomize, "kustomize", "k", "", "Folder with a kustomization; no cluster is contacted")
	cmd.Flags().BoolVar(&o.files.Complete, "complete", false, "The files hold every Service, Endpoints and Secret: what is not there does not exist")
	cmd.Flags().BoolVar(&certificates, "certificates", false, "Print cert-manager's Certificates of the Ingresses too (default: with -f and -k)")
	cmd.Flags().StringVar(&o.report, "report", "", "File for a JSON report on every Ingress and annotation")
	cmd.Flags().BoolVar(&o.notes, "show-notes", false, "Show findings that change nothing for clients too")
	o.scope.add(cmd)
	o.conversion.wayBack = true
	o.conversion.add(cmd)
	addOutputFlag(cmd, o.print)
	addColorFlag(cmd, &o.color)
	cmd.AddCommand(newConvertStaticCommand(c), newConvertACMECommand(c))
	return cmd
}

func (o *convertOptions) run(ctx context.Context, names []string) error {
	defer sparingMemory()()
	options, err := o.conversion.between()
	if err != nil {
		return err
	}
	if len(o.files.Names) > 0 && o.files.Kustomize != "" {
		return usageError("manifests come from --filename or from --kustomize, not from both")
	}
	// A wrong -o is found before anything is read.
	if _, err := printerFor(o.print); err != nil {
		return err
	}
	loaded, scope, err := o.load(ctx, names, &options)
	if err != nil {
		return err
	}
	if err := wayBackFrom(options); err != nil {
		return err
	}
	options = loaded.Settle(options)
	if options.Controllers != nil {
		if err := o.conversion.foreignFlag(options.Controllers.InPlay...); err != nil {
			return err
		}
	}
	result, printed, err := o.convert(&loaded, scope, options)
	if err != nil {
		return err
	}
	if err := o.writeReport(result, loaded, options); err != nil {
		return err
	}
	return o.summary(result, printed, loaded, options)
}

// convert prints objects as they are made, so that those of thousands of
// Ingresses need not be held; only a report needs to know them all. Traefik's
// name their Ingress, so that whoever applies them tells scan, sync and the
// webhook whose they are; others are to look as their own system writes them.
func (o *convertOptions) convert(loaded *source.Loaded, scope source.Scope, options convert.Options) (result convert.Result, printed int, err error) {
	chosen := o.chosen(loaded.Input.Ingresses, scope)
	var reported []convert.Output
	err = streamObjects(o.cluster.streams.Out, o.print, func(yield func(runtime.Object) bool) {
		more := true
		result = limit(convert.Each(loaded.Take(), options, func(output convert.Output) bool {
			if !chosen[output.Owner.String()] {
				return true
			}
			printed++
			if o.report != "" {
				reported = append(reported, output)
			}
			desired.Name(output.Object, output.Owner.Name)
			more = yield(output.Object)
			return more
		}), chosen)
		if !o.certificates {
			result.Companions = nil
		}
		for _, output := range result.Companions {
			if more {
				more = yield(output.Object)
			}
		}
	})
	if err != nil {
		return result, printed, fmt.Errorf("printing: %w", err)
	}
	result.Objects = reported
	return result, printed, nil
}

// load reads files when any are named, else the cluster, with the options of the
// webhook that is installed there.
func (o *convertOptions) load(ctx context.Context, names []string, options *convert.Options) (source.Loaded, source.Scope, error) {
	if len(o.files.Names) == 0 && o.files.Kustomize == "" {
		if o.files.Recursive || o.files.Complete {
			return source.Loaded{}, source.Scope{}, usageError("--recursive and --complete are about files: name some with -f")
		}
		scope, err := o.scope.scope(o.cluster, names)
		if err != nil {
			return source.Loaded{}, scope, err
		}
		client, err := o.cluster.clientset()
		if err != nil {
			return source.Loaded{}, scope, err
		}
		found, notes, err := o.cluster.conversionOptions(ctx, client, &o.conversion)
		if err != nil {
			return source.Loaded{}, scope, err
		}
		*options = found
		loaded, err := source.FromCluster(ctx, client, scope, source.Everything|extent(options.From))
		loaded.Notes = append(notes, loaded.Notes...)
		return loaded, scope, clusterError(err)
	}
	scope, err := o.offlineScope(names)
	if err != nil {
		return source.Loaded{}, scope, err
	}
	o.files.Stdin = o.cluster.streams.In
	o.files.Namespace = *o.cluster.flags.Namespace
	loaded, err := source.FromFiles(o.files)
	if err != nil {
		return loaded, scope, err
	}
	described, notes, err := o.conversion.describe(usual(*options), loaded.Workloads, loaded.ConfigMap, func() ([]ir.Ingress, error) {
		return loaded.Input.Ingresses, nil
	})
	*options, loaded.Notes = described, append(loaded.Notes, notes...)
	return loaded, scope, err
}

// offlineScope takes the namespace of the command line only as a default for
// objects that name none, as kubectl does; the kubeconfig is not read.
func (o *convertOptions) offlineScope(names []string) (source.Scope, error) {
	flags := scopeFlags{allNamespaces: len(names) == 0, selector: o.scope.selector}
	if flags.allNamespaces {
		return flags.scope(o.cluster, nil)
	}
	flags.allNamespaces = true
	scope, err := flags.scope(o.cluster, nil)
	scope.Names = names
	return scope, err
}

// chosen returns the Ingresses that were asked for.
func (o *convertOptions) chosen(ingresses []ir.Ingress, scope source.Scope) map[string]bool {
	chosen := make(map[string]bool, len(ingresses))
	for _, ingress := range ingresses {
		if scope.Includes(ingress.Ingress) {
			chosen[ingress.Namespace+"/"+ingress.Name] = true
		}
	}
	return chosen
}

// limit leaves out the peers that were converted along.
func limit(result convert.Result, chosen map[string]bool) convert.Result {
	result.Companions = slices.DeleteFunc(result.Companions, func(o convert.Output) bool { return !chosen[o.Owner.String()] })
	result.Ingresses = slices.DeleteFunc(result.Ingresses, func(r convert.IngressReport) bool { return !chosen[r.Ingress.String()] })
	if len(result.Ingresses) == 0 {
		result.Settings = nil
	}
	return result
}

func (o *convertOptions) writeReport(result convert.Result, loaded source.Loaded, options convert.Options) error {
	if o.report == "" {
		return nil
	}
	raw, err := json.MarshalIndent(convert.NewReport(result, options, slices.Concat(loaded.Diagnostics, result.Settings)), "", "  ")
	if err != nil {
		return fmt.Errorf("encoding the report: %w", err)
	}
	if err := os.WriteFile(o.report, append(raw, '\n'), 0o644); err != nil {
		return fmt.Errorf("writing the report: %w", err)
	}
	return nil
}

// summary tells on stderr what became of the input and returns the exit status.
func (o *convertOptions) summary(result convert.Result, printed int, loaded source.Loaded, options convert.Options) error {
	w := o.cluster.streams.ErrOut
	palette, err := ui.NewPalette(w, o.color)
	if err != nil {
		return withStatus(StatusUsage, err)
	}
	findings := slices.Concat(loaded.Diagnostics, result.Settings)
	for _, report := range result.Ingresses {
		findings = append(findings, report.Diagnostics...)
	}
	shown := findings
	if !o.notes {
		shown = slices.DeleteFunc(slices.Clone(findings), func(d diag.Diagnostic) bool { return !worthShowing(d) })
	}
	if len(shown) > 0 {
		if err := printFindings(w, palette, shown); err != nil {
			return err
		}
		fmt.Fprintln(w)
	}
	for _, note := range loaded.Notes {
		fmt.Fprintf(w, "Note: %s\n", note)
	}
	fmt.Fprintf(w, "%s\n", statement(options, result.Ingresses))
	if len(result.Ingresses) == 0 {
		return withStatus(StatusDifferent, errors.New("no Ingress to convert"))
	}
	counts, unreadable := verdictCounts(result), unreadableIngresses(loaded, result)
	if unreadable > 0 {
		counts += fmt.Sprintf(", %d unreadable", unreadable)
	}
	objects := plural(printed, "object")
	if n := len(result.Companions); n > 0 {
		objects += " and " + plural(n, "Certificate")
	}
	fmt.Fprintf(w, "%s: %s; %s\n", plural(len(result.Ingresses)+unreadable, "Ingress"), counts, objects)
	if hidden := len(findings) - len(shown); hidden > 0 {
		fmt.Fprintf(w, "Notes that change nothing for clients: %s (--show-notes shows them)\n", thousands(hidden))
	}
	if codes := beforeDeletion(findings); len(codes) > 0 {
		fmt.Fprintf(w, "Before you delete an Ingress: %s explain %s\n", displayName, strings.Join(codes, ", "))
	}
	if len(shown) > 0 {
		fmt.Fprintf(w, "Next: %s explain %s\n", displayName, worstCode(shown))
	}
	if slices.ContainsFunc(findings, needsHuman) {
		return withStatus(StatusFindings, nil)
	}
	return nil
}

// beforeDeletion names the findings that say what ends with the Ingress.
func beforeDeletion(findings []diag.Diagnostic) []string {
	var codes []string
	for _, d := range findings {
		if slices.Contains([]diag.Code{diag.WCertOwned, diag.WDNSOwned, diag.WDNSTarget}, d.Code) {
			codes = append(codes, string(d.Code))
		}
	}
	slices.Sort(codes)
	return slices.Compact(codes)
}

// unreadableIngresses counts the Ingresses that were named in the input but
// could not be read as such, so that the summary counts every one of them.
func unreadableIngresses(loaded source.Loaded, result convert.Result) int {
	known := map[string]bool{}
	for _, report := range result.Ingresses {
		known[report.Ingress.String()] = true
	}
	unreadable := 0
	for _, d := range loaded.Diagnostics {
		key := d.Object.Namespace + "/" + d.Object.Name
		if d.Object.Kind == "Ingress" && d.Object.Name != "" && !known[key] {
			known[key] = true
			unreadable++
		}
	}
	return unreadable
}

func worstCode(findings []diag.Diagnostic) diag.Code {
	return slices.MaxFunc(findings, func(a, b diag.Diagnostic) int { return rank(a) - rank(b) }).Code
}

// verdicts in the order in which they are counted aloud.
var verdicts = [...]struct {
	verdict convert.Verdict
	words   string
}{
	{convert.Converted, "converted"},
	{convert.ConvertedWithLoss, "converted with differences"},
	{convert.Blocked, "blocked"},
	{convert.NotServed, "not served by the old controller"},
	{convert.Skipped, "of another controller"},
}

func verdictCounts(result convert.Result) string {
	counts := map[convert.Verdict]int{}
	for _, report := range result.Ingresses {
		counts[report.Verdict]++
	}
	text := ""
	for _, v := range verdicts {
		if n := counts[v.verdict]; n > 0 {
			if text != "" {
				text += ", "
			}
			text += thousands(n) + " " + v.words
		}
	}
	return text
}
