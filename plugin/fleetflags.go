package plugin

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/fleet"
)

// fleetFlags name the two DaemonSets where images do not tell; for a cutover by weights
// they may be Deployments.
type fleetFlags struct{ old, new string }

func (f *fleetFlags) add(c *cluster, cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.old, "old", "", "DaemonSet of the old proxy as NAMESPACE/NAME"+oldByImage)
	cmd.Flags().StringVar(&f.new, "new", "", "DaemonSet of the new proxy as NAMESPACE/NAME"+newByImage)
	for _, name := range []string{"old", "new"} {
		// The only error is an unknown flag, which the tests would show at once.
		_ = cmd.RegisterFlagCompletionFunc(name, c.completeDaemonSets)
	}
}

const (
	oldByImage = " (default: the one with an image of Traefik 1)"
	newByImage = " (default: the one with an image of Traefik 2 or 3)"
)

// anyKind says that a command takes Deployments, too, in cutovers by weights.
func anyKind(cmd *cobra.Command) {
	for name, byImage := range map[string]string{"old": oldByImage, "new": newByImage} {
		cmd.Flags().Lookup(name).Usage = fmt.Sprintf("The %s proxy as NAMESPACE/NAME of a DaemonSet, or by weights as [deployment/]NAMESPACE/NAME%s", name, byImage)
	}
}

// reader makes a reader for the chosen DaemonSets.
func (f *fleetFlags) reader(c *cluster) (*fleet.Reader, error) {
	client, err := c.clientset()
	if err != nil {
		return nil, err
	}
	r := &fleet.Reader{Client: client, Now: time.Now}
	if r.Selection.Old, err = fleet.ParseName(f.old); err != nil {
		return nil, usageError("--old: %v", err)
	}
	if r.Selection.New, err = fleet.ParseName(f.new); err != nil {
		return nil, usageError("--new: %v", err)
	}
	return r, nil
}

// read takes a picture that has both proxies.
func (f *fleetFlags) read(ctx context.Context, c *cluster) (*fleet.Reader, *fleet.Fleet, error) {
	r, picture, err := f.readAny(ctx, c)
	if err != nil {
		return nil, nil, err
	}
	return r, picture, picture.Need(fleet.Old, fleet.New)
}

// readAny takes a picture of what there is.
func (f *fleetFlags) readAny(ctx context.Context, c *cluster) (*fleet.Reader, *fleet.Fleet, error) {
	r, err := f.reader(c)
	if err != nil {
		return nil, nil, err
	}
	picture, err := r.Read(ctx)
	return r, picture, clusterError(err)
}

// completeDaemonSets completes NAMESPACE/NAME, and that of Deployments behind their kind;
// silent on errors.
func (c *cluster) completeDaemonSets(cmd *cobra.Command, _ []string, prefix string) ([]string, cobra.ShellCompDirective) {
	client, err := c.clientset()
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var names []string
	if strings.HasPrefix(prefix, "deployment/") {
		list, err := client.AppsV1().Deployments("").List(cmd.Context(), metav1.ListOptions{})
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		for _, d := range list.Items {
			names = append(names, "deployment/"+d.Namespace+"/"+d.Name)
		}
		return withPrefix(names, prefix), cobra.ShellCompDirectiveNoFileComp
	}
	list, err := client.AppsV1().DaemonSets("").List(cmd.Context(), metav1.ListOptions{})
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	for _, ds := range list.Items {
		names = append(names, ds.Namespace+"/"+ds.Name)
	}
	return withPrefix(names, prefix), cobra.ShellCompDirectiveNoFileComp
}

// completeEdgeNodes completes the first argument with the proxies' nodes; silent
// on errors.
func completeEdgeNodes(c *cluster, flags *fleetFlags) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, prefix string) ([]string, cobra.ShellCompDirective) {
		if len(args) > 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		r, err := flags.reader(c)
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		f, err := r.Read(cmd.Context())
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		var names []string
		for _, n := range f.Nodes {
			names = append(names, n.Name)
		}
		return withPrefix(names, prefix), cobra.ShellCompDirectiveNoFileComp
	}
}
