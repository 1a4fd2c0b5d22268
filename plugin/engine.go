package plugin

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"os"
	"os/user"
	"strings"
	"time"

	"k8s.io/client-go/dynamic"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover/gate"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/fleet"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/preflight"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/ui"
)

// moveFlags are what every command that moves nodes has.
type moveFlags struct {
	fleet    fleetFlags
	settings settingsFlags
	yes      bool
	color    string
}

// recycler makes an engine that needs no routes: for DaemonSets as such. The
// context to run it with survives the first interrupt, which makes the engine
// finish what it is at; the second one ends the program.
func (c *cluster) recycler(ctx context.Context, flags *moveFlags, reader *fleet.Reader, picture *fleet.Fleet) (*cutover.Engine, context.Context, error) {
	settings, err := flags.settings.settings(picture)
	if err != nil {
		return nil, nil, err
	}
	palette, err := ui.NewPalette(c.streams.Out, flags.color)
	if err != nil {
		return nil, nil, withStatus(StatusUsage, err)
	}
	holder, err := holder()
	if err != nil {
		return nil, nil, err
	}
	drainer, err := parseDrainer(settings.LoadBalancer, reader.Client)
	if err != nil {
		return nil, nil, withStatus(StatusUsage, err)
	}
	return &cutover.Engine{
		Client: reader.Client, Reader: reader, Drainer: drainer,
		Gate:  &gate.Client{Dial: (&net.Dialer{}).DialContext, Timeout: 10 * time.Second, Parallel: 8},
		Clock: cutover.SystemClock{}, Observer: newProgress(c, palette), Settings: settings,
		Holder: holder, Stop: ctx.Done(),
	}, context.WithoutCancel(ctx), nil
}

// engine makes an engine that moves nodes to a side, with gates on the routes of
// the cluster's Ingresses. Going back does not depend on what the new proxy needs.
func (c *cluster) engine(ctx context.Context, flags *moveFlags, reader *fleet.Reader, picture *fleet.Fleet, to fleet.Side) (*cutover.Engine, context.Context, error) {
	e, running, err := c.recycler(ctx, flags, reader, picture)
	if err != nil {
		return nil, nil, err
	}
	if err := c.equip(ctx, e, picture); err != nil {
		if to == fleet.New {
			return nil, nil, err
		}
		fmt.Fprintf(c.streams.ErrOut, "warning: going back without the gate's route: %v\n", err)
	}
	e.Requests = func(ctx context.Context, ports gate.Ports) ([]gate.Request, error) {
		ingresses, err := c.ingresses(ctx, reader)
		if err != nil {
			return nil, err
		}
		return gate.FromIngresses(ingresses, ports), nil
	}
	return e, running, c.judges(e, reader)
}

// equip gives an engine the gate's route.
func (c *cluster) equip(ctx context.Context, e *cutover.Engine, picture *fleet.Fleet) error {
	objects, err := c.dynamic()
	if err != nil {
		return err
	}
	facts, err := preflight.GatherGate(ctx, e.Client, picture)
	if err != nil {
		return clusterError(err)
	}
	groups := facts.RouteGroups()
	if len(groups) == 0 {
		return errors.New("the cluster has no IngressRoutes (neither traefik.io nor traefik.containo.us): install the CRDs of the new Traefik first")
	}
	e.Marker = &marker{client: objects, group: groups[0], class: facts.NewConfig.RouteClass, labels: facts.NewConfig.RouteLabels, entryPoints: facts.NewConfig.RouteEntryPoints, rulesOfV3: bothRead(picture)}
	return nil
}

// marker puts the gate's route where the new proxy reads it.
type marker struct {
	client dynamic.Interface
	group  string
	class  string
	labels map[string]string
	// entryPoints to be on, unless all routes are on all.
	entryPoints []string
	// rulesOfV3: the old proxy must not serve it.
	rulesOfV3 bool
}

// bothRead tells whether the old proxy reads the same routes as the new one, and rules of
// an older language.
func bothRead(picture *fleet.Fleet) bool {
	traefik := func(set *fleet.Set, major int) bool {
		return set != nil && strings.Contains(set.Product, "traefik") && set.Major == major
	}
	return traefik(picture.Old, 2) && traefik(picture.New, 3)
}

func (m *marker) route(namespace, id string) *gate.Marker {
	return &gate.Marker{Client: m.client, Namespace: namespace, ID: id, Group: m.group, Class: m.class, Labels: m.labels, EntryPoints: m.entryPoints, RulesOfV3: m.rulesOfV3}
}

func (m *marker) Install(ctx context.Context, namespace, id string) error {
	return m.route(namespace, id).Install(ctx)
}

func (m *marker) Remove(ctx context.Context, namespace, id string) error {
	return m.route(namespace, id).Remove(ctx)
}

// holder names this process for those who find its lease: user@host/random.
func holder() (string, error) {
	name := "unknown"
	if u, err := user.Current(); err == nil {
		name = u.Username
	}
	host, err := os.Hostname()
	if err != nil {
		return "", fmt.Errorf("finding this machine's name for the lease: %w", err)
	}
	var random [4]byte
	// Never fails: crypto/rand ends the program rather than return an error.
	_, _ = rand.Read(random[:])
	return name + "@" + host + "/" + hex.EncodeToString(random[:]), nil
}

// moved turns the engine's end into an exit status.
func moved(ctx context.Context, err error) error {
	var stopped *cutover.Stopped
	if !errors.As(err, &stopped) {
		return clusterError(err)
	}
	status := StatusStopped
	if stopped.Interrupted && ctx.Err() != nil {
		status = StatusInterrupted
	}
	return withStatus(status, fmt.Errorf("%s\nNext: %s", stopped.Reason, stopped.Next))
}
