package static

import (
	"fmt"
	"strings"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
)

// additions say what Traefik 2 does by default and Traefik 3 does not.
func (u *upgrade) additions() {
	u.tree.place("v2", []string{"core", "defaultRuleSyntax"})
	u.find(diag.WStaticRules, nil, "core.defaultRuleSyntax: v2")
	if s := u.settings["accesslog"]; s != nil {
		u.add(true, "since Traefik 2 logs requests for its own pages too, such as ping", "accessLog", "addInternals")
		if u.text("accesslog.format") == "json" {
			u.find(diag.WStaticLog, s, "ServiceURL is a text in the JSON of Traefik 3, and an object in that of Traefik 2")
		}
	}
	if metrics, ok := u.tree["metrics"].(Tree); ok && len(metrics) > 0 {
		u.add(true, "since Traefik 2 counts requests for its own pages too, such as ping", "metrics", "addInternals")
		u.find(diag.WStaticMetrics, u.first("metrics"), "traefik_open_connections takes the place of open connections of entry points, routers and services; traefik_config_reloads_failure_total and traefik_config_last_reload_failure are gone; gRPC requests count under their Grpc-Status")
	}
}

func (u *upgrade) add(value any, why string, to ...string) {
	u.tree.place(value, to)
	u.find(diag.IStaticAdded, nil, dotted(to)+": "+fmt.Sprint(value)+", "+why)
}

// dynamicProviders are those whose routes users write in the words of Traefik 2.
var dynamicProviders = []string{"consul", "consulcatalog", "docker", "ecs", "etcd", "file", "http", "kubernetescrd", "nomad", "plugin", "redis", "rest", "zookeeper"}

// upgradeChecklist says what does not stand in the static configuration.
func (u *upgrade) upgradeChecklist() {
	var on []string
	for _, provider := range dynamicProviders {
		if u.first("providers."+provider) != nil {
			on = append(on, provider)
		}
	}
	if len(on) > 0 {
		u.find(diag.WStaticRoutes, u.first("providers."+on[0]), "read by "+strings.Join(on, ", "))
	}
	u.find(diag.WContentType, nil, "Traefik 3 adds no Content-Type to answers without one, Traefik 2 guesses it")
	if u.has("providers.kubernetescrd") || u.has("providers.kubernetesingress") {
		u.find(diag.IStaticCheck, nil, "Traefik 3 reads nodes and EndpointSlices: renew the ClusterRole before it starts, and for kubernetesCRD the CRDs; Ingresses of networking.k8s.io/v1beta1 and objects of traefik.containo.us are not read any more")
	}
	if u.has("providers.kubernetesingress") && !u.has("providers.kubernetescrd") {
		u.find(diag.IStaticCheck, nil, "kubernetesIngress goes on serving the Ingresses; routes that convert makes of them need providers.kubernetesCRD")
	}
}
