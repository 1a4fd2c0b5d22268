package plugin

import (
	"strings"

	"github.com/spf13/cobra"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/source"
)

// scopeFlags say which Ingresses a command is about, as kubectl get says it.
type scopeFlags struct {
	allNamespaces bool
	selector      string
}

func (f *scopeFlags) add(cmd *cobra.Command) {
	cmd.Flags().BoolVarP(&f.allNamespaces, "all-namespaces", "A", false, "Look at all namespaces instead of the current one")
	cmd.Flags().StringVarP(&f.selector, "selector", "l", "", "Only Ingresses with these labels, such as -l team=cart")
}

// scope resolves the flags for a cluster.
func (f *scopeFlags) scope(c *cluster, names []string) (source.Scope, error) {
	scope := source.Scope{}
	for _, name := range names {
		// kubectl users write ingress/web as well.
		if _, short, ok := strings.Cut(name, "/"); ok {
			name = short
		}
		scope.Names = append(scope.Names, name)
	}
	var err error
	if scope.Selector, err = labels.Parse(f.selector); err != nil {
		return scope, usageError("--selector: %v", err)
	}
	if f.allNamespaces {
		if len(names) > 0 {
			return scope, usageError("a name needs one namespace: leave --all-namespaces out")
		}
		return scope, nil
	}
	scope.Namespace, err = c.namespace()
	return scope, err
}

// completeIngresses completes names of Ingresses; silent on errors.
func (c *cluster) completeIngresses(cmd *cobra.Command, args []string, prefix string) ([]string, cobra.ShellCompDirective) {
	client, err := c.clientset()
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	namespace, err := c.namespace()
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	list, err := client.NetworkingV1().Ingresses(namespace).List(cmd.Context(), metav1.ListOptions{})
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	given := map[string]bool{}
	for _, arg := range args {
		given[arg] = true
	}
	var names []string
	for _, item := range list.Items {
		if !given[item.Name] {
			names = append(names, item.Name)
		}
	}
	return withPrefix(names, prefix), cobra.ShellCompDirectiveNoFileComp
}
