package preflight

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	authorizationv1 "k8s.io/api/authorization/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"golang.org/x/sync/errgroup"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/emit"
	"github.com/ingress-migrate/kubectl-ingress-migrate/manifests"
)

// Right is one thing that somebody may or may not do. Namespace is empty for the
// whole cluster, Name for objects of any name.
type Right struct{ Verb, Resource, Group, Namespace, Name string }

// writes tells whether it changes anything. A review is created and is a question.
func (r Right) writes() bool {
	return r.Group != authorizationv1.GroupName && !slices.Contains([]string{"get", "list", "watch"}, r.Verb)
}

func (r Right) attributes() *authorizationv1.ResourceAttributes {
	return &authorizationv1.ResourceAttributes{Verb: r.Verb, Resource: r.Resource, Group: r.Group, Namespace: r.Namespace, Name: r.Name}
}

// byVerbs names rights as people grant them: "patch, update leases.coordination.k8s.io
// in edge".
func byVerbs(rights []Right) []string {
	verbs := map[Right][]string{}
	var order []Right
	for _, r := range rights {
		key := r
		key.Verb = ""
		if verbs[key] == nil {
			order = append(order, key)
		}
		verbs[key] = append(verbs[key], r.Verb)
	}
	var texts []string
	for _, key := range order {
		text := strings.Join(verbs[key], ", ") + " " + key.Resource
		if key.Group != "" {
			text += "." + key.Group
		}
		if key.Name != "" {
			text += " " + key.Name
		}
		if key.Namespace != "" {
			text += " in " + key.Namespace
		}
		texts = append(texts, text)
	}
	return texts
}

// denied asks for each right and returns those that were not granted, in order.
func denied(rights []Right, ask func(Right) (bool, error)) ([]Right, error) {
	const atOnce = 16
	granted := make([]bool, len(rights))
	var group errgroup.Group
	group.SetLimit(atOnce)
	for i, r := range rights {
		group.Go(func() (err error) {
			granted[i], err = ask(r)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	var lacking []Right
	for i, r := range rights {
		if !granted[i] {
			lacking = append(lacking, r)
		}
	}
	return lacking, nil
}

// deniedToUser asks for every right that manifests/operator gives whether whoever
// asks has it.
func (f *Facts) deniedToUser(ctx context.Context, client kubernetes.Interface) ([]Right, error) {
	cluster, namespaced, err := manifests.Operator()
	if err != nil {
		return nil, err
	}
	rights := f.rightsOf(cluster, "")
	homes := []string{f.Fleet.Old.Name.Namespace}
	if other := f.Fleet.New.Name.Namespace; other != homes[0] {
		homes = append(homes, other)
	}
	for _, home := range homes {
		rights = append(rights, f.rightsOf(namespaced, home)...)
	}
	reviews := client.AuthorizationV1().SelfSubjectAccessReviews()
	return denied(rights, func(r Right) (bool, error) {
		review, err := reviews.Create(ctx, &authorizationv1.SelfSubjectAccessReview{Spec: authorizationv1.SelfSubjectAccessReviewSpec{ResourceAttributes: r.attributes()}}, metav1.CreateOptions{})
		if err != nil {
			return false, err
		}
		return review.Status.Allowed, nil
	})
}

// rightsOf spells rules out, without resources that the API does not serve and the
// mark that policy.yaml of manifests/operator looks for.
func (f *Facts) rightsOf(rules []rbacv1.PolicyRule, namespace string) []Right {
	var rights []Right
	for _, rule := range rules {
		for _, group := range rule.APIGroups {
			for _, resource := range rule.Resources {
				ours := group == emit.Group || group == emit.LegacyGroup
				if group == "ingress-migrate.io" || ours && !slices.Contains(f.Resources[group], resource) {
					continue
				}
				names := rule.ResourceNames
				if len(names) == 0 {
					names = []string{""} // any
				}
				for _, verb := range rule.Verbs {
					for _, name := range names {
						rights = append(rights, Right{verb, resource, group, namespace, name})
					}
				}
			}
		}
	}
	return rights
}

// rights: a cutover that lacks one stops in the middle.
func rights(f *Facts) []Finding {
	if why, ok := f.Unreadable["your rights"]; ok {
		return []Finding{unknown("what you may do cannot be asked: "+why, "see that you have the rights of manifests/operator")}
	}
	var writes, reads []Right
	for _, r := range f.Denied {
		if r.writes() {
			writes = append(writes, r)
		} else {
			reads = append(reads, r)
		}
	}
	var out []Finding
	const remedy = "kubectl apply -k manifests/operator gives it, to a group that you are a member of"
	if len(writes) > 0 {
		out = append(out, stop("you may not "+strings.Join(byVerbs(writes), "; "), remedy))
	}
	if len(reads) > 0 {
		out = append(out, warn("you may not "+strings.Join(byVerbs(reads), "; ")+": what depends on it is not checked", remedy))
	}
	return out
}

// deniedToProxy asks what the new proxy's ServiceAccount lacks of what its provider
// lists and watches. Traefik from 3.1 on reads EndpointSlices, older ones Endpoints.
func (f *Facts) deniedToProxy(ctx context.Context, client kubernetes.Interface) ([]Right, error) {
	set, c := f.Fleet.New, f.NewConfig
	if c.Dialect != convert.FromTraefik || c.Problem != "" || !c.ReadsRoutes {
		return nil, nil
	}
	namespaces := c.RouteNamespaces
	if len(namespaces) == 0 {
		namespaces = []string{""}
	}
	endpoints := Right{Resource: "endpoints"}
	if set.Major > 3 || set.Major == 3 && set.Minor >= 1 {
		endpoints = Right{Resource: "endpointslices", Group: "discovery.k8s.io"}
	}
	read := []Right{{Resource: "services"}, endpoints, {Resource: "secrets"}}
	wanted := f.wanted()
	for _, group := range sorted(wanted) {
		for _, resource := range wanted[group] {
			read = append(read, Right{Resource: resource, Group: group})
		}
	}
	var rights []Right
	for _, namespace := range namespaces {
		for _, r := range read {
			for _, verb := range []string{"list", "watch"} {
				rights = append(rights, Right{verb, r.Resource, r.Group, namespace, ""})
			}
		}
	}
	home, account := set.Name.Namespace, cmp.Or(set.Object.Spec.Template.Spec.ServiceAccountName, "default")
	reviews := client.AuthorizationV1().SubjectAccessReviews()
	return denied(rights, func(r Right) (bool, error) {
		review, err := reviews.Create(ctx, &authorizationv1.SubjectAccessReview{Spec: authorizationv1.SubjectAccessReviewSpec{
			User:               "system:serviceaccount:" + home + ":" + account,
			Groups:             []string{"system:serviceaccounts", "system:serviceaccounts:" + home, "system:authenticated"},
			ResourceAttributes: r.attributes(),
		}}, metav1.CreateOptions{})
		if err != nil {
			return false, err
		}
		return review.Status.Allowed, nil
	})
}

// proxyRights: a provider waits for ever for what it may not list.
func proxyRights(f *Facts) []Finding {
	if why, ok := f.Unreadable["the proxy's rights"]; ok {
		return []Finding{unknown("what "+name(f.Fleet.New)+" may read cannot be asked: "+why, "see that its ServiceAccount has the ClusterRole of "+f.Fleet.New.Title)}
	}
	if len(f.ProxyDenied) == 0 {
		return nil
	}
	return []Finding{warn(
		fmt.Sprintf("the ServiceAccount of %s may not %s: it would load no route", name(f.Fleet.New), strings.Join(byVerbs(f.ProxyDenied), "; ")),
		"apply the ClusterRole that belongs to "+f.Fleet.New.Title,
	)}
}
