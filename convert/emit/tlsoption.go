package emit

import (
	"github.com/traefik/traefik/v2/pkg/provider/kubernetes/crd/traefikio/v1alpha1"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
)

// tlsOptions makes the TLSOptions that routes ask for, each once and under the
// Ingress that owns it, and returns the routes with their names.
func (all *owners) tlsOptions(in []ir.Route) []ir.Route {
	out, copied := in, false
	for i := range in {
		t := in[i].TLS
		if t == nil || t.Options == nil {
			continue
		}
		if !copied {
			out, copied = append([]ir.Route(nil), in...), true
		}
		named := *t
		named.Options, named.OptionsNamespace = nil, ""
		named.OptionsName = all.begin(t.Options.Owner).tlsOption(t.Options)
		out[i].TLS = &named
	}
	return out
}

func (o *owner) tlsOption(options *ir.TLSOptions) string {
	spec := v1alpha1.TLSOptionSpec{
		MinVersion: options.MinVersion, MaxVersion: options.MaxVersion, CipherSuites: options.CipherSuites,
		ClientAuth: v1alpha1.ClientAuth{SecretNames: options.ClientCASecrets, ClientAuthType: options.ClientAuth},
	}
	name, isNew := o.named("tlsoption", content(spec, nil))
	if isNew {
		object := &v1alpha1.TLSOption{Spec: spec}
		o.meta("TLSOption", name, &object.TypeMeta, &object.ObjectMeta)
		o.transports = append(o.transports, object)
	}
	return name
}
