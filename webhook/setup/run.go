package setup

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"

	"github.com/ingress-migrate/kubectl-ingress-migrate/webhook/cluster"
	"github.com/ingress-migrate/kubectl-ingress-migrate/webhook/decide"
	"github.com/ingress-migrate/kubectl-ingress-migrate/webhook/handler"
	"github.com/ingress-migrate/kubectl-ingress-migrate/webhook/metrics"
	"github.com/ingress-migrate/kubectl-ingress-migrate/webhook/reconcile"
	"github.com/ingress-migrate/kubectl-ingress-migrate/webhook/translate"
)

// standby is longer than a leader needs that is alive, and shorter than a lease.
const standby = 3 * time.Second

// maxPeersAtAdmission keeps an answer within milliseconds: an Ingress without a host
// is converted together with all others. Above, it is judged when it is stored.
const maxPeersAtAdmission = 1000

// Run serves until ctx ends. It waits for Traefik's CRDs first: a cache cannot
// watch kinds that do not exist, and an installation may bring them later.
func Run(ctx context.Context, c Config) error {
	if err := c.Validate(); err != nil {
		return err
	}
	scheme := runtime.NewScheme()
	if err := clientgoscheme.AddToScheme(scheme); err != nil {
		return fmt.Errorf("register kinds: %w", err)
	}
	h, err := serveHealth(ctx, c.listen(c.HealthPort))
	if err != nil {
		return err
	}
	defer h.close()
	if err := waitForKinds(ctx, c, h.waitsFor); err != nil {
		return err
	}
	h.waitsFor("caches")
	stores := cluster.NewStores(c.Engine.HostKeys)
	mgr, err := newManager(c, scheme, stores)
	if err != nil {
		return err
	}
	if err := assemble(ctx, mgr, c, stores, h); err != nil {
		return err
	}
	if err := mgr.Start(ctx); err != nil {
		return fmt.Errorf("run: %w", err)
	}
	return nil
}

func newManager(c Config, scheme *runtime.Scheme, stores *cluster.Stores) (manager.Manager, error) {
	metricsAddress := "0"
	if c.MetricsPort != 0 {
		metricsAddress = c.listen(c.MetricsPort)
	}
	stop := 10 * time.Second
	mgr, err := manager.New(rest.CopyConfig(c.REST), manager.Options{
		Scheme: scheme,
		Logger: c.Log,
		Cache: cache.Options{
			DefaultTransform:  cluster.Slim,
			NewInformer:       stores.NewInformer,
			DefaultNamespaces: namespaces(c.Namespaces),
			// Reading a kind that nobody watches would begin to watch it, and wait for
			// ever for what the API server refuses to list.
			ReaderFailOnMissingInformer: true,
		},
		Metrics:                       metricsserver.Options{BindAddress: metricsAddress},
		HealthProbeBindAddress:        "0", // see health
		LeaderElection:                c.LeaderElection,
		LeaderElectionID:              Name,
		LeaderElectionNamespace:       c.Namespace,
		LeaderElectionReleaseOnCancel: true, // the process ends when Run returns
		GracefulShutdownTimeout:       &stop,
	})
	if err != nil {
		return nil, fmt.Errorf("make manager: %w", err)
	}
	return mgr, nil
}

// namespaces limits a cache; nil: it holds all.
func namespaces(names []string) map[string]cache.Config {
	if len(names) == 0 {
		return nil
	}
	limited := map[string]cache.Config{}
	for _, name := range names {
		limited[name] = cache.Config{}
	}
	return limited
}

// assemble adds every part to mgr.
func assemble(ctx context.Context, mgr manager.Manager, c Config, stores *cluster.Stores, h *health) error {
	group := c.group()
	if err := watch(ctx, mgr.GetCache(), group); err != nil {
		return err
	}
	live := cluster.New(mgr.GetCache(), stores, group)
	translator := translate.New(c.Engine, c.Conversion, live)
	desk, ledger := reconcile.NewDesk(time.Now), reconcile.NewLedger(time.Now)
	leads := reconcile.Leads(mgr)
	numbers, err := metrics.New(c.Registry, ledger, leads)
	if err != nil {
		return fmt.Errorf("register metrics: %w", err)
	}
	if c.Mode.Writes() {
		reporter := &reconcile.Reporter{
			Ledger: ledger, Recorder: mgr.GetEventRecorder(Name), Counter: numbers, Leads: leads,
		}
		shared := translator.Confirming(cluster.ReadService(mgr.GetAPIReader())).Sharing(time.Now)
		if err := reconcile.Add(mgr, &reconcile.Reconciler{
			Cluster: live, Translator: shared, Fresh: mgr.GetAPIReader(), Writer: mgr.GetClient(), Observer: reporter,
			Stage: reconcile.NewStage(c.Version),
		}, reconcile.Options{
			Kinds: cluster.Kinds(group), FullPass: c.FullPass, Standby: standby, Workers: c.Workers, Lister: live,
			PeerKeys: c.Engine.PeerKeys, Wide: shared, Desk: desk, Ledger: ledger, FullPassDone: numbers.FullPass,
		}); err != nil {
			return err
		}
	}
	server, err := newServer(mgr, c, numbers.CertificateExpires)
	if err != nil {
		return err
	}
	server.register(&handler.Handler{
		Judge: &decide.Judge{Mode: c.Mode, Self: c.self(), Namespaces: c.Namespaces, Translator: translator.Limited(maxPeersAtAdmission), Routes: live},
		Desk:  desk, Recorder: numbers, Now: time.Now,
	})
	if err := mgr.Add(server); err != nil {
		return fmt.Errorf("add admission server: %w", err)
	}
	// The admission server starts only after the caches have synced and a
	// certificate is there, so one question covers all.
	h.readyWhen(server.check)
	return nil
}

// watch makes an informer of each kind that is read. They begin with the manager.
func watch(ctx context.Context, informers cache.Informers, group string) error {
	kinds := []client.Object{&networkingv1.Ingress{}, &networkingv1.IngressClass{}, &corev1.Service{}, &corev1.Namespace{}}
	for _, kind := range cluster.Kinds(group) {
		object := &unstructured.Unstructured{}
		object.SetGroupVersionKind(kind)
		kinds = append(kinds, object)
	}
	for _, kind := range kinds {
		if _, err := informers.GetInformer(ctx, kind, cache.BlockUntilSynced(false)); err != nil {
			return fmt.Errorf("watch %T: %w", kind, err)
		}
	}
	return nil
}
