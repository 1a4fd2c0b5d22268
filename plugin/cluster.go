package plugin

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/cli-runtime/pkg/genericclioptions"
	"k8s.io/cli-runtime/pkg/genericiooptions"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	_ "k8s.io/client-go/plugin/pkg/client/auth" // exec and OIDC logins of cloud providers
	"k8s.io/client-go/rest"
)

// cluster is what every command shares: kubectl's connection flags and the
// streams. Clients are made when asked for, so that offline commands never
// look for a cluster.
type cluster struct {
	flags   *genericclioptions.ConfigFlags
	streams genericiooptions.IOStreams
}

// config returns the REST configuration of the chosen context.
func (c *cluster) config() (*rest.Config, error) {
	config, err := c.flags.ToRESTConfig()
	if err != nil {
		return nil, fmt.Errorf("cannot tell which cluster to use: %w (set --kubeconfig or --context; convert -f works without a cluster)", err)
	}
	// The default (5 per second) would make thousands of Ingresses crawl. The server
	// protects itself by its limits of requests in flight.
	config.QPS, config.Burst = 300, 600
	return config, nil
}

// clientset returns a typed client.
func (c *cluster) clientset() (kubernetes.Interface, error) {
	config, err := c.config()
	if err != nil {
		return nil, err
	}
	// Kinds that are built in are smaller and quicker to decode this way; a server, or
	// a proxy before it, that knows only JSON answers in that.
	config.ContentType = runtime.ContentTypeProtobuf
	config.AcceptContentTypes = runtime.ContentTypeProtobuf + "," + runtime.ContentTypeJSON
	return kubernetes.NewForConfig(config)
}

// dynamic returns a client for custom resources.
func (c *cluster) dynamic() (dynamic.Interface, error) {
	config, err := c.config()
	if err != nil {
		return nil, err
	}
	return dynamic.NewForConfig(config)
}

// namespace returns the namespace that the user chose, or the context's one.
func (c *cluster) namespace() (string, error) {
	namespace, _, err := c.flags.ToRawKubeConfigLoader().Namespace()
	if err != nil {
		return "", fmt.Errorf("cannot tell which namespace to use: %w", err)
	}
	return namespace, nil
}

// registerCompletions completes values of kubectl's own flags. Completion is
// silent on errors: a broken kubeconfig must not disturb the shell.
func (c *cluster) registerCompletions(root *cobra.Command) {
	names := func(list func() []string) cobra.CompletionFunc {
		return func(_ *cobra.Command, _ []string, prefix string) ([]string, cobra.ShellCompDirective) {
			return withPrefix(list(), prefix), cobra.ShellCompDirectiveNoFileComp
		}
	}
	register := map[string]cobra.CompletionFunc{
		"context":   names(c.contextNames),
		"cluster":   names(c.clusterNames),
		"user":      names(c.userNames),
		"namespace": c.completeNamespaces,
	}
	for flag, complete := range register {
		// The only error is an unknown flag, which the tests would show at once.
		_ = root.RegisterFlagCompletionFunc(flag, complete)
	}
}

func (c *cluster) completeNamespaces(cmd *cobra.Command, _ []string, prefix string) ([]string, cobra.ShellCompDirective) {
	client, err := c.clientset()
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	list, err := client.CoreV1().Namespaces().List(cmd.Context(), metav1.ListOptions{})
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	names := make([]string, 0, len(list.Items))
	for _, item := range list.Items {
		names = append(names, item.Name)
	}
	return withPrefix(names, prefix), cobra.ShellCompDirectiveNoFileComp
}

func (c *cluster) contextNames() []string {
	config, err := c.flags.ToRawKubeConfigLoader().RawConfig()
	if err != nil {
		return nil
	}
	return sortedKeys(config.Contexts)
}

func (c *cluster) clusterNames() []string {
	config, err := c.flags.ToRawKubeConfigLoader().RawConfig()
	if err != nil {
		return nil
	}
	return sortedKeys(config.Clusters)
}

func (c *cluster) userNames() []string {
	config, err := c.flags.ToRawKubeConfigLoader().RawConfig()
	if err != nil {
		return nil
	}
	return sortedKeys(config.AuthInfos)
}

func withPrefix(names []string, prefix string) []string {
	var kept []string
	for _, name := range names {
		if strings.HasPrefix(name, prefix) {
			kept = append(kept, name)
		}
	}
	return kept
}
