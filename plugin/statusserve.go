package plugin

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/fleet"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/htmlreport"
)

// check finds flags that do not go together.
func (o *statusOptions) check() error {
	switch {
	case o.serve == "" && (o.recorded.verify != "" || o.recorded.journal != ""):
		return usageError("--verify and --journal are for the page of --serve")
	case o.serve == "":
		return nil
	case o.watch:
		return usageError("--serve keeps up to date by itself: leave --watch out")
	case !o.output.screen():
		return usageError("--serve shows a page: leave --output out")
	}
	return nil
}

// servePage shows the page of report, and looks again and again until interrupted.
func (o *statusOptions) servePage(ctx context.Context) error {
	listener, err := htmlreport.Listen(o.serve)
	if err != nil {
		return usageError("--serve: %v", err)
	}
	defer listener.Close()
	reader, err := o.fleet.reader(o.cluster)
	if err != nil {
		return err
	}
	// The first look tells what is wrong before anybody opens a browser.
	live := htmlreport.NewLive()
	if err := o.renew(ctx, reader, live); err != nil {
		return clusterError(err)
	}
	fmt.Fprintf(o.cluster.streams.Out, "http://%s%s\n", listener.Addr(), live.Path())
	fmt.Fprintln(o.cluster.streams.ErrOut, "Open it in a browser on this machine; Ctrl-C ends it")
	ended := make(chan error, 1)
	go func() { ended <- live.Serve(ctx, listener) }()
	for {
		select {
		case err := <-ended:
			return err
		case <-time.After(o.interval):
		}
		if err := o.renew(ctx, reader, live); err != nil && ctx.Err() == nil {
			// The page stays as it was, and says of when it is.
			fmt.Fprintf(o.cluster.streams.ErrOut, "error: %v\n", clusterError(err))
		}
	}
}

func (o *statusOptions) renew(ctx context.Context, reader *fleet.Reader, live *htmlreport.Live) error {
	page := &htmlreport.Page{Now: time.Now()}
	if err := o.recorded.read(page); err != nil {
		return err
	}
	status, picture, err := o.look(ctx, reader, page.Now)
	if err != nil {
		return err
	}
	page.Subject, page.Status, page.Scan = status.Cluster, status, o.report
	if page.Journal == nil {
		page.Journal = picture.Journal
	}
	if err := o.cluster.addWeights(ctx, page); err != nil {
		return err
	}
	if o.report == nil && !o.noScan {
		page.Notes = append(page.Notes, "Ingresses: "+strings.TrimSpace(status.Ingresses))
	}
	return live.Set(page)
}
