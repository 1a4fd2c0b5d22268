package traefikingress

import (
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
)

// Settings are what has to be set or known once for the whole target, whatever
// the Ingresses say. Its object is the installation, not an Ingress.
func Settings(facts Facts) []diag.Diagnostic {
	installation := diag.Object{Kind: "Installation", Name: "traefik"}
	var list []diag.Diagnostic
	say := func(code diag.Code, field, text string) {
		list = append(list, diag.New(code, installation, field, text))
	}
	if facts.AllowEmptyServices {
		say(diag.WTraefikFlag, "providers.kubernetesCRD.allowEmptyServices", "a Service without endpoints is answered 503 because of kubernetesIngress.allowEmptyServices, and 404 by the target without the option of the same name")
	}
	if facts.AllowExternalNameServices {
		say(diag.WTraefikFlag, "providers.kubernetesCRD.allowExternalNameServices", "ExternalName Services are served because of kubernetesIngress.allowExternalNameServices, and not by the target without the option of the same name")
	}
	if facts.PublishesStatus {
		say(diag.WStatus, "providers.kubernetesIngress.ingressEndpoint", "IngressRoutes have no status: whoever reads the addresses of Ingresses needs another source")
	}
	return list
}
