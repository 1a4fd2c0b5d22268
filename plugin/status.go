package plugin

import (
	"bytes"
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/spf13/cobra"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/capability"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/fleet"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/htmlreport"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/install"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/scan"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/source"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/ui"
)

type statusOptions struct {
	cluster    *cluster
	fleet      fleetFlags
	settings   settingsFlags
	conversion conversionFlags
	output     reportFlags
	watch      bool
	interval   time.Duration
	noScan     bool
	color      string
	serve      string
	recorded   recordedFlags
	probed     *cutover.Probed
	// ingresses sums up report, the last scan: it is not made anew every time.
	ingresses string
	report    *scan.Report
	scanned   time.Time
}

func newStatusCommand(c *cluster) *cobra.Command {
	o := &statusOptions{cluster: c, output: newReportFlags("nodes")}
	o.output.names = statusNodes
	cmd := &cobra.Command{
		Use:   "status",
		Short: "Show who serves each node, what is wrong, and the next command to type",
		Example: `  # Where are we?
  kubectl ingress-migrate status

  # Watch a cutover
  kubectl ingress-migrate status -w

  # With what a probe lost meanwhile
  kubectl ingress-migrate status --probe probe.json

  # A page that keeps up to date, for a browser on this machine
  kubectl ingress-migrate status --serve

  # Nodes that the new proxy serves
  kubectl ingress-migrate status -o jsonpath='{.nodes[?(@.label=="new")].name}'`,
		Args:              noArgs,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE:              func(cmd *cobra.Command, _ []string) error { return o.run(cmd.Context()) },
	}
	o.fleet.add(c, cmd)
	o.settings.addJudged(cmd)
	o.conversion.add(cmd)
	o.output.add(cmd)
	cmd.Flags().BoolVarP(&o.watch, "watch", "w", false, "Show it again and again until interrupted")
	cmd.Flags().DurationVar(&o.interval, "interval", 2*time.Second, "Pause between two looks with --watch")
	cmd.Flags().BoolVar(&o.noScan, "no-scan", false, "Leave out the summary of Ingresses")
	cmd.Flags().StringVar(&o.serve, "serve", "", "Show it as a web page that keeps up to date, on a loopback address: --serve=`HOST:PORT` (without one: 127.0.0.1, any free port)")
	cmd.Flags().Lookup("serve").NoOptDefVal = "127.0.0.1:0"
	o.recorded.add(cmd)
	addColorFlag(cmd, &o.color)
	return cmd
}

func (o *statusOptions) run(ctx context.Context) error {
	if err := o.output.check(); err != nil {
		return err
	}
	palette, err := ui.NewPalette(o.cluster.streams.Out, o.color)
	if err != nil {
		return withStatus(StatusUsage, err)
	}
	if err := o.check(); err != nil {
		return err
	}
	if o.serve != "" {
		return o.servePage(ctx)
	}
	var recorded htmlreport.Page
	if err := o.recorded.read(&recorded); err != nil {
		return err
	}
	if recorded.Probe != nil {
		o.probed = &cutover.Probed{Sent: int(recorded.Probe.Sent), Lost: int(recorded.Probe.Lost)}
	}
	reader, err := o.fleet.reader(o.cluster)
	if err != nil {
		return err
	}
	out := o.cluster.streams.Out
	terminal := ui.IsTerminal(out)
	screen := ui.NewScreen(out)
	for {
		now := time.Now()
		status, _, err := o.look(ctx, reader, now)
		if err != nil && (!o.watch || ctx.Err() != nil) {
			return clusterError(err)
		}
		var text bytes.Buffer
		switch {
		case err != nil && o.watch && terminal:
			fmt.Fprintf(&text, "error: %v\n", clusterError(err))
		case err != nil:
			fmt.Fprintf(o.cluster.streams.ErrOut, "error: %v\n", clusterError(err))
		case !o.output.screen():
			if err := o.output.show(&text, status); err != nil {
				return err
			}
		default:
			rows := 0
			if o.watch && terminal {
				rows = ui.Height(out) - 1 // one for the cursor
			}
			if err := writeStatus(palette.Speller(&text), status, palette, now, ui.Width(out), rows); err != nil {
				return err
			}
		}
		if o.watch && terminal {
			screen.Show(text.String(), ui.Width(out), ui.Height(out))
		} else if _, err := out.Write(text.Bytes()); err != nil {
			return fmt.Errorf("printing: %w", err)
		}
		if !o.watch {
			return nil
		}
		if !terminal {
			fmt.Fprintln(o.cluster.streams.Out)
		}
		select {
		case <-ctx.Done():
			return nil // the way to end a watch
		case <-time.After(o.interval):
		}
	}
}

// look gathers everything. What is not essential may be missing.
func (o *statusOptions) look(ctx context.Context, reader *fleet.Reader, now time.Time) (*cutover.Status, *fleet.Fleet, error) {
	const scanAgain = 30 * time.Second
	var scanned sync.WaitGroup
	if !o.noScan && now.Sub(o.scanned) >= scanAgain {
		o.scanned = now
		scanned.Go(func() {
			report, err := o.cluster.scan(ctx, &o.conversion, source.Scope{}, scan.Verdicts)
			facts := scanFacts(report, err)
			o.report, o.ingresses = report, facts.Text
			if facts.Failed != "" {
				o.ingresses = "not known: " + facts.Failed
			}
		})
	}
	picture, err := reader.Read(ctx)
	scanned.Wait()
	if err != nil {
		return nil, nil, err
	}
	settings, err := o.settings.settings(picture)
	if err != nil {
		return nil, nil, err
	}
	s := cutover.NewStatus(picture, settings, now)
	s.Cluster = o.cluster.contextName()
	if v, err := reader.Client.Discovery().ServerVersion(); err == nil {
		s.ServerVersion = v.GitVersion
	}
	s.Routes = flagText(ctx, reader.Client)
	s.Webhook = webhookText(ctx, reader.Client, now)
	s.Ingresses = o.ingresses
	s.Probe = o.probed
	o.cluster.addParallel(ctx, s, now)
	return s, picture, nil
}

// contextName is the kubeconfig's current context.
func (c *cluster) contextName() string {
	if c.flags.Context != nil && *c.flags.Context != "" {
		return *c.flags.Context
	}
	config, err := c.flags.ToRawKubeConfigLoader().RawConfig()
	if err != nil {
		return ""
	}
	return config.CurrentContext
}

func flagText(ctx context.Context, client kubernetes.Interface) string {
	flag, err := capability.Get(ctx, client)
	switch {
	case err != nil:
		return "not known"
	case flag == nil || !flag.IngressRoutes:
		return "not flagged"
	}
	text := "ready (" + flag.APIVersion + ")"
	if flag.Since != "" {
		text += " since " + flag.Since
	}
	return text
}

// webhookText tells of the certificate what whoever asks may know: it is a Secret's.
func webhookText(ctx context.Context, client kubernetes.Interface, now time.Time) string {
	namespace := install.Find(ctx, client)
	d, err := client.AppsV1().Deployments(namespace).Get(ctx, install.Name, metav1.GetOptions{})
	switch {
	case apierrors.IsNotFound(err):
		return "not installed"
	case err != nil:
		return "not known"
	}
	text := fmt.Sprintf("%d/%d ready", d.Status.ReadyReplicas, d.Status.Replicas)
	if certificate, err := install.Certificate(ctx, client, namespace); err == nil {
		text += fmt.Sprintf(", certificate valid for %d days", install.DaysLeft(certificate, now))
	}
	return text
}

// statusNodes are the nodes as kubectl names them.
func statusNodes(report runtime.Object) []string {
	var names []string
	for _, node := range report.(*cutover.Status).Nodes {
		names = append(names, "node/"+node.Name)
	}
	return names
}
