package controller

import (
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/source"
)

// Version is what a workload runs.
type Version struct {
	// Workload is its kind, namespace and name, such as daemonset edge/traefik.
	Workload string `json:"workload"`
	// Product is traefik or ingress-nginx.
	Product string `json:"product"`
	// Version is the one of the image's tag; empty: it does not tell.
	Version string `json:"version,omitempty"`
	Image   string `json:"image"`
}

// Versions tells which of the workloads run a controller, and of which version.
func Versions(workloads []source.Workload) []Version {
	var versions []Version
	for _, w := range workloads {
		r, ok := recognise(w)
		if !ok {
			continue
		}
		product := "traefik"
		if r.dialect == convert.FromNginx {
			product = "ingress-nginx"
		}
		versions = append(versions, Version{Workload: w.String(), Product: product, Version: r.version, Image: r.image})
	}
	return versions
}
