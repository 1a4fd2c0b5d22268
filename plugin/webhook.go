package plugin

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/cli-runtime/pkg/genericclioptions"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/install"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/ui"
)

func newWebhookCommand(c *cluster) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "webhook",
		Short: "Install, check and remove the part that makes routes for every applied Ingress",
		Long: `The webhook makes the Traefik objects of every Ingress that is applied, so that no
deploy pipeline has to change. It warns at apply about what is not carried over
exactly, and does not refuse or delay a deploy: when it does not answer, the API
server goes on without it, and what it missed is repaired. Only --mode enforce
refuses what cannot be converted, when it is new or its spec changes.`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return cmd.Help()
		},
	}
	cmd.AddCommand(newWebhookInstallCommand(c), newWebhookUninstallCommand(c), newWebhookManifestsCommand(c), newWebhookCheckCommand(c))
	return cmd
}

// webhookOptions are what the commands about the webhook share.
type webhookOptions struct {
	cluster    *cluster
	conversion conversionFlags
	image      string
	replicas   int64
	mode       string
	namespaces []string
	dryRun     string
	force      bool
	timeout    time.Duration
	// found is the namespace of the installed webhook; empty: nobody asked yet.
	found string
	// settle: name the controllers in play, since the options are to be stored.
	settle bool
}

// addSettings adds what an installation can choose.
func (o *webhookOptions) addSettings(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&o.image, "image", "", "Image of the webhook (default: the one of this version)")
	flags.Int64Var(&o.replicas, "replicas", 0, "Replicas of the webhook (default 2)")
	flags.StringVar(&o.mode, "mode", "", "What it does: observe (count), warn (at apply), mirror (and make routes, the default) or enforce (and refuse what cannot be converted)")
	flags.StringSliceVar(&o.namespaces, "namespaces", nil, "Namespaces whose Ingresses to look at; '*' is all (default all). With some, it has rights in those only")
	o.conversion.add(cmd)
	// The only error is an unknown flag, which the tests would show at once.
	_ = cmd.RegisterFlagCompletionFunc("mode", cobra.FixedCompletions([]string{"observe", "warn", "mirror", "enforce"}, cobra.ShellCompDirectiveNoFileComp))
}

func (o *webhookOptions) addDryRun(cmd *cobra.Command) {
	cmd.Flags().StringVar(&o.dryRun, "dry-run", "none", "Say what would be done: none, client (send nothing) or server (ask the server, change nothing)")
	_ = cmd.RegisterFlagCompletionFunc("dry-run", cobra.FixedCompletions([]string{"none", "client", "server"}, cobra.ShellCompDirectiveNoFileComp))
}

func (o *webhookOptions) validate() error {
	switch o.mode {
	case "", "observe", "warn", "mirror", "enforce":
	default:
		return usageError("--mode is observe, warn, mirror or enforce, not %q", o.mode)
	}
	switch o.dryRun {
	case "", "none", "client", "server":
	default:
		return usageError("--dry-run is none, client or server, not %q", o.dryRun)
	}
	for _, namespace := range o.namespaces {
		if namespace != "*" && len(validation.IsDNS1123Label(namespace)) > 0 {
			return usageError("--namespaces: %q is not the name of a namespace", namespace)
		}
	}
	if o.replicas < 0 {
		return usageError("--replicas is 1 or more, not %d", o.replicas)
	}
	return nil
}

// namespace is the webhook's own: the context's namespace is about applications.
func (o *webhookOptions) namespace() string {
	return cmp.Or(o.asked(), o.found, install.Namespace)
}

// asked is the namespace of the command line.
func (o *webhookOptions) asked() string {
	if given := o.cluster.flags.Namespace; given != nil {
		return *given
	}
	return ""
}

// looksAt are the namespaces whose Ingresses are looked at; empty: all.
func (o *webhookOptions) looksAt() []string {
	if slices.Contains(o.namespaces, "*") {
		return nil
	}
	return o.namespaces
}

// objects returns what is installed with the given options.
func (o *webhookOptions) objects(options convert.Options, matchConditions bool) ([]*unstructured.Unstructured, error) {
	return install.Objects(install.Settings{
		Namespace: o.namespace(), Namespaces: o.looksAt(), Image: o.image, Replicas: o.replicas, Mode: o.mode,
		Conversion: options, MatchConditions: matchConditions,
	})
}

// prepare returns an Installer and what it installs. What the command line does
// not say stays as it is installed: an upgrade must not convert in another way,
// or start to write routes, because a flag was forgotten.
func (o *webhookOptions) prepare(ctx context.Context) (*install.Installer, []*unstructured.Unstructured, convert.Options, error) {
	fail := func(err error) (*install.Installer, []*unstructured.Unstructured, convert.Options, error) {
		return nil, nil, convert.Options{}, clusterError(err)
	}
	if err := o.validate(); err != nil {
		return fail(err)
	}
	installer, err := o.installer()
	if err != nil {
		return fail(err)
	}
	version, err := installer.Client.Discovery().ServerVersion()
	if err != nil {
		return fail(fmt.Errorf("ask for the server's version: %w", err))
	}
	if err := installer.Settle(ctx, o.asked()); err != nil {
		return fail(err)
	}
	o.found = installer.Namespace
	installed, err := installer.Installed(ctx)
	if err != nil {
		return fail(err)
	}
	var options convert.Options
	switch {
	case installed.Conversion == nil && o.settle:
		options, err = o.settled(ctx, installer)
	case installed.Conversion == nil:
		options, err = o.conversion.options()
	default:
		var stored convert.Options
		if stored, err = parseStoredOptions(installed.Conversion); err != nil {
			return fail(fmt.Errorf("configmap %s/%s: %w", o.namespace(), install.ConversionName, err))
		}
		options, err = o.conversion.onTop(stored)
	}
	if err != nil {
		return fail(err)
	}
	o.mode = cmp.Or(o.mode, installed.Mode)
	if len(o.namespaces) == 0 {
		o.namespaces = installed.Namespaces
	}
	if some := o.looksAt(); len(some) > 0 {
		installer.TestNamespace = some[0]
	}
	objects, err := o.objects(options, install.KnowsMatchConditions(version))
	if err != nil {
		return fail(err)
	}
	return installer, objects, options, nil
}

func (o *webhookOptions) installer() (*install.Installer, error) {
	client, err := o.cluster.clientset()
	if err != nil {
		return nil, err
	}
	dynamic, err := o.cluster.dynamic()
	if err != nil {
		return nil, err
	}
	mapper, err := o.cluster.flags.ToRESTMapper()
	if err != nil {
		return nil, err
	}
	return &install.Installer{
		Client: client, Dynamic: dynamic, Mapper: mapper, Namespace: o.namespace(),
		Observer:       &webhookNarrator{streams: o.cluster.streams, suffix: suffixOf(o.dryRun)},
		ServerDryRun:   o.dryRun == "server",
		ForceConflicts: o.force,
	}, nil
}

// timed limits a command by --timeout and gives the timeout its exit status.
func (o *webhookOptions) timed(ctx context.Context, run func(context.Context) error) error {
	if o.timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, o.timeout)
		defer cancel()
	}
	err := run(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		return withStatus(StatusTimeout, err)
	}
	return clusterError(err)
}

func newWebhookInstallCommand(c *cluster) *cobra.Command {
	o := &webhookOptions{cluster: c}
	cmd := &cobra.Command{
		Use:   "install",
		Short: "Install or upgrade the webhook",
		Long: `Install the webhook, or bring an installed one to this version and these flags.

In this order: it looks whether Traefik's custom resource definitions are there,
applies accounts, rights and pods, waits until the pods are ready, proves that
the API server reaches them, and only then registers them. Then it sets the
capability flag kube-public/ingress-migrate, which deploy tooling can ask for.

When anything on the way fails, nothing is registered and no deploy is affected.
Installing over an installed webhook keeps its options where no flag says
something else.

Exit status: 0 installed; 124 not ready before --timeout; 1 anything else.`,
		Example: `  # Install with an image of your registry
  kubectl ingress-migrate webhook install --image registry.example.com/ingress-migrate-webhook:v1

  # See what would be applied
  kubectl ingress-migrate webhook install --dry-run=server

  # Traefik 1.7 has its own entry points and class
  kubectl ingress-migrate webhook install --entry-points http=web:80,https=websecure:443:tls --source-ingress-class edge

  # Only warn at apply, make no routes yet
  kubectl ingress-migrate webhook install --mode warn

  # For two teams only
  kubectl ingress-migrate webhook install --namespaces shop,cart`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return o.install(cmd.Context()) },
	}
	o.addSettings(cmd)
	o.addDryRun(cmd)
	cmd.Flags().BoolVar(&o.force, "force-conflicts", false, "Take back fields of the installation that somebody else changed")
	cmd.Flags().DurationVar(&o.timeout, "timeout", 3*time.Minute, "How long to wait for the webhook to be ready; 0 is forever")
	return cmd
}

func (o *webhookOptions) install(ctx context.Context) error {
	o.settle = true
	installer, objects, options, err := o.prepare(ctx)
	if err != nil {
		return err
	}
	if err := installer.RefuseRelease(ctx); err != nil {
		return clusterError(err)
	}
	if o.dryRun == "client" {
		for _, object := range objects {
			installer.Observer.Changed(object, "created")
		}
		return nil
	}
	return o.timed(ctx, func(ctx context.Context) error {
		if err := installer.Install(ctx, objects, options, time.Now()); err != nil {
			return err
		}
		if o.dryRun != "server" {
			fmt.Fprintf(o.cluster.streams.ErrOut, "Every Ingress that is applied from now on gets its routes; those that exist get them now.\nNext: kubectl ingress-migrate scan -A\n")
		}
		return nil
	})
}

func newWebhookManifestsCommand(c *cluster) *cobra.Command {
	o := &webhookOptions{cluster: c}
	print := genericclioptions.NewPrintFlags("").WithDefaultOutput("yaml")
	old := false
	cmd := &cobra.Command{
		Use:   "manifests",
		Short: "Print what install applies, for GitOps",
		Example: `  # Keep the webhook in git
  kubectl ingress-migrate webhook manifests --image registry.example.com/ingress-migrate-webhook:v1 > webhook.yaml

  # For an API server before 1.28
  kubectl ingress-migrate webhook manifests --no-match-conditions | kubectl apply -f -`,
		Args: noArgs,
		RunE: func(*cobra.Command, []string) error {
			if err := o.validate(); err != nil {
				return err
			}
			if o.conversion.from == string(convert.Auto) {
				// No cluster is asked, and the webhook does not guess.
				o.conversion.from = string(convert.FromTraefikV1)
				fmt.Fprintf(c.streams.ErrOut, "Note: these manifests are for Ingresses of %s; say --from for another controller\n", convert.FromTraefikV1)
			}
			options, err := o.conversion.options()
			if err != nil {
				return err
			}
			objects, err := o.objects(options, !old)
			if err != nil {
				return err
			}
			return printObjects(c.streams.Out, print, objects)
		},
	}
	o.addSettings(cmd)
	addOutputFlag(cmd, print)
	cmd.Flags().BoolVar(&old, "no-match-conditions", false, "Leave out matchConditions, which API servers before 1.28 do not know")
	return cmd
}

func newWebhookUninstallCommand(c *cluster) *cobra.Command {
	o := &webhookOptions{cluster: c}
	keep, yes := false, false
	cmd := &cobra.Command{
		Use:   "uninstall",
		Short: "Remove the webhook; routes stay",
		Long: `Remove the webhook, the registration first. Routes that it made stay, and are
still deleted together with their Ingress. With --keep-routes they become yours:
they stay when their Ingress is deleted, and nothing here touches them again.

A run that was stopped half-way is finished by the next one.`,
		Example: `  # Remove the webhook
  kubectl ingress-migrate webhook uninstall

  # Before the Ingresses are deleted for good
  kubectl ingress-migrate webhook uninstall --keep-routes --yes`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if o.timeout < 0 {
				return usageError("--timeout is not negative")
			}
			installer, objects, _, err := o.prepare(cmd.Context())
			if err != nil {
				return err
			}
			if o.dryRun == "none" {
				question := "Remove the webhook? Routes stay, and are deleted with their Ingresses."
				if keep {
					question = "Remove the webhook and release its routes? They will not follow their Ingresses any more."
				}
				if err := ui.Confirm(c.streams, yes, question); err != nil {
					return err
				}
			}
			if o.dryRun == "client" {
				for n := len(objects) - 1; n >= 0; n-- {
					installer.Observer.Changed(objects[n], "deleted")
				}
				return nil
			}
			return o.timed(cmd.Context(), func(ctx context.Context) error {
				return installer.Uninstall(ctx, objects, keep)
			})
		},
	}
	o.conversion.add(cmd)
	o.addDryRun(cmd)
	cmd.Flags().BoolVar(&keep, "keep-routes", false, "Release the routes: they stay when their Ingress is deleted")
	cmd.Flags().BoolVarP(&yes, "yes", "y", false, "Do not ask")
	cmd.Flags().DurationVar(&o.timeout, "timeout", 2*time.Minute, "How long to wait for the pods to end; 0 is forever")
	return cmd
}
