package plugin

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"time"

	"github.com/spf13/cobra"
	networkingv1 "k8s.io/api/networking/v1"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/fleet"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/source"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/ui"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/verify"
)

type verifyOptions struct {
	cluster        *cluster
	fleet          fleetFlags
	scope          scopeFlags
	files          source.Files
	output         reportFlags
	oldURLs        []string
	newURLs        []string
	accessLog      string
	accessLogHost  string
	ignore         []string
	limit          int
	parallel, show int
	timeout        time.Duration
	color          string
}

func newVerifyCommand(c *cluster) *cobra.Command {
	o := &verifyOptions{cluster: c, output: newReportFlags("different")}
	cmd := &cobra.Command{
		Use:   "verify [NAME...]",
		Short: "Ask the old and the new proxy the same, and compare the answers",
		Long: `Ask the old and the new proxy the same, and compare the answers.

Requests are made for every rule of the Ingresses: the path itself, with and
without a slash at its end, below it and beside it, over HTTP and HTTPS, and a
websocket where nginx.ingress.kubernetes.io/websocket-services names one. With
--from-access-log they are what clients really asked. They are GET and HEAD alone;
redirects are not followed.

Both proxies are asked directly, past the load balancer: at --old-url and
--new-url, or else on one node that each of them serves. The old proxy is asked
twice: what differs between its own answers (a counter, the name of a pod) is
not compared. A difference counts when it is still there at a second look.

--ignore names what may differ: body, certificate, status, header=NAME,
host=NAME, host=*.DOMAIN or path=/PREFIX.

Exit status: 0 all answers are the same, 1 some differ, 2 the check failed.`,
		Example: `  # Two proxies that run side by side
  kubectl ingress-migrate verify -A --old-url 10.0.0.1 --new-url http://10.0.0.1:8080,https://10.0.0.1:8443

  # What clients asked yesterday, one node of each proxy
  kubectl ingress-migrate verify --from-access-log access.log --limit 20000

  # Manifests, without a cluster
  kubectl ingress-migrate verify -f k8s/ -R --old-url 10.0.0.1 --new-url 10.0.0.2 --ignore header=X-Served-By`,
		ValidArgsFunction: c.completeIngresses,
		RunE: func(cmd *cobra.Command, args []string) error {
			return scanStatus(o.run(cmd.Context(), args))
		},
	}
	flags := cmd.Flags()
	flags.StringSliceVar(&o.oldURLs, "old-url", nil, "Where the old proxy is asked: an address (ports 80 and 443) or URLs")
	flags.StringSliceVar(&o.newURLs, "new-url", nil, "Where the new proxy is asked: an address (ports 80 and 443) or URLs")
	flags.StringVar(&o.accessLog, "from-access-log", "", "Access log (Traefik's, or JSON with nginx's variables) to take requests from, or - for stdin")
	flags.StringVar(&o.accessLogHost, "access-log-host", "", "Host of requests whose line in the access log names none")
	flags.StringSliceVar(&o.ignore, "ignore", nil, "What may differ, such as body or header=X-Served-By")
	flags.IntVar(&o.limit, "limit", 10_000, "Most requests, spread evenly over all of them; 0: no limit")
	flags.IntVar(&o.parallel, "parallel", 8, "Requests under way at the same time")
	flags.IntVar(&o.show, "show", 20, "Differences to list; 0: all (JSON has all)")
	flags.DurationVar(&o.timeout, "timeout-each", 10*time.Second, "How long one request may take")
	flags.StringSliceVarP(&o.files.Names, "filename", "f", nil, "Files or folders with Ingresses, or - for stdin; no cluster is contacted")
	flags.BoolVarP(&o.files.Recursive, "recursive", "R", false, "Look into folders below a folder of -f")
	o.fleet.add(c, cmd)
	o.scope.add(cmd)
	o.output.add(cmd)
	addColorFlag(cmd, &o.color)
	return cmd
}

func (o *verifyOptions) run(ctx context.Context, names []string) error {
	palette, err := ui.NewPalette(o.cluster.streams.Out, o.color)
	if err != nil {
		return withStatus(StatusUsage, err)
	}
	options, err := o.options()
	if err != nil {
		return err
	}
	if options.Old, options.New, err = o.sides(ctx); err != nil {
		return err
	}
	schemes := verify.Schemes(options.Old, options.New)
	if len(schemes) == 0 {
		return usageError("--old-url and --new-url have no scheme in common")
	}
	if options.Requests, err = o.requests(ctx, names, schemes); err != nil {
		return err
	}
	if len(options.Requests) == 0 {
		return errors.New("there is nothing to ask: no rule with a path, or no request in the log")
	}
	all := len(options.Requests)
	options.Requests = verify.Sample(options.Requests, o.limit)
	if n := len(options.Requests); n < all {
		fmt.Fprintf(o.cluster.streams.ErrOut, "Note: asking %d of %d requests (--limit)\n", n, all)
	}
	if w := o.cluster.streams.ErrOut; ui.IsTerminal(w) {
		options.Progress = func(done int) { fmt.Fprintf(w, "\r\x1b[K%d of %d", done, len(options.Requests)) }
		defer fmt.Fprint(w, "\r\x1b[K")
	}
	report, err := verify.Run(ctx, options)
	if printed := o.printReport(report, palette); printed != nil {
		return printed
	}
	switch {
	case err != nil:
		return fmt.Errorf("stopped after %d of %d requests: %w", report.Asked, report.Planned, err)
	case len(report.Different) > 0:
		return withStatus(StatusDifferent, nil)
	}
	return nil
}

// options are what the flags alone say.
func (o *verifyOptions) options() (verify.Options, error) {
	out := verify.Options{Timeout: o.timeout, Parallel: o.parallel}
	if o.accessLog != "" && len(o.files.Names) > 0 {
		return out, usageError("requests come from --filename or from --from-access-log, not from both")
	}
	if o.timeout <= 0 || o.parallel < 1 || o.limit < 0 || o.show < 0 {
		return out, usageError("--timeout-each and --parallel must be above zero, --limit and --show not below it")
	}
	var err error
	if out.Ignore, err = parseIgnore(o.ignore); err != nil {
		return out, err
	}
	return out, o.output.check()
}

// sides are where the proxies are asked: as told, or on a node that they serve.
func (o *verifyOptions) sides(ctx context.Context) (old, new verify.Side, err error) {
	if old, err = verify.ParseSide(o.oldURLs); err != nil {
		return nil, nil, usageError("--old-url: %v", err)
	}
	if new, err = verify.ParseSide(o.newURLs); err != nil {
		return nil, nil, usageError("--new-url: %v", err)
	}
	if len(old) > 0 && len(new) > 0 {
		return old, new, nil
	}
	_, picture, err := o.fleet.read(ctx, o.cluster)
	if err != nil {
		return nil, nil, fmt.Errorf("cannot find both proxies (--old-url and --new-url name them): %w", err)
	}
	if len(old) == 0 {
		if old, err = servedBy(picture, fleet.Old); err != nil {
			return nil, nil, err
		}
	}
	if len(new) == 0 {
		new, err = servedBy(picture, fleet.New)
	}
	return old, new, err
}

// servedBy is one node that a proxy serves.
func servedBy(picture *fleet.Fleet, side fleet.Side) (verify.Side, error) {
	for i := range picture.Nodes {
		node := &picture.Nodes[i]
		if node.Serves() != side || node.Address == "" {
			continue
		}
		var urls []string
		http, https := picture.Set(side).WebPorts()
		if len(http) > 0 {
			urls = append(urls, "http://"+hostPort(node.Address, http[0]))
		}
		if len(https) > 0 {
			urls = append(urls, "https://"+hostPort(node.Address, https[0]))
		}
		return verify.ParseSide(urls)
	}
	return nil, fmt.Errorf("no node is served by the %s proxy: move one first (%s drain NODE), or say where it is with --%s-url", side, displayName, side)
}

func (o *verifyOptions) requests(ctx context.Context, names []string, schemes []string) ([]verify.Request, error) {
	if o.accessLog != "" {
		return o.logged(schemes)
	}
	loaded, scope, err := o.load(ctx, names)
	if err != nil {
		return nil, err
	}
	for _, note := range loaded.Notes {
		fmt.Fprintf(o.cluster.streams.ErrOut, "Note: %s\n", note)
	}
	var ingresses []*networkingv1.Ingress
	for _, i := range loaded.Input.Ingresses {
		if scope.Includes(i.Ingress) {
			ingresses = append(ingresses, i.Ingress)
		}
	}
	return verify.FromIngresses(ingresses, schemes), nil
}

func (o *verifyOptions) load(ctx context.Context, names []string) (source.Loaded, source.Scope, error) {
	if len(o.files.Names) > 0 {
		o.files.Stdin, o.files.Namespace = o.cluster.streams.In, *o.cluster.flags.Namespace
		loaded, err := source.FromFiles(o.files)
		return loaded, source.Scope{Names: names}, err
	}
	scope, err := o.scope.scope(o.cluster, names)
	if err != nil {
		return source.Loaded{}, scope, err
	}
	client, err := o.cluster.clientset()
	if err != nil {
		return source.Loaded{}, scope, err
	}
	loaded, err := source.FromCluster(ctx, client, scope, source.Routes)
	return loaded, scope, clusterError(err)
}

func (o *verifyOptions) logged(schemes []string) ([]verify.Request, error) {
	var in io.Reader = o.cluster.streams.In
	if o.accessLog != "-" {
		file, err := os.Open(o.accessLog)
		if err != nil {
			return nil, fmt.Errorf("--from-access-log: %w", err)
		}
		defer file.Close()
		in = file
	}
	log, err := verify.FromAccessLog(in, o.accessLogHost, schemes)
	if err != nil {
		return nil, fmt.Errorf("--from-access-log %s: %w", o.accessLog, err)
	}
	for _, left := range []struct {
		n    int
		what string
	}{
		{log.Unknown, "no request that is known here (JSON of Traefik or nginx, or the common log format)"},
		{log.WithoutHost, "a request without a host: name it with --access-log-host"},
		{log.Unsafe, "not repeated: their method is neither GET nor HEAD"},
	} {
		if left.n > 0 {
			fmt.Fprintf(o.cluster.streams.ErrOut, "Note: %s of the access log: %s\n", plural(left.n, "line"), left.what)
		}
	}
	return log.Requests, nil
}

func (o *verifyOptions) printReport(report *verify.Report, palette ui.Palette) error {
	w := o.cluster.streams.Out
	if !o.output.screen() {
		if err := o.output.show(w, report); err != nil {
			return fmt.Errorf("printing: %w", err)
		}
		return nil
	}
	w = palette.Speller(w)
	for i, d := range report.Different {
		if o.show > 0 && i == o.show {
			fmt.Fprintf(w, "… and %d more (--show 0, or -o json)\n", len(report.Different)-i)
			break
		}
		fmt.Fprintf(w, "%s  %s\n", palette.Paint(ui.Bad, d.Request.String()), palette.Paint(ui.Faint, d.Request.Of))
		for _, how := range d.How {
			fmt.Fprintf(w, "    %s\n", how)
		}
	}
	fmt.Fprintln(w, verifySummary(report))
	return nil
}

func verifySummary(report *verify.Report) string {
	if report.Same == report.Asked {
		return plural(report.Asked, "request") + ": all answers are the same"
	}
	text := fmt.Sprintf("%s: %d the same, %d different", plural(report.Asked, "request"), report.Same, len(report.Different))
	if report.Unsteady > 0 {
		text += fmt.Sprintf(", %d not comparable (the old proxy itself answers differently each time)", report.Unsteady)
	}
	return text
}

func hostPort(address string, port int32) string {
	return net.JoinHostPort(address, strconv.Itoa(int(port)))
}
