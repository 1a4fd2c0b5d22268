package plugin

import (
	"strings"

	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/scan"
)

// resourceName is how kubectl names an object: ingressroute.traefik.io/web.
func resourceName(o scan.Object) string {
	gv, err := schema.ParseGroupVersion(o.APIVersion)
	if err != nil || gv.Group == "" {
		return strings.ToLower(o.Kind) + "/" + o.Name
	}
	return strings.ToLower(o.Kind) + "." + gv.Group + "/" + o.Name
}
