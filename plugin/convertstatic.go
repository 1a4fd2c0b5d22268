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
	from     string
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
		Short: "Turn the configuration of Traefik 1.7 or 2 itself into that of Traefik 2 or 3",
		Long: `Turn the static configuration of Traefik 1.7 (traefik.toml, arguments) into that
of Traefik 2.11 or 3, or that of Traefik 2 (YAML, TOML, arguments, environment)
into that of Traefik 3, and say what became of every key. -f also takes
manifests: the DaemonSet or Deployment of Traefik and the ConfigMap with its
file. Which Traefik it is of is told from its image and its keys; where these do
not tell, --from has to.

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

  # From Traefik 2 to 3
  kubectl ingress-migrate convert static -f traefik.yml --from v2 > traefik-v3.yml

  # Arguments alone
  kubectl ingress-migrate convert static --args --kubernetes --args '--entrypoints=Name:http Address::80'`,
		Args: noArgs,
		RunE: func(*cobra.Command, []string) error { return o.run() },
	}
	flags := cmd.Flags()
	flags.StringVarP(&o.file, "filename", "f", "", "The file of Traefik (traefik.toml, traefik.yml), manifests that hold it, or - for stdin")
	flags.StringArrayVar(&o.args, "args", nil, "An argument of Traefik; it goes before the file in Traefik 1.7, and does not count beside one in Traefik 2")
	flags.StringVar(&o.from, "from", "", "Traefik that reads the input: v1 (1.7) or v2; told from the input when it can be")
	flags.StringVar(&o.to, "to", "", "Traefik that will read the output: v2 (2.11) or v3; the next one by default")
	flags.StringVar(&o.resolver, "resolver", defaultResolver, "Name of the certificates resolver that acme becomes")
	flags.StringVarP(&o.format, "output", "o", "yaml", "Format of the output: yaml, toml or args")
	flags.StringVar(&o.objects, "objects", "", "File for the objects that belong to the output, which only its owner can read; it must not exist yet")
	flags.BoolVar(&o.force, "force", false, "Overwrite the file of --objects")
	o.findings.add(cmd)
	for name, choices := range map[string][]string{"from": {"v1", "v2"}, "to": {"v2", "v3"}, "output": {"yaml", "toml", "args"}} {
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
	opts := static.Options{
		Source: static.Version(o.from), Target: static.Version(o.to), Resolver: o.resolver, Namespace: cmp.Or(*o.cluster.flags.Namespace, "default"),
	}
	result, err := convertStatic(in, &opts)
	if err != nil {
		return err
	}
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
	return o.summary(result, opts)
}

// convertStatic converts from one Traefik to a later one; what the options leave
// open is found out and written into them.
func convertStatic(in static.Input, opts *static.Options) (static.Result, error) {
	if opts.Source == "" {
		from, err := static.Detect(in)
		if err != nil {
			return static.Result{}, err
		}
		opts.Source = from
	}
	if opts.Source == static.V2 {
		if opts.Target == static.V2 {
			return static.Result{}, usageError("the input is of Traefik 2: --to v3 is the way from there")
		}
		opts.Target = static.V3
		config, err := static.ReadV2(in)
		if err != nil {
			return static.Result{}, err
		}
		return static.Upgrade(config), nil
	}
	opts.Target = cmp.Or(opts.Target, static.V2)
	config, err := static.Read(in)
	if err != nil {
		return static.Result{}, err
	}
	return static.Convert(config, *opts), nil
}

func (o *convertStaticOptions) validate() error {
	switch {
	case o.file == "" && len(o.args) == 0:
		return usageError("convert static needs the configuration of Traefik 1.7 or 2: name its file with -f, or its arguments with --args")
	case o.from != "" && o.from != "v1" && o.from != "v2":
		return usageError("--from is v1 or v2, not %q", o.from)
	case o.to != "" && o.to != "v2" && o.to != "v3":
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
		if in, err = source.Traefik(nameOf(o.file), content); err != nil {
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

func (o *convertStaticOptions) summary(result static.Result, opts static.Options) error {
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
	source := map[static.Version]string{static.V1: "Traefik 1.7", static.V2: "Traefik 2"}[opts.Source]
	fmt.Fprintf(w, "%s to Traefik %s: %s\n", source, strings.TrimPrefix(string(opts.Target), "v"), plural(keys, "key"))
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
