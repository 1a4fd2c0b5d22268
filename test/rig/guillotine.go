package rig

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"k8s.io/client-go/rest"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover/lock"
)

// guillotine ends an engine after a number of writes: nothing that it asks for after that
// reaches the API server. The lease's renewals do not count.
type guillotine struct {
	next   http.RoundTripper
	after  int64
	writes atomic.Int64
	dead   atomic.Bool
	kill   context.CancelFunc
}

func (g *guillotine) RoundTrip(r *http.Request) (*http.Response, error) {
	if g.dead.Load() {
		return nil, context.Canceled
	}
	response, err := g.next.RoundTrip(r)
	if r.Method != http.MethodGet && !strings.Contains(r.URL.Path, "/leases") && g.writes.Add(1) == g.after {
		g.dead.Store(true)
		g.kill()
	}
	return response, err
}

// Dying is an engine of this process that ends after a write; the function tells whether
// it has.
func (r *Rig) Dying(afterWrite int) (*cutover.Engine, context.Context, func() bool) {
	r.T.Helper()
	ctx, kill := context.WithCancel(r.T.Context())
	r.T.Cleanup(kill)
	g := &guillotine{after: int64(afterWrite), kill: kill}
	config := rest.CopyConfig(r.Config)
	config.Wrap(func(next http.RoundTripper) http.RoundTripper { g.next = next; return g })
	e, err := EngineOn(config, fmt.Sprintf("dying@here/%d", afterWrite), &Diary{t: r.T})
	r.Must(err)
	e.Settings.LeaseDuration, e.Settings.AcceptSingleNode, e.Settings.Bake = time.Second, true, 0
	return e, ctx, g.dead.Load
}

// Heir does something as soon as the lease of who died is over.
func (r *Rig) Heir(do func(*cutover.Engine) error) error {
	r.T.Helper()
	e, _ := r.Engine()
	e.Settings.AcceptSingleNode, e.Settings.Bake = true, 0
	var err error
	r.Eventually("the dead operator's lease is over", func() error {
		err = do(e)
		var held *lock.HeldError
		if errors.As(err, &held) {
			return err
		}
		return nil
	})
	return err
}
