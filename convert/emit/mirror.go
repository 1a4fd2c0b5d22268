package emit

import (
	"github.com/traefik/traefik/v2/pkg/provider/kubernetes/crd/traefikio/v1alpha1"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
)

// mirroring makes the TraefikService that copies every request of b to its
// mirror, and returns its name.
func (o *owner) mirroring(b ir.Backend) string {
	mirror := b.Mirror
	b.Mirror = nil
	spec := v1alpha1.TraefikServiceSpec{Mirroring: &v1alpha1.Mirroring{
		LoadBalancerSpec: o.service(b).LoadBalancerSpec,
		Mirrors:          []v1alpha1.MirrorService{{LoadBalancerSpec: o.one(&mirror.Service).LoadBalancerSpec, Percent: 100}},
	}}
	var extra []cookie
	text := content(spec, nil)
	if mirror.WithoutBody {
		text = append(text, "without body"...)
		extra = []cookie{{place: []any{"spec", "mirroring"}, fields: map[string]any{"mirrorBody": false}}}
		o.onlyV3("mirroring without bodies")
	}
	if len(b.Services) == 1 && onlyV3(b.Services[0].Sticky) {
		extra = append(extra, cookie{sticky: b.Services[0].Sticky, place: []any{"spec", "mirroring", "sticky", "cookie"}})
		text = append(text, content(b.Services[0].Sticky, nil)...)
	}
	name, isNew := o.named("mirror", text)
	if isNew {
		object := &v1alpha1.TraefikService{Spec: spec}
		o.meta("TraefikService", name, &object.TypeMeta, &object.ObjectMeta)
		o.weightedServices = append(o.weightedServices, withCookies(object, extra, o.all.target))
	}
	return name
}
