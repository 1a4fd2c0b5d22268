package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"runtime/debug"
	"strings"
	"time"

	"github.com/go-logr/logr"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/metrics"
	"sigs.k8s.io/yaml"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/emit"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/traefikv1"
	"github.com/ingress-migrate/kubectl-ingress-migrate/webhook/decide"
	"github.com/ingress-migrate/kubectl-ingress-migrate/webhook/setup"
	"github.com/ingress-migrate/kubectl-ingress-migrate/webhook/translate"
)

// options are the command line.
type options struct {
	namespace, address      string
	namespaces              []string
	webhookPort, healthPort int
	metricsPort, workers    int
	certDir, mode           string
	conversion              string
	leaderElection          bool
	fullPass, shutdownDelay time.Duration
	authoritySettle         time.Duration
	qps                     float64
	logLevel                slog.Level
}

func parse(args []string, getenv func(string) string, stderr io.Writer) (*options, error) {
	o := &options{}
	flags := flag.NewFlagSet("ingress-migrate-webhook", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&o.namespace, "namespace", getenv("POD_NAMESPACE"), "own namespace (default $POD_NAMESPACE)")
	flags.Func("namespaces", "namespaces whose Ingresses to look at, separated by commas; empty: all", func(given string) error {
		o.namespaces = strings.FieldsFunc(given, func(r rune) bool { return r == ',' })
		return nil
	})
	flags.StringVar(&o.address, "bind-address", getenv("POD_IP"), "address to listen on; empty: all (default $POD_IP)")
	flags.IntVar(&o.webhookPort, "webhook-port", 9443, "port of the admission server")
	flags.IntVar(&o.healthPort, "health-port", 8081, "port of /healthz and /readyz")
	flags.IntVar(&o.metricsPort, "metrics-port", 8080, "port of /metrics; 0: none")
	flags.StringVar(&o.certDir, "cert-dir", "", "folder with tls.crt and tls.key made by somebody else, such as cert-manager; empty: made and rotated here")
	flags.DurationVar(&o.authoritySettle, "authority-settle", 5*time.Minute, "how long a new certificate authority is registered before a certificate is signed by it: longer than an API server needs to hear of it")
	flags.BoolVar(&o.leaderElection, "leader-elect", true, "let one of several replicas work on every Ingress, the others on what they admitted")
	flags.StringVar(&o.mode, "mode", string(decide.Mirror), "observe (count), warn (and warn at apply), mirror (and write routes) or enforce (and refuse what cannot be converted)")
	flags.StringVar(&o.conversion, "conversion", "", "YAML file with the options of the conversion; empty: Traefik 1.7 with its usual entry points to Traefik 2")
	flags.DurationVar(&o.fullPass, "full-pass", 10*time.Minute, "how often to look at every Ingress")
	// Work on an Ingress is mostly to wait for the API server, the longer the busier that is.
	flags.IntVar(&o.workers, "workers", 32, "how many Ingresses to work on at once")
	flags.Float64Var(&o.qps, "kube-api-qps", 100, "requests a second to the API server")
	flags.DurationVar(&o.shutdownDelay, "shutdown-delay", 5*time.Second, "how long to serve on after SIGTERM, until endpoints have followed")
	flags.TextVar(&o.logLevel, "log-level", slog.LevelInfo, "debug, info, warn or error")
	// controller-runtime registers --kubeconfig on the global set only.
	kubeconfig := flags.String("kubeconfig", getenv("KUBECONFIG"), "kubeconfig file; empty: in a cluster (default $KUBECONFIG)")
	if err := flags.Parse(args); err != nil {
		return nil, err
	}
	if flags.NArg() > 0 {
		return nil, fmt.Errorf("unexpected argument %q: everything is a flag, see --help", flags.Arg(0))
	}
	if *kubeconfig != "" {
		// ctrl.GetConfig reads the variable.
		if err := os.Setenv("KUBECONFIG", *kubeconfig); err != nil {
			return nil, fmt.Errorf("set KUBECONFIG: %w", err)
		}
	}
	return o, nil
}

// config turns the command line into what a replica needs.
func (o *options) config(log logr.Logger) (setup.Config, error) {
	conversion, err := readConversion(o.conversion)
	if err != nil {
		return setup.Config{}, err
	}
	cluster, err := ctrl.GetConfig()
	if err != nil {
		return setup.Config{}, fmt.Errorf("cannot tell which cluster to use: %w (set --kubeconfig outside of a cluster)", err)
	}
	cluster.QPS, cluster.Burst = float32(o.qps), int(2*o.qps)
	cluster.UserAgent = setup.Name
	c := setup.Config{
		Version: version(),
		REST:    cluster, Namespace: o.namespace, Namespaces: o.namespaces, Address: o.address,
		WebhookPort: o.webhookPort, HealthPort: o.healthPort, MetricsPort: o.metricsPort,
		CertDir: o.certDir, AuthoritySettle: o.authoritySettle, LeaderElection: o.leaderElection, Mode: decide.Mode(o.mode),
		Conversion: conversion, Engine: translate.Engine{Convert: convert.Convert, HostKeys: convert.HostKeys, PeerKeys: convert.PeerKeys},
		FullPass: o.fullPass, Workers: o.workers, Registry: metrics.Registry, Log: log,
	}
	return c, c.Validate()
}

// readConversion reads the file that `kubectl ingress-migrate webhook install`
// writes: convert.Options as YAML. What it leaves out has the usual value.
func readConversion(path string) (convert.Options, error) {
	options := convert.Options{
		From:      convert.FromTraefikV1,
		Target:    emit.Target{Version: emit.V2, APIGroup: emit.Group},
		TraefikV1: traefikv1.DefaultFacts(),
	}
	if path == "" {
		return options, nil
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		return options, fmt.Errorf("read --conversion: %w", err)
	}
	// A list of the file replaces the usual one, it is not merged into it.
	var given convert.Options
	if err := yaml.UnmarshalStrict(raw, &given); err != nil {
		return options, fmt.Errorf("read --conversion %s: %w", path, err)
	}
	if len(given.TraefikV1.EntryPoints) > 0 {
		options.TraefikV1.EntryPoints, options.TraefikV1.DefaultEntryPoints = nil, nil
	}
	if err := yaml.UnmarshalStrict(raw, &options); err != nil {
		return options, fmt.Errorf("read --conversion %s: %w", path, err)
	}
	switch options.From {
	case convert.FromTraefikV1, convert.FromTraefik, convert.FromNginx:
	case convert.Auto:
		// What one Ingress is must not depend on which others there are.
		if options.Controllers == nil || len(options.Controllers.InPlay) == 0 {
			return options, fmt.Errorf("read --conversion %s: From auto needs Controllers.InPlay, the controllers that Ingresses are of", path)
		}
	default:
		return options, fmt.Errorf("read --conversion %s: From is %s, %s, %s or %s, not %q", path, convert.FromTraefikV1, convert.FromTraefik, convert.FromNginx, convert.Auto, options.From)
	}
	if err := errors.Join(options.TraefikV1.Validate(), options.Traefik.Validate()); err != nil {
		return options, fmt.Errorf("read --conversion %s: %w", path, err)
	}
	if options.Target.Version != emit.V2 && options.Target.Version != emit.V3 {
		return options, fmt.Errorf("read --conversion %s: target version is 2 or 3, not %d", path, options.Target.Version)
	}
	return options, nil
}

// version is what the go command wrote into the program.
func version() string {
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "(devel)"
}
