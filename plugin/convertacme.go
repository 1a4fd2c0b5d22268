package plugin

import (
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/cli-runtime/pkg/genericclioptions"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/acme"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/ui"
)

type convertACMEOptions struct {
	cluster  *cluster
	findings findingFlags
	file     string
	resolver string
	secrets  string
	output   string
	force    bool
}

// defaultResolver is what certificates resolvers are called in convert acme and
// convert static unless said otherwise.
const defaultResolver = "letsencrypt"

func newConvertACMECommand(c *cluster) *cobra.Command {
	o := &convertACMEOptions{cluster: c}
	cmd := &cobra.Command{
		Use:   "acme -f FILE|-",
		Short: "Turn the acme.json of Traefik 1.7 into that of Traefik 2 and 3, or into Secrets",
		Long: `Turn the acme.json of Traefik 1.7 into that of Traefik 2 and 3, so that no
certificate has to be asked for again, or into one Secret per certificate:
several Traefiks, such as the pods of a DaemonSet, cannot share an acme.json.

The output holds private keys. --output makes a file that only its owner can
read; stdout is refused when it is a terminal.

Exit status: 0 everything is carried over, or differs in a way that the table
names; 4 some certificate was left out, the rest was converted; 1 nothing could
be converted; 2 wrong usage.`,
		Example: `  # The store of the new Traefik's resolver called le
  kubectl ingress-migrate convert acme -f acme.json --resolver le --output new/acme.json

  # A Secret per certificate, straight into the cluster
  kubectl ingress-migrate convert acme -f acme.json --secrets traefik | kubectl apply -f -

  # The file of a running Traefik 1.7
  kubectl exec -n kube-system traefik-0 -- cat /acme/acme.json | kubectl ingress-migrate convert acme -f - --output acme.json`,
		Args: noArgs,
		RunE: func(*cobra.Command, []string) error { return o.run() },
	}
	cmd.Flags().StringVarP(&o.file, "filename", "f", "", "The acme.json of Traefik 1.7, or - for stdin")
	cmd.Flags().StringVar(&o.resolver, "resolver", defaultResolver, "Name of the certificates resolver in the configuration of the new Traefik")
	cmd.Flags().StringVar(&o.secrets, "secrets", "", "Print a Secret of type kubernetes.io/tls per certificate, for this namespace, and no acme.json")
	cmd.Flags().StringVar(&o.output, "output", "", "File to write, which only its owner can read; it must not exist yet (default stdout)")
	cmd.Flags().BoolVar(&o.force, "force", false, "Print keys on a terminal; overwrite the file of --output")
	o.findings.add(cmd)
	return cmd
}

func (o *convertACMEOptions) run() error {
	if err := o.validate(); err != nil {
		return err
	}
	content, err := readOne(o.cluster.streams.In, o.file)
	if err != nil {
		return err
	}
	opts := acme.Options{Resolver: o.resolver, File: nameOf(o.file), Now: time.Now()}
	if o.secrets != "" {
		opts.Resolver = ""
	}
	result, err := acme.Convert(content, opts)
	if err != nil {
		return fmt.Errorf("converting %s: %w", opts.File, err)
	}
	if !useless(result) {
		if err := o.write(result); err != nil {
			return err
		}
	}
	if err := o.findings.writeReport(acme.NewReport(result, opts)); err != nil {
		return err
	}
	return o.summary(result)
}

func (o *convertACMEOptions) validate() error {
	switch {
	case o.file == "":
		return usageError("convert acme needs the acme.json of Traefik 1.7: name it with -f, or - for stdin")
	case o.resolver == "":
		return usageError("--resolver is the name of a certificates resolver, not empty")
	case o.secrets != "" && len(validation.IsDNS1123Label(o.secrets)) > 0:
		return usageError("--secrets is a namespace, not %q", o.secrets)
	case o.output == "" && !o.force && ui.IsTerminal(o.cluster.streams.Out):
		return usageError("the output holds private keys and stdout is a terminal: name a file with --output, use a pipe, or say --force")
	}
	return nil
}

// write prints the secrets or the store to where they belong.
func (o *convertACMEOptions) write(result acme.Result) error {
	print := func(w io.Writer) error {
		if o.secrets != "" {
			flags := genericclioptions.NewPrintFlags("").WithDefaultOutput("yaml")
			return streamObjects(w, flags, secretObjects(result, o.secrets))
		}
		store, err := result.Store()
		if err != nil {
			return err
		}
		_, err = w.Write(store)
		return err
	}
	if o.output == "" {
		return print(o.cluster.streams.Out)
	}
	return writePrivate(o.output, o.force, print)
}

func secretObjects(result acme.Result, namespace string) iter.Seq[runtime.Object] {
	return func(yield func(runtime.Object) bool) {
		for _, secret := range result.Secrets(namespace) {
			if !yield(secret) {
				return
			}
		}
	}
}

// writePrivate makes a file that only its owner can read. It appears whole or
// not at all, and replaces another one only when asked to.
func writePrivate(name string, force bool, print func(io.Writer) error) error {
	if _, err := os.Lstat(name); err == nil && !force {
		return usageError("%s exists: choose another name, or say --force to replace it", name)
	}
	// CreateTemp makes files of mode 0600.
	temporary, err := os.CreateTemp(filepath.Dir(name), "."+filepath.Base(name)+".*")
	if err != nil {
		return fmt.Errorf("writing %s: %w", name, err)
	}
	err = print(temporary)
	if closing := temporary.Close(); err == nil {
		err = closing
	}
	if err == nil {
		err = os.Rename(temporary.Name(), name)
	}
	if err != nil {
		// What is left of it must not stay: it may hold keys.
		_ = os.Remove(temporary.Name())
		return fmt.Errorf("writing %s: %w", name, err)
	}
	return nil
}

func (o *convertACMEOptions) summary(result acme.Result) error {
	w := o.cluster.streams.ErrOut
	shown, err := o.findings.print(w, result.Diagnostics)
	if err != nil {
		return err
	}
	usable := len(result.Usable())
	into := "for the resolver " + o.resolver
	account := "the account goes on being used"
	switch {
	case o.secrets != "":
		into, account = "as "+plural(usable, "Secret")+" of namespace "+o.secrets, "without the account: nobody renews them"
	case !result.AccountKept:
		account = "without an account: Traefik registers one at its start"
	}
	fmt.Fprintf(w, "%s: %d converted %s, %d left out; %s\n",
		plural(len(result.Certificates), "certificate"), usable, into, len(result.Certificates)-usable, account)
	if o.output != "" && !useless(result) {
		fmt.Fprintf(w, "Written to %s, for its owner's eyes only\n", o.output)
	}
	o.findings.hint(w, result.Diagnostics, shown)
	if useless(result) {
		return withStatus(StatusDifferent, fmt.Errorf("nothing of %s could be converted", nameOf(o.file)))
	}
	return status(result.Diagnostics)
}

// useless tells whether there is nothing to write.
func useless(result acme.Result) bool { return len(result.Usable()) == 0 && !result.AccountKept }

// readOne reads a file or stdin.
func readOne(stdin io.Reader, name string) ([]byte, error) {
	if name == "-" {
		content, err := io.ReadAll(stdin)
		if err != nil {
			return nil, fmt.Errorf("reading stdin: %w", err)
		}
		return content, nil
	}
	if strings.Contains(name, "://") {
		return nil, usageError("%s: addresses are not fetched; download it and use -f -", name)
	}
	content, err := os.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("reading the input: %w", err)
	}
	return content, nil
}

// nameOf is what a file is called in messages.
func nameOf(file string) string {
	if file == "-" {
		return "stdin"
	}
	return file
}
