package plugin

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/htmlreport"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/scan"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/shift"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/ui"
)

type reportOptions struct {
	cluster *cluster
	// convert reads files as the command of that name does.
	convert  convertOptions
	fleet    fleetFlags
	settings settingsFlags
	recorded recordedFlags
	output   string
	now      func() time.Time
}

func newReportCommand(c *cluster) *cobra.Command {
	o := &reportOptions{cluster: c, convert: convertOptions{cluster: c}, now: time.Now}
	cmd := &cobra.Command{
		Use:   "report [NAME...] [-f FILE|DIR|-]",
		Short: "Write one HTML page about a migration, for people without a terminal",
		Long: `Write one HTML page about a migration, for people without a terminal: verdicts and
findings of the Ingresses, with a filter; who owns which Traefik object; the nodes
and when each was moved, or how requests went over by weights; and what probe
and verify found.

The page is one file that needs no network and reaches none. It has names, routes'
hosts and findings of the cluster, no Secrets, no values of fields that differ and
no queries of URLs. Print it as it is shown: what is folded stays so.

With -f or -k nothing but the named files is read, and the verdicts are those of
convert. --journal takes the record of a cutover from a file, as in
'kubectl get configmap -n NAMESPACE ingress-migrate-ID -o yaml'.

'status --serve' shows the same page and keeps it up to date.

Exit status: 0 the page is written, whatever it says; 1 error; 2 wrong usage.`,
		Example: `  # The whole cluster
  kubectl ingress-migrate report -A > report.html

  # With what clients noticed, and what answers differ
  kubectl ingress-migrate probe --duration 5m -o json https://shop.example.com/ > probe.json
  kubectl ingress-migrate verify -A -o json > verify.json
  kubectl ingress-migrate report -A --probe probe.json --verify verify.json --output-file report.html

  # Manifests, without a cluster
  kubectl ingress-migrate report -f k8s/ -R > report.html`,
		ValidArgsFunction: c.completeIngresses,
		RunE:              func(cmd *cobra.Command, args []string) error { return o.run(cmd.Context(), args) },
	}
	flags := cmd.Flags()
	flags.StringSliceVarP(&o.convert.files.Names, "filename", "f", nil, "Files or folders with Ingresses, or - for stdin; no cluster is contacted")
	flags.BoolVarP(&o.convert.files.Recursive, "recursive", "R", false, "Look into folders below a folder of -f")
	flags.StringVarP(&o.convert.files.Kustomize, "kustomize", "k", "", "Folder with a kustomization; no cluster is contacted")
	flags.BoolVar(&o.convert.files.Complete, "complete", false, "The files hold every Service, Endpoints and Secret: what is not there does not exist")
	flags.StringVar(&o.output, "output-file", "", "File to write the page to (default: stdout)")
	o.recorded.add(cmd)
	o.convert.scope.add(cmd)
	o.convert.conversion.add(cmd)
	o.fleet.add(c, cmd)
	o.settings.values, o.settings.flags = cutover.DefaultSettings(), flags
	return cmd
}

func (o *reportOptions) run(ctx context.Context, names []string) error {
	defer sparingMemory()()
	if o.output == "" && ui.IsTerminal(o.cluster.streams.Out) {
		return usageError("the page is HTML and no text for a terminal: redirect it (> report.html), or name a file with --output-file")
	}
	if len(o.convert.files.Names) > 0 && o.convert.files.Kustomize != "" {
		return usageError("manifests come from --filename or from --kustomize, not from both")
	}
	page := &htmlreport.Page{}
	if err := o.recorded.read(page); err != nil {
		return err
	}
	var err error
	if len(o.convert.files.Names) > 0 || o.convert.files.Kustomize != "" {
		err = o.fromFiles(ctx, page, names)
	} else {
		err = o.fromCluster(ctx, page, names)
	}
	if err != nil {
		return err
	}
	page.Now = o.now()
	var out bytes.Buffer
	if err := page.Write(&out); err != nil {
		return err
	}
	if o.output != "" {
		if err := os.WriteFile(o.output, out.Bytes(), 0o644); err != nil {
			return fmt.Errorf("writing the page: %w", err)
		}
		return nil
	}
	if _, err := out.WriteTo(o.cluster.streams.Out); err != nil {
		return fmt.Errorf("writing the page: %w", err)
	}
	return nil
}

// fromFiles has the verdicts of the conversion.
func (o *reportOptions) fromFiles(ctx context.Context, page *htmlreport.Page, names []string) error {
	options, err := o.convert.conversion.between()
	if err != nil {
		return err
	}
	loaded, scope, err := o.convert.load(ctx, names, &options)
	if err != nil {
		return err
	}
	options = loaded.Settle(options)
	chosen := o.convert.chosen(loaded.Input.Ingresses, scope)
	result := limit(convert.Convert(loaded.Input, options), chosen)
	if len(result.Ingresses) == 0 {
		return errors.New("no Ingress to report on: name files that have some with -f")
	}
	page.Conversion = convert.NewReport(result, options, slices.Concat(loaded.Diagnostics, result.Settings))
	page.Notes = append(page.Notes, loaded.Notes...)
	for _, d := range page.Conversion.Diagnostics {
		if worthShowing(d) {
			page.Notes = append(page.Notes, where(d.Object)+": "+finding(d)+" ("+string(d.Code)+")")
		}
	}
	page.Subject = strings.Join(o.convert.files.Names, ", ")
	if o.convert.files.Kustomize != "" {
		page.Subject = o.convert.files.Kustomize
	}
	return nil
}

// fromCluster has the verdicts of a scan. Nodes may be out of sight for those who own
// a namespace alone: the page says so and has the rest.
func (o *reportOptions) fromCluster(ctx context.Context, page *htmlreport.Page, names []string) error {
	if o.convert.files.Recursive || o.convert.files.Complete {
		return usageError("--recursive and --complete are about files: name some with -f")
	}
	scope, err := o.convert.scope.scope(o.cluster, names)
	if err != nil {
		return err
	}
	if page.Scan, err = o.cluster.scan(ctx, &o.convert.conversion, scope, scan.Verdicts); err != nil {
		return err
	}
	page.Subject = o.cluster.contextName()
	if scope.Namespace != "" {
		page.Subject += ", namespace " + scope.Namespace
	}
	if err := o.cluster.addWeights(ctx, page); err != nil {
		return err
	}
	reader, picture, err := o.fleet.readAny(ctx, o.cluster)
	if apierrors.IsForbidden(err) {
		page.Notes = append(page.Notes, "Nodes are not shown: "+err.Error())
		return nil
	}
	if err != nil {
		return err
	}
	settings, err := o.settings.settings(picture)
	if err != nil {
		return err
	}
	page.Status = cutover.NewStatus(picture, settings, o.now())
	page.Status.Routes, page.Status.Webhook = flagText(ctx, reader.Client), webhookText(ctx, reader.Client, o.now())
	o.cluster.addParallel(ctx, page.Status, o.now())
	if page.Journal == nil {
		page.Journal = picture.Journal
	}
	return nil
}

// addWeights shows the newest shift of the namespace that is recorded, also one that was
// undone, unless a file has one.
func (c *cluster) addWeights(ctx context.Context, page *htmlreport.Page) (err error) {
	if page.Weights == nil {
		page.Weights, _, err = c.shifted(ctx, func(*shift.Record) bool { return true })
	}
	return err
}
