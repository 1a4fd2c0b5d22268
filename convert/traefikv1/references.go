package traefikv1

import (
	"regexp"
	"slices"
	"strings"

	networkingv1 "k8s.io/api/networking/v1"
)

// keyPrefix is what priority and entry points put before the host in a key.
var keyPrefix = regexp.MustCompile(`^([0-9]+-)?(.*_)?`)

// ReferencedHosts are the hosts of other Ingresses that the routes of ing depend
// on, sorted, in lower case: its error pages name the host and path whose
// backend serves them.
func ReferencedHosts(ing *networkingv1.Ingress) []string {
	if ing == nil || ing.Annotations[plainPrefix+"error-pages"] == "" && ing.Annotations[traefikPrefix+"error-pages"] == "" {
		return nil
	}
	s := &source{ann: newAnnotations(ing.Annotations)}
	pages, _ := parseErrorPages(s.ann.str("error-pages", ""))
	var hosts []string
	for _, page := range pages {
		if page == nil {
			continue
		}
		backend, err := tomlString(page.Backend)
		if err != nil {
			continue
		}
		host, _, _ := strings.Cut(backend, "/")
		for _, candidate := range [...]string{host, keyPrefix.ReplaceAllString(host, "")} {
			if candidate != "" {
				hosts = append(hosts, strings.ToLower(candidate))
			}
		}
	}
	slices.Sort(hosts)
	return slices.Compact(hosts)
}

// NamesEntryPoints tells whether an annotation says where an Ingress is served. The
// certificates of its TLS secrets are loaded there, also for other Ingresses that name
// them.
func NamesEntryPoints(key string) bool {
	switch key {
	case plainPrefix + "frontend-entry-points", traefikPrefix + "frontend-entry-points", "traefik.frontend.entryPoints":
		return true
	}
	return false
}
