package static

import (
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
)

// kubernetes turns the Kubernetes provider, which reads Ingresses, into the one
// that reads the routes which convert makes of them.
func (r *conversion) kubernetes() {
	if !r.has("kubernetes") {
		return
	}
	to := []string{"providers", "kubernetesCRD"}
	r.tree.set(Tree{}, to...)
	r.carryAll("kubernetes", to, [2]string{"endpoint", "endpoint"}, [2]string{"token", "token"}, [2]string{"certauthfilepath", "certAuthFilePath"},
		[2]string{"namespaces", "namespaces"}, [2]string{"labelselector", "labelSelector"}, [2]string{"throttleduration", "throttleDuration"})
	r.tree.set(true, "providers", "kubernetesCRD", "allowEmptyServices")
	r.find(diag.IStaticCheck, nil, "providers.kubernetesCRD.allowEmptyServices: true, so that a Service without pods answers 503 as in Traefik 1.7, not 404")
	r.tree.set(true, "providers", "kubernetesCRD", "allowExternalNameServices")
	r.find(diag.IStaticCheck, nil, "providers.kubernetesCRD.allowExternalNameServices: true, since Traefik 1.7 always allows them; without such Services leave it out")
	r.find(diag.IStaticCheck, nil, "providers.kubernetesCRD.allowCrossNamespace stays off: set it only after convert has reported E-MERGE-XNS and you accept that")
	if s := r.settings["kubernetes.ingressclass"]; s != nil {
		if class := r.text(s.Path); class != "" {
			r.carry(s.Path, "providers", "kubernetesCRD", "ingressClass")
			r.find(diag.IStaticIngress, s, "routes need the class too: convert --target-ingress-class="+class)
		} else {
			r.find(diag.IStaticIgnored, s, "an empty class is the default")
		}
	}
	if s := r.settings["kubernetes.disablepasshostheaders"]; s != nil {
		r.find(diag.IStaticIngress, s, "")
	}
	r.whenOn("kubernetes.enablepasstlscert", diag.EPassTLSCert, "")
	if s := r.settings["kubernetes.filename"]; s != nil {
		if r.text(s.Path) != "" {
			r.find(diag.ECustomTemplate, s, "")
		} else {
			r.find(diag.IStaticIgnored, s, "an empty name is the default")
		}
	}
	for _, s := range r.below("kubernetes.ingressendpoint") {
		r.find(diag.WStatus, s, "")
	}
	if s := r.settings["kubernetes.watch"]; s != nil {
		if r.flag(s.Path, true) {
			r.find(diag.IStaticIgnored, s, "the provider always watches")
		} else {
			r.find(diag.WStaticOption, s, "the provider of Traefik 2 and 3 always watches, Traefik 1.7 loads Ingresses once")
		}
	}
	for _, key := range []string{"constraints", "trace", "templateversion", "debugloggeneratedtemplate"} {
		if s := r.settings["kubernetes."+key]; s != nil {
			r.find(diag.IStaticDropped, s, "it has no counterpart, and changes no route")
		}
	}
}
