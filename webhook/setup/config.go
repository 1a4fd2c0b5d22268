// Package setup puts the webhook's parts together into one process: a cache, the
// admission server with its certificate, the reconciler, leadership, health and
// metrics.
package setup

import (
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-logr/logr"
	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/client-go/rest"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert"
	"github.com/ingress-migrate/kubectl-ingress-migrate/webhook/decide"
	"github.com/ingress-migrate/kubectl-ingress-migrate/webhook/translate"
)

// Names of the installation. The manifests use the same; a test compares them.
const (
	// Name is the name of the Deployment, Service, ServiceAccount, lease and registration.
	Name = "ingress-migrate-webhook"
	// SecretName holds authority and certificate.
	SecretName = "ingress-migrate-webhook-certificate"
)

// Config says how one replica runs.
type Config struct {
	// REST is how to reach the API server.
	REST *rest.Config
	// Version of the program.
	Version string
	// Namespace is our own.
	Namespace string
	// Namespaces are those whose Ingresses are looked at; empty: all.
	Namespaces []string
	// Address is what the servers listen on; empty: every address of the pod.
	Address string
	// Ports of the admission server, the health endpoints and the metrics; a
	// port of 0 turns metrics off.
	WebhookPort, HealthPort, MetricsPort int
	// CertDir has tls.crt and tls.key of somebody else's making, such as
	// cert-manager's. Empty: the certificate is made and rotated here.
	CertDir string
	// AuthoritySettle is how long a new certificate authority is registered before
	// a certificate is signed by it.
	AuthoritySettle time.Duration
	// LeaderElection lets only one of several replicas reconcile everything.
	LeaderElection bool
	// Mode is how much to do.
	Mode decide.Mode
	// Conversion is how to convert; Engine does it.
	Conversion convert.Options
	Engine     translate.Engine
	// FullPass is how often every Ingress is looked at.
	FullPass time.Duration
	// Workers is how many Ingresses are worked on at once.
	Workers int
	// Registry receives the metrics.
	Registry prometheus.Registerer
	Log      logr.Logger
}

// Validate reports the first setting that cannot work.
func (c Config) Validate() error {
	switch {
	case c.Namespace == "":
		return errors.New("the webhook's own namespace is not known: set --namespace or POD_NAMESPACE")
	case !slices.Contains(decide.Modes(), c.Mode):
		return fmt.Errorf("unknown mode %q: want one of %v", c.Mode, decide.Modes())
	case c.FullPass < time.Second:
		return fmt.Errorf("a full pass every %s is too often: want a second at least", c.FullPass)
	case c.Workers < 1:
		return fmt.Errorf("%d workers do nothing: want 1 at least", c.Workers)
	}
	return nil
}

func (c Config) listen(port int) string {
	return net.JoinHostPort(c.Address, strconv.Itoa(port))
}

// self is the user name under which our own writes arrive at admission.
func (c Config) self() string {
	return "system:serviceaccount:" + c.Namespace + ":" + Name
}

// group is the API group of the objects that are written.
func (c Config) group() string {
	group, _, _ := strings.Cut(c.Conversion.Target.APIVersion(), "/")
	return group
}

// hosts are the names that the API server may call us by.
func (c Config) hosts() []string {
	service := Name + "." + c.Namespace + ".svc"
	return []string{service, service + ".cluster.local"}
}
