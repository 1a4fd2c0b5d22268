package source

import (
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"

	"github.com/BurntSushi/toml"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/traefikv1"
)

// staticConfig is what of Traefik 1.7's configuration file changes the meaning
// of an Ingress. Traefik reads keys in any case, and so does this decoder.
type staticConfig struct {
	DefaultEntryPoints []string
	KeepTrailingSlash  bool
	AllowMinWeightZero bool
	EntryPoints        map[string]staticEntryPoint
	Retry              *struct{ Attempts int }
	Kubernetes         struct {
		IngressClass           string
		LabelSelector          string
		Namespaces             []string
		DisablePassHostHeaders bool
		EnablePassTLSCert      bool
		Filename               string
	}
}

type staticEntryPoint struct {
	Address  string
	TLS      *struct{}
	Redirect *struct{ EntryPoint string }
}

// FactsFromTOML reads the static configuration file of Traefik 1.7
// (traefik.toml). The entry points http and https are called web and websecure
// in the target, as Traefik 2's own examples and chart do; others keep their name.
func FactsFromTOML(content []byte) (traefikv1.Facts, error) {
	var config staticConfig
	if _, err := toml.Decode(string(content), &config); err != nil {
		return traefikv1.Facts{}, fmt.Errorf("reading the configuration of Traefik 1.7: %w", err)
	}
	facts := traefikv1.Facts{
		EntryPointsKnown:       true,
		DefaultEntryPoints:     config.DefaultEntryPoints,
		IngressClass:           config.Kubernetes.IngressClass,
		LabelSelector:          config.Kubernetes.LabelSelector,
		Namespaces:             config.Kubernetes.Namespaces,
		DisablePassHostHeaders: config.Kubernetes.DisablePassHostHeaders,
		EnablePassTLSCert:      config.Kubernetes.EnablePassTLSCert,
		KeepTrailingSlash:      config.KeepTrailingSlash,
		AllowMinWeightZero:     config.AllowMinWeightZero,
		CustomTemplate:         config.Kubernetes.Filename != "",
		PriorityScale:          traefikv1.DefaultFacts().PriorityScale,
	}
	if config.Retry != nil {
		facts.Retry = &traefikv1.Retry{Attempts: config.Retry.Attempts}
	}
	// Without any, Traefik 1.7 listens on :80 as http and serves that by default.
	if len(config.EntryPoints) == 0 {
		config.EntryPoints = map[string]staticEntryPoint{"http": {Address: ":80"}}
	}
	if len(facts.DefaultEntryPoints) == 0 {
		facts.DefaultEntryPoints = []string{"http"}
	}
	for name, static := range config.EntryPoints {
		entryPoint, err := static.fact(name)
		if err != nil {
			return traefikv1.Facts{}, err
		}
		facts.EntryPoints = append(facts.EntryPoints, entryPoint)
	}
	slices.SortFunc(facts.EntryPoints, func(a, b traefikv1.EntryPoint) int { return strings.Compare(a.Name, b.Name) })
	return facts, facts.Validate()
}

func (s staticEntryPoint) fact(name string) (traefikv1.EntryPoint, error) {
	_, text, err := net.SplitHostPort(s.Address)
	if err != nil {
		return traefikv1.EntryPoint{}, fmt.Errorf("entry point %s of Traefik 1.7: address %q: want :PORT or HOST:PORT", name, s.Address)
	}
	port, err := strconv.ParseUint(text, 10, 16)
	if err != nil {
		return traefikv1.EntryPoint{}, fmt.Errorf("entry point %s of Traefik 1.7: %q is no port number", name, text)
	}
	entryPoint := traefikv1.EntryPoint{Name: name, Target: targetName(name), TLS: s.TLS != nil, Port: int(port)}
	if s.Redirect != nil {
		entryPoint.RedirectTo = s.Redirect.EntryPoint
	}
	return entryPoint, nil
}

func targetName(name string) string {
	switch name {
	case "http":
		return "web"
	case "https":
		return "websecure"
	}
	return name
}
