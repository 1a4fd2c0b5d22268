package preflight

import (
	"cmp"
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	schedulingv1 "k8s.io/api/scheduling/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/version"
	"k8s.io/client-go/kubernetes"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/emit"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/controller"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/fleet"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/source"
)

// Facts are everything that the checks look at.
type Facts struct {
	Fleet    *fleet.Fleet
	Settings cutover.Settings
	// Target is what routes are made for.
	Target emit.Target
	// AcceptOwner: whoever applies the DaemonSets' manifests has been told.
	AcceptOwner bool
	// Scan is what the scan says; nil: it was not made.
	Scan *Scan
	// Seen is how long the longest request of an access log took; 0: not known. SeenIn
	// is its name.
	Seen   time.Duration
	SeenIn string
	// LoadBalancer is nil for a passive cutover.
	LoadBalancer *LoadBalancer
	// Listening are ports of nodes on which somebody else answers; nil: nobody does,
	// or they were not asked. Unasked are those that did not answer either way.
	Listening, Unasked []string

	// What could not be read is nil or empty and named in Unreadable.
	PriorityClasses []schedulingv1.PriorityClass
	Budgets         []policyv1.PodDisruptionBudget
	Services        []corev1.Service
	// Policies are those of all namespaces, Namespaces the labels of each.
	Policies   []networkingv1.NetworkPolicy
	Namespaces map[string]map[string]string
	// Workloads are the cluster's DaemonSets and Deployments.
	Workloads []source.Workload
	// Resources are those of Traefik that the API serves, by group.
	Resources map[string][]string
	// Denied are rights that who asks lacks, of manifests/operator.
	Denied []Right
	// ProxyDenied are those that the new proxy's ServiceAccount lacks.
	ProxyDenied []Right
	// Old and New are what the proxies' static configurations say.
	OldConfig, NewConfig Config
	Server               *version.Info
	Unreadable           map[string]string
}

// Scan is what a check needs to know of a scan.
type Scan struct {
	Clean bool
	// Text sums it up; Next is what to type.
	Text, Next string
	// Failed is why there is none.
	Failed string
}

// read is one thing to look at, by the name that Unreadable has for it.
type read struct {
	what string
	read func() error
}

// Gather reads what the fleet does not show. What may not be read becomes
// unknown; only a cluster that does not answer is an error.
func Gather(ctx context.Context, client kubernetes.Interface, f *fleet.Fleet) (*Facts, error) {
	facts := &Facts{Fleet: f, Unreadable: map[string]string{}}
	reads := append(facts.objects(ctx, client), []read{
		{"the API's resources", func() (err error) {
			facts.Resources, err = traefikResources(client)
			return err
		}},
		{"the server's version", func() (err error) {
			facts.Server, err = client.Discovery().ServerVersion()
			return err
		}},
		{"configmaps", func() error {
			var oldErr, newErr error
			facts.OldConfig, oldErr = readConfig(ctx, client, f.Old)
			facts.NewConfig, newErr = readConfig(ctx, client, f.New)
			return cmp.Or(oldErr, newErr)
		}},
		// These look at what was read before.
		{"your rights", func() (err error) {
			facts.Denied, err = facts.deniedToUser(ctx, client)
			return err
		}},
		{"the proxy's rights", func() (err error) {
			facts.ProxyDenied, err = facts.deniedToProxy(ctx, client)
			return err
		}},
	}...)
	for _, r := range reads {
		err := r.read()
		switch {
		case err == nil:
		case apierrors.IsForbidden(err), apierrors.IsNotFound(err):
			facts.Unreadable[r.what] = err.Error()
		default:
			return nil, fmt.Errorf("reading %s: %w", r.what, err)
		}
	}
	return facts, nil
}

// objects are the reads of the cluster's objects.
func (f *Facts) objects(ctx context.Context, client kubernetes.Interface) []read {
	homes := map[string]bool{}
	for _, set := range f.sets() {
		homes[set.Name.Namespace] = true
	}
	all := metav1.ListOptions{}
	return []read{
		{"priorityclasses", func() error {
			list, err := client.SchedulingV1().PriorityClasses().List(ctx, all)
			if err == nil {
				f.PriorityClasses = list.Items
			}
			return err
		}},
		{"poddisruptionbudgets", func() error {
			for _, namespace := range sorted(homes) {
				list, err := client.PolicyV1().PodDisruptionBudgets(namespace).List(ctx, all)
				if err != nil {
					return err
				}
				f.Budgets = append(f.Budgets, list.Items...)
			}
			return nil
		}},
		{"services", func() error {
			for _, namespace := range sorted(homes) {
				list, err := client.CoreV1().Services(namespace).List(ctx, all)
				if err != nil {
					return err
				}
				f.Services = append(f.Services, list.Items...)
			}
			return nil
		}},
		{"networkpolicies", func() error {
			list, err := client.NetworkingV1().NetworkPolicies("").List(ctx, all)
			if err == nil {
				f.Policies = list.Items
			}
			return err
		}},
		{"namespaces", func() error {
			list, err := client.CoreV1().Namespaces().List(ctx, all)
			if err != nil {
				return err
			}
			f.Namespaces = map[string]map[string]string{}
			for _, namespace := range list.Items {
				f.Namespaces[namespace.Name] = namespace.Labels
			}
			return nil
		}},
		{"workloads", func() error {
			workloads, notes, err := controller.FromCluster(ctx, client)
			if f.Workloads = workloads; len(notes) > 0 {
				f.Unreadable["workloads"] = notes[0]
			}
			return err
		}},
	}
}

// GatherGate reads what the gate's route has to be like, which is all that a move
// needs: Resources and NewConfig.
func GatherGate(ctx context.Context, client kubernetes.Interface, f *fleet.Fleet) (*Facts, error) {
	facts := &Facts{Fleet: f}
	var err error
	if facts.Resources, err = traefikResources(client); err != nil {
		return nil, fmt.Errorf("reading the API's resources: %w", err)
	}
	facts.NewConfig, err = readConfig(ctx, client, f.New)
	if err != nil && !apierrors.IsForbidden(err) {
		return nil, err
	}
	return facts, nil
}
