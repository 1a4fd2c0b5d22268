package source

import (
	"encoding/json"
	"slices"

	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
)

// traefik takes the names of objects that annotations of Traefik's own Ingress
// provider refer to, and what Middlewares do, which has to be said in other words
// where the target is no Traefik. An object of traefik.io goes before its twin of
// the older group, as in Traefik 2.
func (r *reader) traefik(raw json.RawMessage, h head, gv schema.GroupVersion) bool {
	ours := gv.Group == "traefik.io" || gv.Group == "traefik.containo.us"
	if !ours || !slices.Contains([]string{"Middleware", "ServersTransport", "TLSOption"}, h.Kind) || h.Metadata.Name == "" {
		return false
	}
	object := ir.TraefikObject{Kind: h.Kind, Namespace: r.orDefault(h.Metadata.Namespace), Name: h.Metadata.Name}
	key := object.Kind + " " + object.Namespace + "/" + object.Name
	if _, there := r.objects.index[key]; there && gv.Group != "traefik.io" {
		return true
	}
	var body struct{ Spec json.RawMessage }
	if h.Kind == "Middleware" && json.Unmarshal(raw, &body) == nil {
		object.Spec = string(body.Spec)
	}
	r.objects.put(key, object)
	return true
}
