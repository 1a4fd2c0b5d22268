package trial

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/emit"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/oracle/judge"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/oracle/pods"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/oracle/world"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/sandbox/loopback"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/sandbox/pki"
)

// Bench is the running equipment: pods, one source per profile in use, one Traefik
// per target and options.
type Bench struct {
	dir     string
	log     io.Writer
	slot    *loopback.Slot
	network string
	pair    pki.Pair // of pods, and the default one of the Traefiks
	pods    *pods.Set
	auth    *pods.Auth
	places  int                   // that were given to ingress-nginx
	before  map[string]Controller // by profile
	after   map[string]Controller // by target and options

	// Start runs a controller; judge.Start, unless a test has another.
	Start func(ctx context.Context, log io.Writer, config judge.Config) (Controller, error)
}

// Controller is what is loaded and asked: a judge, or one in the test's own process.
type Controller interface {
	Load(ctx context.Context, objects []any) error
	Ask(ctx context.Context, r judge.Request) (judge.Answer, error)
	Close()
}

func startJudge(ctx context.Context, log io.Writer, config judge.Config) (Controller, error) {
	return judge.Start(ctx, log, config)
}

// NewBench starts the pods; Traefiks are started when they are first needed. dir
// takes their files, log is told of builds.
func NewBench(dir string, log io.Writer) (*Bench, error) {
	slot, err := loopback.Claim()
	if err != nil {
		return nil, err
	}
	b := &Bench{
		dir: dir, log: log, slot: slot, network: strings.TrimSuffix(slot.Pod(1), "1"),
		before: map[string]Controller{}, after: map[string]Controller{}, Start: startJudge,
	}
	if err := b.startPods(); err != nil {
		b.Close()
		return nil, err
	}
	return b, nil
}

func (b *Bench) startPods() error {
	authority, err := pki.NewAuthority()
	if err != nil {
		return err
	}
	if b.pair, err = authority.Server("default.oracle.test"); err != nil {
		return err
	}
	certificate, err := tls.X509KeyPair(b.pair.Cert, b.pair.Key)
	if err != nil {
		return fmt.Errorf("reading the pods' certificate: %w", err)
	}
	all := world.Pods()
	for i := range all {
		all[i].Address = b.address(all[i].Address)
	}
	if b.pods, err = pods.Start(all, certificate); err != nil {
		return err
	}
	b.auth, err = pods.StartAuth(b.address(world.AuthAddress))
	return err
}

// address moves an address of sets into this bench's slot.
func (b *Bench) address(a string) string {
	return b.network + a[strings.LastIndex(a, ".")+1:]
}

// Close ends everything that the bench started.
func (b *Bench) Close() {
	for _, j := range b.before {
		j.Close()
	}
	for _, j := range b.after {
		j.Close()
	}
	if b.auth != nil {
		b.auth.Close()
	}
	if b.pods != nil {
		b.pods.Close()
	}
	b.slot.Release()
}

// place is where set number n of a load goes.
func (b *Bench) place(n int) world.Place { return world.Place{Network: b.network, Number: n} }

func (b *Bench) judgeBefore(ctx context.Context, p Profile) (Controller, error) {
	if j := b.before[p.Name]; j != nil {
		return j, nil
	}
	j, err := b.Start(ctx, b.log, judge.Config{
		Version: p.Source, Address: b.slot.Extra(20 + len(b.before)), SentinelAddress: b.address(world.SentinelAddress), Certificate: b.pair,
		Dir: filepath.Join(b.dir, p.Name), Static: p.Static, Sections: p.Sections, IngressClass: p.TraefikV1.IngressClass,
		Ingresses: p.Ingresses, Routes: p.Routes, Settings: p.Nginx.ConfigMap,
	})
	if err != nil {
		return nil, err
	}
	b.before[p.Name] = j
	return j, nil
}

func (b *Bench) judgeAfter(ctx context.Context, target emit.Version, p Profile) (Controller, error) {
	name := fmt.Sprintf("v%d %s %s %v", target, p.Into, p.Routes, p.distrusts())
	if j := b.after[name]; j != nil {
		return j, nil
	}
	version := judge.V2
	switch {
	case p.Into != "":
		version = p.Into
	case target == emit.V3:
		version = judge.V3
	}
	j, err := b.Start(ctx, b.log, judge.Config{
		Version: version, Address: b.slot.Extra(1 + len(b.after)), SentinelAddress: b.address(world.SentinelAddress), Certificate: b.pair,
		Dir: filepath.Join(b.dir, fmt.Sprintf("after-%d", len(b.after))), Routes: p.Routes, Distrust: p.distrusts(),
	})
	if err != nil {
		return nil, err
	}
	b.after[name] = j
	return j, nil
}
