package preflight

import (
	"fmt"
	"slices"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/client-go/kubernetes"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/emit"
)

// routes is the resource that HTTP traffic flows by.
const routes = "ingressroutes"

// Resources that the kubernetesCRD providers wait for before they load anything:
// pkg/provider/kubernetes/crd/client.go and client-containous.go of v2.11.50,
// client.go of v3.6.12.
var (
	resourcesOf2 = []string{
		routes, "ingressroutetcps", "ingressrouteudps", "middlewares", "middlewaretcps", "serverstransports", "tlsoptions", "tlsstores", "traefikservices",
	}
	resourcesOf3 = append(slices.Clone(resourcesOf2), "serverstransporttcps")
)

// traefikResources are Traefik's that the API serves, by group.
func traefikResources(client kubernetes.Interface) (map[string][]string, error) {
	served := map[string][]string{}
	for _, group := range []string{emit.Group, emit.LegacyGroup} {
		list, err := client.Discovery().ServerResourcesForGroupVersion(group + "/v1alpha1")
		if apierrors.IsNotFound(err) {
			continue
		}
		if err != nil {
			return nil, err
		}
		for _, r := range list.APIResources {
			if !strings.Contains(r.Name, "/") {
				served[group] = append(served[group], r.Name)
			}
		}
	}
	return served, nil
}

// RouteGroups are the API groups that serve routes, the newer one first.
func (f *Facts) RouteGroups() []string {
	var groups []string
	for _, group := range []string{emit.Group, emit.LegacyGroup} {
		if slices.Contains(f.Resources[group], routes) {
			groups = append(groups, group)
		}
	}
	return groups
}

// wanted are the resources that the new proxy's provider waits for, by group. Of a
// Traefik whose version is not known, those are wanted that routes are made of.
func (f *Facts) wanted() map[string][]string {
	set := f.Fleet.New
	switch {
	case set.Major == 2 && set.Minor > 0 && set.Minor < 10:
		return map[string][]string{emit.LegacyGroup: f.made()}
	case set.Major == 2:
		return map[string][]string{emit.Group: resourcesOf2, emit.LegacyGroup: resourcesOf2}
	case set.Major >= 3:
		return map[string][]string{emit.Group: resourcesOf3}
	}
	return map[string][]string{f.Target.APIGroup: f.made()}
}

// made are the resources of the kinds that conversions make.
func (f *Facts) made() []string {
	var resources []string
	for _, kind := range emit.Kinds() {
		resources = append(resources, strings.ToLower(kind)+"s")
	}
	return resources
}

func crds(f *Facts) []Finding {
	if why, ok := f.Unreadable["the API's resources"]; ok {
		return []Finding{unknown("the API's resources cannot be read: "+why, "make sure that the CRDs of the new Traefik are installed")}
	}
	if len(f.RouteGroups()) == 0 {
		return []Finding{stop("the cluster has no IngressRoutes (neither traefik.io nor traefik.containo.us)", "install the CRDs of the new Traefik first")}
	}
	wanted := f.wanted()
	var out []Finding
	for _, group := range sorted(wanted) {
		var missing []string
		for _, resource := range wanted[group] {
			if !slices.Contains(f.Resources[group], resource) {
				missing = append(missing, resource)
			}
		}
		if len(missing) == 0 {
			continue
		}
		what := some(missing)
		if len(missing) == len(wanted[group]) {
			what = "any of its resources"
		}
		out = append(out, stop(
			fmt.Sprintf("the API does not serve %s of %s/v1alpha1, for which %s (%s) waits before it loads a route", what, group, name(f.Fleet.New), f.Fleet.New.Title),
			"install the CRDs that belong to "+f.Fleet.New.Title,
		))
	}
	return out
}

// targetFits: routes are made for the version that is to read them.
func targetFits(f *Facts) []Finding {
	set := f.Fleet.New
	if !strings.Contains(set.Product, "traefik") || f.Target == (emit.Target{}) {
		return nil
	}
	made := func(remedy string) []Finding {
		return []Finding{stop(
			fmt.Sprintf("routes are made for Traefik %d of %s, but %s is %s", f.Target.Version, f.Target.APIGroup, name(set), reads(f)),
			remedy,
		)}
	}
	// Traefik 3 can be told to read the rules of Traefik 2: pkg/config/static/static_config.go
	// of v3.6. It has no other API group.
	rulesOf2 := set.Major >= 3 && f.NewConfig.RuleSyntax == "v2"
	switch {
	case set.Major >= 3 && f.Target.APIGroup == emit.LegacyGroup:
		return made("say --api-group " + emit.Group + " here, in scan and in sync")
	case set.Major >= 3 && f.Target.Version == emit.V2 && !rulesOf2:
		return made("say --to v3 here, in scan and in sync, or start it with --core.defaultRuleSyntax=v2")
	case rulesOf2 && f.Target.Version == emit.V3:
		return made("say --to v2 here, in scan and in sync, or start it without that option")
	case set.Major == 2 && f.Target.Version == emit.V3:
		return made("say --to v2 here, in scan and in sync")
	case set.Major == 2 && set.Minor > 0 && set.Minor < 10 && f.Target.APIGroup == emit.Group:
		return made("say --api-group " + emit.LegacyGroup + " here, in scan and in sync")
	}
	return nil
}

// reads says of the new proxy whose routes it reads.
func reads(f *Facts) string {
	if f.NewConfig.RuleSyntax == "" {
		return f.Fleet.New.Title
	}
	return f.Fleet.New.Title + " with core.defaultRuleSyntax=" + f.NewConfig.RuleSyntax
}

// gateSeen: the gate puts a route beside the new proxy, which must read it.
func gateSeen(f *Facts) []Finding {
	c := f.NewConfig
	if c.Dialect != convert.FromTraefik || c.Problem != "" {
		return nil
	}
	if !c.ReadsRoutes {
		return []Finding{stop(
			name(f.Fleet.New)+" reads no routes: its configuration has no providers.kubernetesCRD",
			"add --providers.kubernetescrd to its arguments",
		)}
	}
	if own := f.Fleet.New.Name.Namespace; len(c.RouteNamespaces) > 0 && !slices.Contains(c.RouteNamespaces, own) {
		return []Finding{stop(
			name(f.Fleet.New)+" reads routes of "+some(c.RouteNamespaces)+" only, so that the gate's route in its own namespace would not be seen",
			"add "+own+" to providers.kubernetesCRD.namespaces",
		)}
	}
	return nil
}
