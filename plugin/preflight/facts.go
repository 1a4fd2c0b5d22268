package preflight

import (
	"context"
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	schedulingv1 "k8s.io/api/scheduling/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/version"
	"k8s.io/client-go/kubernetes"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/controller"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/fleet"
)

// Facts are everything that the checks look at.
type Facts struct {
	Fleet    *fleet.Fleet
	Settings cutover.Settings
	// AcceptOwner: whoever applies the DaemonSets' manifests has been told.
	AcceptOwner bool
	// Scan is what the scan says; nil: it was not made.
	Scan *Scan
	// LoadBalancer is nil for a passive cutover.
	LoadBalancer *LoadBalancer

	// What could not be read is nil or empty and named in Unreadable.
	PriorityClasses []schedulingv1.PriorityClass
	Budgets         []policyv1.PodDisruptionBudget
	Services        []corev1.Service
	// RouteGroups are the API groups that serve ingressroutes.
	RouteGroups []string
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

// Gather reads what the fleet does not show. What may not be read becomes
// unknown; only a cluster that does not answer is an error.
func Gather(ctx context.Context, client kubernetes.Interface, f *fleet.Fleet) (*Facts, error) {
	facts := &Facts{Fleet: f, Unreadable: map[string]string{}}
	namespaces := map[string]bool{}
	for _, side := range []fleet.Side{fleet.Old, fleet.New} {
		if set := f.Set(side); set != nil {
			namespaces[set.Name.Namespace] = true
		}
	}
	reads := []struct {
		what string
		read func() error
	}{
		{"priorityclasses", func() error {
			list, err := client.SchedulingV1().PriorityClasses().List(ctx, metav1.ListOptions{})
			if err == nil {
				facts.PriorityClasses = list.Items
			}
			return err
		}},
		{"poddisruptionbudgets", func() error {
			for _, ns := range sorted(namespaces) {
				list, err := client.PolicyV1().PodDisruptionBudgets(ns).List(ctx, metav1.ListOptions{})
				if err != nil {
					return err
				}
				facts.Budgets = append(facts.Budgets, list.Items...)
			}
			return nil
		}},
		{"services", func() error {
			for _, ns := range sorted(namespaces) {
				list, err := client.CoreV1().Services(ns).List(ctx, metav1.ListOptions{})
				if err != nil {
					return err
				}
				facts.Services = append(facts.Services, list.Items...)
			}
			return nil
		}},
		{"the API's resources", func() (err error) {
			facts.RouteGroups, err = routeGroups(client)
			return err
		}},
		{"the server's version", func() (err error) {
			facts.Server, err = client.Discovery().ServerVersion()
			return err
		}},
		{"configmaps", func() error {
			var err error
			if facts.OldConfig, err = readConfig(ctx, client, f.Old); err != nil {
				return err
			}
			facts.NewConfig, err = readConfig(ctx, client, f.New)
			return err
		}},
	}
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

// GatherGate reads what the gate's route has to be like, which is all that a move
// needs: RouteGroups and NewConfig.
func GatherGate(ctx context.Context, client kubernetes.Interface, f *fleet.Fleet) (*Facts, error) {
	facts := &Facts{Fleet: f}
	var err error
	if facts.RouteGroups, err = routeGroups(client); err != nil {
		return nil, fmt.Errorf("reading the API's resources: %w", err)
	}
	facts.NewConfig, err = readConfig(ctx, client, f.New)
	if err != nil && !apierrors.IsForbidden(err) {
		return nil, err
	}
	return facts, nil
}

// routeGroups are the API groups that serve ingressroutes.
func routeGroups(client kubernetes.Interface) ([]string, error) {
	var groups []string
	for _, group := range []string{"traefik.io", "traefik.containo.us"} {
		list, err := client.Discovery().ServerResourcesForGroupVersion(group + "/v1alpha1")
		if apierrors.IsNotFound(err) {
			continue
		}
		if err != nil {
			return nil, err
		}
		for _, r := range list.APIResources {
			if r.Name == "ingressroutes" {
				groups = append(groups, group)
			}
		}
	}
	return groups, nil
}

// readConfig reads a set's arguments and the configuration files that it mounts
// from ConfigMaps.
func readConfig(ctx context.Context, client kubernetes.Interface, set *fleet.Set) (Config, error) {
	if set == nil {
		return Config{}, nil
	}
	spec := set.Object.Spec.Template.Spec
	dialect, args := runs(set)
	switch dialect {
	case "":
		return Config{Problem: "its image does not tell which controller it is"}, nil
	case convert.FromNginx:
		return readNginx(ctx, client, args)
	}
	var files []file
	for _, v := range spec.Volumes {
		if v.ConfigMap == nil {
			continue
		}
		cm, err := client.CoreV1().ConfigMaps(set.Name.Namespace).Get(ctx, v.ConfigMap.Name, metav1.GetOptions{})
		if apierrors.IsNotFound(err) {
			continue // an optional one
		}
		if err != nil {
			return Config{}, fmt.Errorf("reading configmap %s/%s: %w", set.Name.Namespace, v.ConfigMap.Name, err)
		}
		for _, key := range sorted(cm.Data) {
			if strings.HasSuffix(key, ".toml") || strings.HasSuffix(key, ".yaml") || strings.HasSuffix(key, ".yml") {
				files = append(files, file{name: key, text: cm.Data[key]})
			}
		}
	}
	return parseConfig(dialect, args, files), nil
}

// runs tells which controller a set's pods run, and its arguments. A version by
// itself does not: ingress-nginx has a 1, too.
func runs(set *fleet.Set) (convert.Dialect, []string) {
	dialect, args := controller.Running(set.Name.Namespace, set.Object.Spec.Template.Spec)
	if dialect != "" {
		return dialect, args
	}
	for _, c := range set.Object.Spec.Template.Spec.Containers {
		if c.Image == set.Image {
			args = append(append(args, c.Command...), c.Args...)
		}
	}
	traefik := strings.Contains(set.Product, "traefik")
	switch {
	case traefik && set.Major == 1:
		return convert.FromTraefikV1, args
	case traefik && set.Major > 1, set.Side == fleet.New:
		return convert.FromTraefik, args
	}
	return "", nil
}

// readNginx reads what an ingress-nginx does when it is told to end.
func readNginx(ctx context.Context, client kubernetes.Interface, args []string) (Config, error) {
	settings := flags(args)
	data := map[string]string{}
	if namespace, name, ok := strings.Cut(settings["configmap"], "/"); ok {
		cm, err := client.CoreV1().ConfigMaps(namespace).Get(ctx, name, metav1.GetOptions{})
		switch {
		case err == nil:
			data = cm.Data
		case !apierrors.IsNotFound(err):
			return Config{}, fmt.Errorf("reading configmap %s/%s: %w", namespace, name, err)
		}
	}
	return nginxConfig(settings, data), nil
}
