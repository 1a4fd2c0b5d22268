package traefikv1

import (
	"strconv"
	"strings"
)

// frontendKey is the name under which Traefik 1.7 keeps the frontend of a path.
// It carries no namespace: equal keys meet in one frontend.
func frontendKey(host, path, service string, entryPoints []string, priority int) string {
	key := host + path
	if key == "" {
		key = service
	}
	if len(entryPoints) > 0 {
		key = strings.Join(entryPoints, "-") + "_" + key
	}
	if priority > 0 {
		key = strconv.Itoa(priority) + "-" + key
	}
	return key
}
