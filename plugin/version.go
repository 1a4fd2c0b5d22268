package plugin

import (
	"context"
	"encoding/json"
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/install"
)

// versions is what the command prints in JSON and YAML.
type versions struct {
	Plugin build `json:"plugin"`
	// Webhook is the image that is installed; empty: none.
	Webhook string `json:"webhook,omitempty"`
	// Kubernetes is the API server's version.
	Kubernetes string `json:"kubernetes,omitempty"`

	// namespace is where the webhook was looked for.
	namespace string
}

// build says what this program was built from.
type build struct {
	Version string `json:"version"`
	Commit  string `json:"commit,omitempty"`
	// Date is that of the commit, RFC 3339.
	Date     string `json:"date,omitempty"`
	Go       string `json:"go"`
	Platform string `json:"platform"`
}

func newVersionCommand(c *cluster) *cobra.Command {
	var clientOnly bool
	var output string
	cmd := &cobra.Command{
		Use:   "version",
		Short: "Print the versions of the plugin, the webhook and the cluster",
		Example: `  # Without asking a cluster
  kubectl ingress-migrate version --client

  # For machines
  kubectl ingress-migrate version -o json`,
		Args:              noArgs,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if output != "" && output != "json" && output != "yaml" {
				return usageError("--output is json or yaml, not %q", output)
			}
			v := versions{Plugin: ownBuild(debug.ReadBuildInfo())}
			var failed error
			if !clientOnly {
				failed = c.serverVersions(cmd.Context(), &v)
			}
			if err := c.printVersions(v, output, clientOnly || failed != nil); err != nil {
				return err
			}
			return failed
		},
	}
	cmd.Flags().BoolVar(&clientOnly, "client", false, "Print the plugin's version only, without asking a cluster")
	cmd.Flags().StringVarP(&output, "output", "o", "", "Output format: json or yaml")
	// The only error is an unknown flag, which the tests would show at once.
	_ = cmd.RegisterFlagCompletionFunc("output", cobra.FixedCompletions([]string{"json", "yaml"}, cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

// ownBuild reads what the go command wrote into the program, so that `go
// install` needs no flags to make it tell its version.
func ownBuild(info *debug.BuildInfo, ok bool) build {
	b := build{Version: "unknown", Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH}
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

func (c *cluster) serverVersions(ctx context.Context, v *versions) error {
	client, err := c.clientset()
	if err != nil {
		return err
	}
	server, err := client.Discovery().ServerVersion()
	if err != nil {
		return clusterError(fmt.Errorf("asking the cluster for its version: %w", err))
	}
	v.Kubernetes = server.GitVersion
	v.namespace = install.Find(ctx, client)
	deployment, err := client.AppsV1().Deployments(v.namespace).Get(ctx, install.Name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) || apierrors.IsForbidden(err) {
		return nil
	}
	if err != nil {
		return clusterError(fmt.Errorf("looking for the webhook: %w", err))
	}
	for _, container := range deployment.Spec.Template.Spec.Containers {
		if strings.Contains(container.Image, install.Name) || v.Webhook == "" {
			v.Webhook = container.Image
		}
	}
	return nil
}

func (c *cluster) printVersions(v versions, output string, pluginOnly bool) error {
	w := c.streams.Out
	switch output {
	case "json":
		raw, err := json.MarshalIndent(v, "", "  ")
		if err != nil {
			return err
		}
		fmt.Fprintf(w, "%s\n", raw)
		return nil
	case "yaml":
		raw, err := yaml.Marshal(v)
		if err != nil {
			return err
		}
		fmt.Fprintf(w, "%s", raw)
		return nil
	}
	origin := ""
	if v.Plugin.Commit != "" {
		origin = fmt.Sprintf("commit %.12s of %s, ", v.Plugin.Commit, v.Plugin.Date)
	}
	fmt.Fprintf(w, "Plugin:     %s (%s%s %s)\n", v.Plugin.Version, origin, v.Plugin.Go, v.Plugin.Platform)
	if pluginOnly {
		return nil
	}
	webhook := v.Webhook
	if webhook == "" {
		webhook = "not found in namespace " + v.namespace
	}
	fmt.Fprintf(w, "Webhook:    %s\nKubernetes: %s\n", webhook, v.Kubernetes)
	return nil
}
