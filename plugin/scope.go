package plugin

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/client-go/rest"

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
	names, err := listNames(cmd.Context(), client.NetworkingV1().RESTClient(), "ingresses", namespace)
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	names = slices.DeleteFunc(names, func(name string) bool { return slices.Contains(args, name) })
	return withPrefix(names, prefix), cobra.ShellCompDirectiveNoFileComp
}

// listNames lists the names of a namespace's objects as kubectl get shows them: a
// table of cells, without the objects, which are ten times as much. What the API
// server has in its cache is new enough for a shell that waits.
func listNames(ctx context.Context, client rest.Interface, resource, namespace string) ([]string, error) {
	raw, err := client.Get().Namespace(namespace).Resource(resource).
		SetHeader("Accept", "application/json;as=Table;v=v1;g=meta.k8s.io").
		Param("includeObject", string(metav1.IncludeNone)).Param("resourceVersion", "0").DoRaw(ctx)
	if err != nil {
		return nil, err
	}
	// Not a metav1.Table, which decodes every cell.
	var table struct {
		Columns []struct {
			Name string `json:"name"`
		} `json:"columnDefinitions"`
		Rows []struct {
			Cells []json.RawMessage `json:"cells"`
		} `json:"rows"`
	}
	if err := json.Unmarshal(raw, &table); err != nil {
		return nil, fmt.Errorf("reading the table of %s: %w", resource, err)
	}
	at := -1
	for i, column := range table.Columns {
		if column.Name == "Name" {
			at = i
		}
	}
	names := make([]string, 0, len(table.Rows))
	for _, row := range table.Rows {
		var name string
		if at < 0 || at >= len(row.Cells) || json.Unmarshal(row.Cells[at], &name) != nil {
			return nil, fmt.Errorf("the table of %s has no names", resource)
		}
		names = append(names, name)
	}
	return names, nil
}
