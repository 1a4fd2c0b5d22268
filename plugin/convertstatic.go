package plugin

import (
	"cmp"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/cli-runtime/pkg/genericclioptions"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/static"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/source"
)

type convertStaticOptions struct {
	cluster  *cluster
	findings findingFlags
	file     string
	args     []string
	to       string
	resolver string
	format   string
	objects  string
	force    bool
}

func newConvertStaticCommand(c *cluster) *cobra.Command {
	o := &convertStaticOptions{cluster: c}
	o.findings.always = diag.IStaticCheck
	cmd := &cobra.Command{
		Use:   "static [-f FILE|-] [--args ARG]...",
		Short: "Turn the configuration of Traefik 1.7 itself into that of Traefik 2 or 3",
		Long: `Turn the static configuration of Traefik 1.7 (traefik.toml, arguments) into that
of Traefik 2.11 or 3, and say what became of every key. -f also takes manifests:
the DaemonSet or Deployment of Traefik 1.7 and the ConfigMap with its file.

What an entry point does to every request (users, allow list, compression, client
certificates) becomes Middlewares and TLSOptions, which --objects writes to a
file. Apply it before the new Traefik starts: until then entry points that need
them answer 404. An entry point whose protection cannot be carried over is left
out.

The output may hold tokens, the objects hold users.

Exit status: 0 everything is carried over, or differs in a way that the table
names; 4 something needs a human, the rest was converted; 1 nothing could be
converted; 2 wrong usage.`,
		Example: `  # A file for Traefik 2.11
  kubectl ingress-migrate convert static -f traefik.toml --objects edge.yaml > traefik.yaml

  # What a DaemonSet and its ConfigMap say, as arguments of Traefik 3
  kubectl get ds/traefik cm/traefik -n edge -o yaml | kubectl ingress-migrate convert static -f - --to v3 -o args

  # Arguments alone
  kubectl ingress-migrate convert static --args --kubernetes --args '--entrypoints=Name:http Address::80'`,
		Args: noArgs,
		RunE: func(*cobra.Command, []string) error { return o.run() },
	}
	flags := cmd.Flags()
	flags.StringVarP(&o.file, "filename", "f", "", "The traefik.toml of Traefik 1.7, manifests that hold it, or - for stdin")
	flags.StringArrayVar(&o.args, "args", nil, "An argument of Traefik 1.7; it goes before the file, as it does there")
	flags.StringVar(&o.to, "to", "v2", "Traefik that will read the output: v2 (2.11) or v3")
	flags.StringVar(&o.resolver, "resolver", defaultResolver, "Name of the certificates resolver that acme becomes")
	flags.StringVarP(&o.format, "output", "o", "yaml", "Format of the output: yaml, toml or args")
	flags.StringVar(&o.objects, "objects", "", "File for the objects that belong to the output, which only its owner can read; it must not exist yet")
	flags.BoolVar(&o.force, "force", false, "Overwrite the file of --objects")
	o.findings.add(cmd)
	for name, choices := range map[string][]string{"to": {"v2", "v3"}, "output": {"yaml", "toml", "args"}} {
		// The only error is an unknown flag, which the tests would show at once.
		_ = cmd.RegisterFlagCompletionFunc(name, cobra.FixedCompletions(choices, cobra.ShellCompDirectiveNoFileComp))
	}
	return cmd
}

func (o *convertStaticOptions) run() error {
	if err := o.validate(); err != nil {
		return err
	}
	in, err := o.input()
	if err != nil {
		return err
	}
	config, err := static.Read(in)
	if err != nil {
		return err
	}
	opts := static.Options{
		Target: static.Version(o.to), Resolver: o.resolver, Namespace: cmp.Or(*o.cluster.flags.Namespace, "default"),
	}
	result := static.Convert(config, opts)
	text, err := result.Tree.Encode(static.Format(o.format))
	if err != nil {
		return fmt.Errorf("writing the configuration: %w", err)
	}
	if o.objects != "" && len(result.Objects) > 0 {
		err := writePrivate(o.objects, o.force, func(w io.Writer) error {
			return streamObjects(w, genericclioptions.NewPrintFlags("").WithDefaultOutput("yaml"), staticObjects(result))
		})
		if err != nil {
			return err
		}
	}
	if len(result.Tree) > 0 {
		if _, err := o.cluster.streams.Out.Write(text); err != nil {
			return fmt.Errorf("printing: %w", err)
		}
	}
	if err := o.findings.writeReport(static.NewReport(result, in, opts)); err != nil {
		return err
	}
	return o.summary(result)
}

func (o *convertStaticOptions) validate() error {
	switch {
	case o.file == "" && len(o.args) == 0:
		return usageError("convert static needs the configuration of Traefik 1.7: name its traefik.toml with -f, or its arguments with --args")
	case o.to != "v2" && o.to != "v3":
		return usageError("--to is v2 or v3, not %q", o.to)
	case !slices.Contains([]string{"yaml", "toml", "args"}, o.format):
		return usageError("-o is yaml, toml or args, not %q", o.format)
	case o.resolver == "" || strings.ContainsAny(o.resolver, ". "):
		return usageError("--resolver is the name of a certificates resolver, without dots and blanks, not %q", o.resolver)
	}
	if namespace := *o.cluster.flags.Namespace; namespace != "" && len(validation.IsDNS1123Label(namespace)) > 0 {
		return usageError("--namespace: %q is no namespace", namespace)
	}
	return nil
}

// input reads the file, if any, and puts the arguments of the command line after
// those of a manifest.
func (o *convertStaticOptions) input() (static.Input, error) {
	var in static.Input
	if o.file != "" {
		content, err := readOne(o.cluster.streams.In, o.file)
		if err != nil {
			return in, err
		}
		if in, err = source.TraefikV1(nameOf(o.file), content); err != nil {
			return in, err
		}
	}
	in.Args = append(in.Args, o.args...)
	return in, nil
}

func staticObjects(result static.Result) iter.Seq[runtime.Object] {
	return func(yield func(runtime.Object) bool) {
		for _, object := range result.Objects {
			if !yield(object) {
				return
			}
		}
	}
}

func (o *convertStaticOptions) summary(result static.Result) error {
	w := o.cluster.streams.ErrOut
	shown, err := o.findings.print(w, result.Diagnostics)
	if err != nil {
		return err
	}
	var open, left []string
	for _, e := range result.EntryPoints {
		if e.Blocked {
			left = append(left, e.Name)
			continue
		}
		open = append(open, fmt.Sprintf("%s (%s) -> %s", e.Name, e.Address, e.Target))
	}
	keys := 0
	for _, s := range result.Settings {
		if s.IsKey() {
			keys++
		}
	}
	fmt.Fprintf(w, "Traefik 1.7 to Traefik %s: %s\n", strings.TrimPrefix(o.to, "v"), plural(keys, "key"))
	if len(open) > 0 {
		fmt.Fprintf(w, "Entry points: %s\n", strings.Join(open, ", "))
	}
	if len(left) > 0 {
		fmt.Fprintf(w, "Left out: %s\n", strings.Join(left, ", "))
	}
	switch n := len(result.Objects); {
	case n > 0 && o.objects != "":
		fmt.Fprintf(w, "Apply before the new Traefik starts: %s in %s\n", plural(n, "object"), o.objects)
	case n > 0:
		fmt.Fprintf(w, "Entry points need %s that --objects writes to a file\n", plural(n, "object"))
	}
	o.findings.hint(w, result.Diagnostics, shown)
	if len(result.Tree) == 0 {
		return withStatus(StatusDifferent, fmt.Errorf("nothing of %s could be converted", cmp.Or(nameOf(o.file), "the arguments")))
	}
	if len(result.Objects) > 0 && o.objects == "" {
		return withStatus(StatusFindings, nil)
	}
	return status(result.Diagnostics)
}
