package source

import (
	"strings"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/static"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/traefikv1"
)

// FactsFromTOML reads from the static configuration file of Traefik 1.7
// (traefik.toml) what changes the meaning of an Ingress.
func FactsFromTOML(content []byte) (traefikv1.Facts, error) { return FactsOfV1(content, nil) }

// FactsOfV1 reads the same from the file, which may be empty, and the arguments
// of its container, which go before the file.
func FactsOfV1(content []byte, args []string) (traefikv1.Facts, error) {
	config, err := static.Read(static.Input{File: "traefik.toml", Content: content, Args: flagsOf(args)})
	if err != nil {
		return traefikv1.Facts{}, err
	}
	return static.Facts(config)
}

// flagsOf leaves the command itself out.
func flagsOf(args []string) []string {
	for len(args) > 0 && !strings.HasPrefix(args[0], "-") {
		args = args[1:]
	}
	return args
}
