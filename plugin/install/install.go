package install

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/emit"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/capability"
)

// selfTestFor is how long the API server may need to learn of a registration
// and of its authority.
const selfTestFor = 30 * time.Second

// poll is how often to look.
const poll = 250 * time.Millisecond

// Install applies objects (of Objects) in order, waits until the webhook is
// ready, proves that the API server reaches it, and only then registers it for
// real. now is the time for the capability flag.
func (i *Installer) Install(ctx context.Context, objects []*unstructured.Unstructured, options convert.Options, now time.Time) error {
	if err := i.kindsServed(options); err != nil {
		return err
	}
	registration := objects[len(objects)-1]
	existed, err := i.exists(ctx, registration)
	if err != nil {
		return err
	}
	if err := i.applyAll(ctx, objects[:len(objects)-1]); err != nil {
		return err
	}
	if err := i.removeOtherRoles(ctx, objects); err != nil {
		return err
	}
	if i.ServerDryRun {
		if err := i.apply(ctx, registration); err != nil {
			return err
		}
		return i.flag(ctx, options, now)
	}
	if err := i.waitReady(ctx); err != nil {
		return err
	}
	if err := i.register(ctx, registration, existed); err != nil {
		return err
	}
	return i.flag(ctx, options, now)
}

// removeOtherRoles takes the webhook's rights away in namespaces that an installation
// of before was for.
func (i *Installer) removeOtherRoles(ctx context.Context, objects []*unstructured.Unstructured) error {
	wanted := map[string]bool{}
	for _, o := range objects {
		if o.GetKind() == "RoleBinding" && o.GetName() == routesName {
			wanted[o.GetNamespace()] = true
		}
	}
	roles, err := i.Client.RbacV1().Roles(metav1.NamespaceAll).List(ctx, metav1.ListOptions{LabelSelector: "app.kubernetes.io/name=" + Name})
	if err != nil {
		return fmt.Errorf("list the webhook's roles: %w", err)
	}
	for _, role := range roles.Items {
		if role.Name != routesName || wanted[role.Namespace] {
			continue
		}
		for _, kind := range []string{"RoleBinding", "Role"} {
			o := &unstructured.Unstructured{}
			o.SetAPIVersion("rbac.authorization.k8s.io/v1")
			o.SetKind(kind)
			o.SetNamespace(role.Namespace)
			o.SetName(routesName)
			if err := i.remove(ctx, o); err != nil {
				return err
			}
		}
	}
	return nil
}

func (i *Installer) applyAll(ctx context.Context, objects []*unstructured.Unstructured) error {
	missing := false
	for _, o := range objects {
		if o.GetKind() == "Namespace" && i.ServerDryRun {
			exists, err := i.exists(ctx, o)
			if err != nil {
				return err
			}
			missing = !exists
		}
		if missing && o.GetNamespace() == i.Namespace {
			// The server cannot try what belongs to a namespace that it has not got.
			i.Observer.Changed(o, "created")
			continue
		}
		err := i.apply(ctx, o)
		if meta.IsNoMatchError(err) {
			i.Observer.Warn(fmt.Sprintf("%s left out: this cluster does not serve %s", describe(o), o.GetAPIVersion()))
			continue
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// register opens the webhook in two steps: first for the self-test's objects
// only, so that a webhook that cannot be reached is never in the way of a deploy.
func (i *Installer) register(ctx context.Context, registration *unstructured.Unstructured, existed bool) error {
	if !existed {
		narrow, err := narrowed(registration)
		if err != nil {
			return err
		}
		quiet := *i
		quiet.Observer = progressOnly{i.Observer}
		if err := quiet.apply(ctx, narrow); err != nil {
			return err
		}
	} else if err := i.apply(ctx, registration); err != nil {
		return err
	}
	i.Observer.Progress("testing whether the API server reaches the webhook")
	err := i.selfTestUntil(ctx, selfTestFor)
	var denied *deniedError
	switch {
	case errors.As(err, &denied):
		i.Observer.Warn("the self-test was refused, so it is not known whether the webhook is reached: " + denied.Error())
	case err != nil && !existed:
		quiet := *i
		quiet.Observer = progressOnly{i.Observer}
		return errors.Join(err, quiet.remove(context.WithoutCancel(ctx), registration))
	case err != nil:
		return err
	}
	if existed {
		return nil
	}
	// The narrow registration exists, so applying the full one would be reported
	// as a change of it; to the user it is new.
	quiet := *i
	quiet.Observer = progressOnly{i.Observer}
	if err := quiet.apply(ctx, registration); err != nil {
		return err
	}
	i.Observer.Changed(registration, "created")
	return nil
}

// narrowed returns the registration for objects of the self-test only.
func narrowed(registration *unstructured.Unstructured) (*unstructured.Unstructured, error) {
	narrow := registration.DeepCopy()
	err := eachWebhook(narrow, func(webhook map[string]any) error {
		return unstructured.SetNestedStringMap(webhook, map[string]string{selfTestLabel: "true"}, "objectSelector", "matchLabels")
	})
	return narrow, err
}

// flag tells deploy tooling that the cluster takes IngressRoutes.
func (i *Installer) flag(ctx context.Context, options convert.Options, now time.Time) error {
	flag := capability.Flag{IngressRoutes: true, APIVersion: options.Target.APIVersion(), Webhook: true, WebhookNamespace: i.Namespace, Since: now.UTC().Format(time.RFC3339)}
	before, err := capability.Get(ctx, i.Client)
	if err != nil {
		return err
	}
	verb := "created"
	if before != nil {
		verb = "unchanged"
		if before.Since != "" {
			flag.Since = before.Since
		}
		if *before != flag {
			verb = "configured"
		}
	}
	if err := capability.Set(ctx, i.Client, flag, i.ServerDryRun); err != nil {
		return err
	}
	i.Observer.Changed(flagObject(), verb)
	return nil
}

func flagObject() *unstructured.Unstructured {
	o := &unstructured.Unstructured{}
	o.SetAPIVersion("v1")
	o.SetKind("ConfigMap")
	o.SetNamespace(capability.Namespace)
	o.SetName(capability.Name)
	return o
}

// kindsServed reports missing CRDs: without them there is nothing to write.
func (i *Installer) kindsServed(options convert.Options) error {
	// The webhook watches Ingresses of this version and no older one.
	if _, err := i.Client.Discovery().ServerResourcesForGroupVersion("networking.k8s.io/v1"); apierrors.IsNotFound(err) {
		return errors.New("this cluster does not serve networking.k8s.io/v1, which the webhook reads (Kubernetes 1.19 or later); make the routes with kubectl ingress-migrate sync instead")
	}
	apiVersion := options.Target.APIVersion()
	served, err := i.Client.Discovery().ServerResourcesForGroupVersion(apiVersion)
	if err != nil && !apierrors.IsNotFound(err) {
		return fmt.Errorf("ask which resources %s has: %w", apiVersion, err)
	}
	var missing []string
	for _, kind := range emit.Kinds() {
		if served == nil || !slices.ContainsFunc(served.APIResources, func(r metav1.APIResource) bool { return r.Kind == kind }) {
			missing = append(missing, kind)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	return fmt.Errorf("traefik's custom resource definitions are missing: %s of %s\n"+
		"Install them first, they change nothing by themselves:\n"+
		"  kubectl apply -f https://raw.githubusercontent.com/traefik/traefik/v2.11/docs/content/reference/dynamic-configuration/kubernetes-crd-definition-v1.yml",
		strings.Join(missing, ", "), apiVersion)
}

func (i *Installer) exists(ctx context.Context, o *unstructured.Unstructured) (bool, error) {
	resource, err := i.resource(o)
	if err != nil {
		return false, err
	}
	_, err = resource.Get(ctx, o.GetName(), metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("read %s: %w", describe(o), err)
	}
	return true, nil
}

// progressOnly hides intermediate changes from the user.
type progressOnly struct{ Observer }

// Changed implements Observer.
func (progressOnly) Changed(*unstructured.Unstructured, string) {}
