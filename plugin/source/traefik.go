package source

import (
	"slices"

	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
)

// traefik takes the names of objects that annotations of Traefik's own Ingress
// provider refer to; their content is nobody's business here.
func (r *reader) traefik(h head, gv schema.GroupVersion) bool {
	ours := gv.Group == "traefik.io" || gv.Group == "traefik.containo.us"
	if !ours || !slices.Contains([]string{"Middleware", "ServersTransport", "TLSOption"}, h.Kind) || h.Metadata.Name == "" {
		return false
	}
	object := ir.TraefikObject{Kind: h.Kind, Namespace: r.orDefault(h.Metadata.Namespace), Name: h.Metadata.Name}
	r.objects.put(object.Kind+" "+object.Namespace+"/"+object.Name, object)
	return true
}
