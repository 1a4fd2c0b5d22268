package preflight

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/BurntSushi/toml"
	"k8s.io/apimachinery/pkg/labels"
	"sigs.k8s.io/yaml"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert"
)

// Config is what matters here of a controller's static configuration.
type Config struct {
	// Dialect names the controller; "" when its image does not tell.
	Dialect convert.Dialect
	// Accept is how long requests are accepted after SIGTERM, Finish how long
	// running ones have after that: the least of all entry points.
	Accept, Finish time.Duration
	// ACME: it gets certificates itself and keeps them in a file.
	ACME bool
	// RouteClass and RouteLabels are what the kubernetesCRD provider of Traefik 2
	// and 3 looks for on routes; RouteNamespaces where, all when empty.
	RouteClass      string
	RouteLabels     map[string]string
	RouteNamespaces []string
	// RouteEntryPoints are all entry points, if routes that name none are not on all
	// of them.
	RouteEntryPoints []string
	// Problem is why the configuration could not be understood.
	Problem string
}

// file is a configuration file that the pods mount.
type file struct{ name, text string }

// Defaults of Traefik: configuration/configuration.go of v1.7.34 and
// pkg/config/static/entrypoints.go of v2.11 have 0 s and 10 s.
const (
	defaultAccept = 0
	defaultFinish = 10 * time.Second
)

// parseConfig reads arguments and files; arguments win, as they do in Traefik 1.
// Traefik 2 refuses a mix, so the order does not matter there.
func parseConfig(dialect convert.Dialect, args []string, files []file) Config {
	settings := map[string]string{}
	var problems []string
	for _, f := range files {
		content := map[string]any{}
		var err error
		if strings.HasSuffix(f.name, ".toml") {
			_, err = toml.Decode(f.text, &content)
		} else {
			err = yaml.Unmarshal([]byte(f.text), &content)
		}
		if err != nil {
			problems = append(problems, fmt.Sprintf("%s: %v", f.name, err))
			continue
		}
		flatten(settings, "", content)
	}
	maps.Copy(settings, flags(args))
	c := Config{Dialect: dialect, Accept: defaultAccept, Finish: defaultFinish, Problem: strings.Join(problems, "; ")}
	if dialect == convert.FromTraefikV1 {
		c.Accept = duration(settings["lifecycle.requestacceptgracetimeout"], defaultAccept)
		c.Finish = duration(settings["lifecycle.gracetimeout"], defaultFinish)
		_, c.ACME = settings["acme.storage"]
		return c
	}
	c.ACME = slices.ContainsFunc(sorted(settings), func(key string) bool {
		return strings.HasPrefix(key, "certificatesresolvers.") && strings.HasSuffix(key, ".acme.storage")
	})
	const provider = "providers.kubernetescrd."
	c.RouteClass = settings[provider+"ingressclass"]
	if namespaces := strings.Trim(settings[provider+"namespaces"], "[] "); namespaces != "" {
		c.RouteNamespaces = strings.FieldsFunc(namespaces, func(r rune) bool { return r == ',' || r == ' ' })
	}
	if selector, err := labels.ConvertSelectorToLabelsMap(settings[provider+"labelselector"]); err == nil && len(selector) > 0 {
		c.RouteLabels = selector
	}
	if slices.ContainsFunc(sorted(settings), func(key string) bool {
		return strings.HasPrefix(key, "entrypoints.") && strings.HasSuffix(key, ".asdefault")
	}) {
		c.RouteEntryPoints = entryPoints(settings)
	}
	first := true
	for _, name := range entryPoints(settings) {
		prefix := "entrypoints." + name + ".transport.lifecycle."
		accept := duration(settings[prefix+"requestacceptgracetimeout"], defaultAccept)
		finish := duration(settings[prefix+"gracetimeout"], defaultFinish)
		if first || accept < c.Accept {
			c.Accept = accept
		}
		if first || finish < c.Finish {
			c.Finish = finish
		}
		first = false
	}
	return c
}

// flags are the options among arguments, in lower case.
func flags(args []string) map[string]string {
	settings := map[string]string{}
	for i, arg := range args {
		name, value, ok := strings.Cut(strings.TrimLeft(arg, "-"), "=")
		if !strings.HasPrefix(arg, "-") {
			continue
		}
		if !ok && i+1 < len(args) && !strings.HasPrefix(args[i+1], "-") {
			value = args[i+1]
		}
		settings[strings.ToLower(name)] = value
	}
	return settings
}

// nginxConfig: after SIGTERM ingress-nginx goes on for --shutdown-grace-period (0),
// then its workers finish what they have within worker-shutdown-timeout (240 s).
// The defaults are those of pkg/flags/flags.go and of
// internal/ingress/controller/config/config.go.
func nginxConfig(settings, configMap map[string]string) Config {
	const workers = 240 * time.Second
	return Config{
		Dialect: convert.FromNginx,
		Accept:  duration(settings["shutdown-grace-period"], 0),
		Finish:  duration(configMap["worker-shutdown-timeout"], workers),
	}
}

// acceptSetting names what sets Config.Accept.
func (c Config) acceptSetting() string {
	switch c.Dialect {
	case convert.FromTraefikV1:
		return "lifeCycle.requestAcceptGraceTimeout"
	case convert.FromNginx:
		return "--shutdown-grace-period"
	case convert.FromTraefik:
		return "entryPoints.*.transport.lifeCycle.requestAcceptGraceTimeout"
	}
	return "how long it accepts requests after SIGTERM"
}

// entryPoints that carry traffic: all but Traefik's own.
func entryPoints(settings map[string]string) []string {
	names := map[string]bool{}
	for key := range settings {
		rest, ok := strings.CutPrefix(key, "entrypoints.")
		if !ok {
			continue
		}
		name, _, _ := strings.Cut(rest, ".")
		names[name] = true
	}
	delete(names, "traefik")
	delete(names, "metrics")
	return sorted(names)
}

// flatten turns nested tables into lower-case dotted keys.
func flatten(into map[string]string, prefix string, content map[string]any) {
	for key, value := range content {
		key = prefix + strings.ToLower(key)
		if table, ok := value.(map[string]any); ok {
			flatten(into, key+".", table)
			continue
		}
		into[key] = fmt.Sprint(value)
	}
}

// duration reads a Traefik duration: a Go one, or seconds.
func duration(text string, otherwise time.Duration) time.Duration {
	if text == "" {
		return otherwise
	}
	if seconds, err := strconv.ParseFloat(text, 64); err == nil {
		return time.Duration(seconds * float64(time.Second))
	}
	if d, err := time.ParseDuration(text); err == nil {
		return d
	}
	return otherwise
}

func sorted[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
