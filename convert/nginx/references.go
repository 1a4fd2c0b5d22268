package nginx

import (
	"slices"
	"strings"

	networkingv1 "k8s.io/api/networking/v1"
)

// ReferencedHosts are the hosts of other Ingresses on which the routes of ing
// depend, sorted, in lower case: an alias or the other name of a www redirect
// counts only when no Ingress has it as a host. The annotation's prefix can be
// chosen, so any prefix counts here: a host too many does no harm.
func ReferencedHosts(ing *networkingv1.Ingress) []string {
	if ing == nil {
		return nil
	}
	var hosts []string
	for key, value := range ing.Annotations {
		switch _, name, _ := strings.Cut(key, "/"); name {
		case "server-alias":
			for _, alias := range splitList(value) {
				hosts = append(hosts, strings.ToLower(alias))
			}
		case "from-to-www-redirect":
			for i := range ing.Spec.Rules {
				if host := counterpart(strings.ToLower(ing.Spec.Rules[i].Host)); host != "" {
					hosts = append(hosts, host)
				}
			}
		}
	}
	slices.Sort(hosts)
	return slices.Compact(hosts)
}
