package manifests

import (
	"embed"
	"fmt"

	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

//go:embed operator/clusterrole.yaml operator/role.yaml
var operator embed.FS

// Operator returns the rights that the folder operator gives to whoever moves nodes:
// in the whole cluster, and in each namespace of the proxies.
func Operator() (cluster, namespaced []rbacv1.PolicyRule, err error) {
	for name, into := range map[string]*[]rbacv1.PolicyRule{"clusterrole.yaml": &cluster, "role.yaml": &namespaced} {
		raw, err := operator.ReadFile("operator/" + name)
		if err != nil {
			return nil, nil, fmt.Errorf("read the operator's role: %w", err)
		}
		objects, err := decode(raw)
		if err != nil {
			return nil, nil, fmt.Errorf("read the operator's %s: %w", name, err)
		}
		for _, object := range objects {
			if kind := object.GetKind(); kind != "ClusterRole" && kind != "Role" {
				continue
			}
			var role rbacv1.Role // the same rules in both kinds
			if err := runtime.DefaultUnstructuredConverter.FromUnstructured(object.Object, &role); err != nil {
				return nil, nil, fmt.Errorf("read the operator's %s: %w", name, err)
			}
			*into = append(*into, role.Rules...)
		}
	}
	return cluster, namespaced, nil
}
