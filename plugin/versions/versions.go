// Package versions tells of which versions plugin, webhook and cluster are, and
// whether they fit each other. It prints nothing and changes nothing.
package versions

import (
	"context"
	"fmt"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	k8sruntime "k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/emit"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/controller"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/install"
)

// APIVersion and Kind of a Report in JSON and YAML.
const (
	APIVersion = "ingress-migrate.io/v1alpha1"
	Kind       = "Versions"
)

// Report is the answer of the command version. It is an API object so that every
// output format of kubectl works on it.
type Report struct {
	metav1.TypeMeta `json:",inline"`
	Plugin          Build `json:"plugin"`
	// Webhook is the one that is installed; nil: none, or nobody was asked.
	Webhook *Webhook `json:"webhook,omitempty"`
	// Kubernetes is the API server's version; empty: nobody was asked.
	Kubernetes string `json:"kubernetes,omitempty"`
	// Resources are the versions of Traefik's custom resources that the API server
	// serves, such as traefik.io/v1alpha1.
	Resources []string `json:"resources,omitempty"`
	// Controllers are the ingress controllers that run in the cluster.
	Controllers []controller.Version `json:"controllers,omitempty"`
	// webhookNamespace is where the webhook was looked for.
	webhookNamespace string

	// Notes are sentences about what could not be looked at.
	Notes []string `json:"notes,omitempty"`
	// Warnings say what does not fit.
	Warnings []string `json:"warnings,omitempty"`
}

// Build says what a program was built from.
type Build struct {
	Version string `json:"version"`
	Commit  string `json:"commit,omitempty"`
	// Date is that of the commit, RFC 3339.
	Date     string `json:"date,omitempty"`
	Go       string `json:"go"`
	Platform string `json:"platform"`
}

// Webhook is the one in the cluster.
type Webhook struct {
	Image string `json:"image"`
	// Version is the image's tag; empty: it has none.
	Version string `json:"version,omitempty"`
	// Ready and Replicas count its pods.
	Ready    int32 `json:"ready"`
	Replicas int32 `json:"replicas"`
}

// DeepCopyObject implements runtime.Object.
func (r *Report) DeepCopyObject() k8sruntime.Object {
	out := *r
	if r.Webhook != nil {
		copied := *r.Webhook
		out.Webhook = &copied
	}
	out.Resources, out.Controllers = slices.Clone(r.Resources), slices.Clone(r.Controllers)
	out.Notes, out.Warnings = slices.Clone(r.Notes), slices.Clone(r.Warnings)
	return &out
}

// New returns a report about the plugin alone.
func New() *Report {
	return &Report{TypeMeta: metav1.TypeMeta{APIVersion: APIVersion, Kind: Kind}, Plugin: own(debug.ReadBuildInfo())}
}

// own reads what the go command wrote into the program, so that `go install`
// needs no flags to make it tell its version.
func own(info *debug.BuildInfo, ok bool) Build {
	b := Build{Version: "unknown", Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH}
	if !ok {
		return b
	}
	if info.Main.Version != "" {
		b.Version = info.Main.Version
	}
	for _, setting := range info.Settings {
		switch setting.Key {
		case "vcs.revision":
			b.Commit = setting.Value
		case "vcs.time":
			b.Date = setting.Value
		}
	}
	return b
}

// Look adds what the cluster tells. Only a cluster that does not answer is an
// error; what may not be read is in the notes.
func (r *Report) Look(ctx context.Context, client kubernetes.Interface) error {
	server, err := client.Discovery().ServerVersion()
	if err != nil {
		return fmt.Errorf("asking the cluster for its version: %w", err)
	}
	r.Kubernetes = server.GitVersion
	groups, err := client.Discovery().ServerGroups()
	if err != nil {
		return fmt.Errorf("asking the cluster for its resources: %w", err)
	}
	for _, group := range groups.Groups {
		if group.Name != emit.Group && group.Name != emit.LegacyGroup {
			continue
		}
		for _, version := range group.Versions {
			r.Resources = append(r.Resources, version.GroupVersion)
		}
	}
	slices.Sort(r.Resources)
	if err := r.webhook(ctx, client); err != nil {
		return err
	}
	workloads, notes, err := controller.FromCluster(ctx, client)
	if err != nil {
		return err
	}
	r.Notes = append(r.Notes, notes...)
	r.Controllers = controller.Versions(workloads)
	r.Warnings = r.skew()
	return nil
}

// WebhookNamespace is where the webhook was looked for; empty: nowhere.
func (r *Report) WebhookNamespace() string { return r.webhookNamespace }

func (r *Report) webhook(ctx context.Context, client kubernetes.Interface) error {
	r.webhookNamespace = install.Find(ctx, client)
	deployment, err := client.AppsV1().Deployments(r.webhookNamespace).Get(ctx, install.Name, metav1.GetOptions{})
	switch {
	case apierrors.IsNotFound(err):
		return nil
	case apierrors.IsForbidden(err):
		r.Notes = append(r.Notes, "not allowed to read the Deployment "+r.webhookNamespace+"/"+install.Name+": the webhook's version is not known")
		return nil
	case err != nil:
		return fmt.Errorf("looking for the webhook: %w", err)
	}
	r.Webhook = &Webhook{Ready: deployment.Status.ReadyReplicas, Replicas: deployment.Status.Replicas}
	for _, container := range deployment.Spec.Template.Spec.Containers {
		// Others may have been added beside it.
		if strings.Contains(container.Image, install.Name) || r.Webhook.Image == "" {
			r.Webhook.Image, r.Webhook.Version = container.Image, imageTag(container.Image)
		}
	}
	return nil
}

// imageTag is the tag of an image; "" if it has none.
func imageTag(image string) string {
	image, _, _ = strings.Cut(image, "@")
	if colon := strings.LastIndexByte(image, ':'); colon > strings.LastIndexByte(image, '/') {
		return image[colon+1:]
	}
	return ""
}
