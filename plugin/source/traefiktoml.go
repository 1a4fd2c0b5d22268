package source

import (
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/static"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/traefikv1"
)

// FactsFromTOML reads from the static configuration file of Traefik 1.7
// (traefik.toml) what changes the meaning of an Ingress.
func FactsFromTOML(content []byte) (traefikv1.Facts, error) {
	config, err := static.Read(static.Input{File: "traefik.toml", TOML: content})
	if err != nil {
		return traefikv1.Facts{}, err
	}
	return static.Facts(config)
}
