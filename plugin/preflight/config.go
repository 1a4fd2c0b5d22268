package preflight

import (
	"cmp"
	"fmt"
	"maps"
	"net/http"
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
	// running ones have after that: the least of all entry points. AcceptFrom and
	// FinishFrom say where they are set.
	Accept, Finish         time.Duration
	AcceptFrom, FinishFrom string
	// AnswerLimit is how long a request may take at all; 0: there is no limit.
	AnswerLimit time.Duration
	// Ping is where it tells that it leaves; nil: nowhere.
	Ping *Ping
	// ACME: it gets certificates itself and keeps them in a file.
	ACME bool
	// ReadsRoutes: the kubernetesCRD provider of Traefik 2 and 3 is on.
	ReadsRoutes bool
	// RouteClass and RouteLabels are what that provider looks for on routes;
	// RouteNamespaces where, all when empty.
	RouteClass      string
	RouteLabels     map[string]string
	RouteNamespaces []string
	// RouteEntryPoints are all entry points, if routes that name none are not on all
	// of them.
	RouteEntryPoints []string
	// RuleSyntax is core.defaultRuleSyntax of Traefik 3, "v2" or "v3"; "" when not set.
	RuleSyntax string
	// Problem is why the configuration could not be understood.
	Problem string
}

// Ping is a health check's address.
type Ping struct {
	// Path, and Port; 0: not known.
	Path string
	Port int32
	// Leaving is the status that it answers once the proxy leaves; 0: a user's own
	// route decides.
	Leaving int
}

// file is a configuration file that the pods mount, and where that is kept.
type file struct{ name, from, text string }

// setting is a value and where it is set.
type setting struct{ value, from string }

// on tells whether an option that may have options of its own is set.
func on(settings map[string]setting, name string) bool {
	if s, ok := settings[name]; ok {
		return s.value != "false"
	}
	return slices.ContainsFunc(sorted(settings), func(key string) bool { return strings.HasPrefix(key, name+".") })
}

// Defaults of Traefik: configuration/configuration.go of v1.7.34 and
// pkg/config/static/entrypoints.go of v2.11 have 0 s and 10 s.
const (
	defaultAccept = 0
	defaultFinish = 10 * time.Second
	defaultFrom   = "Traefik's default"
	// defaultPingPort is that of the entry point "traefik".
	defaultPingPort = 8080
)

// parseConfig reads arguments and files; arguments win, as they do in Traefik 1.
// Traefik 2 refuses a mix, so the order does not matter there.
func parseConfig(dialect convert.Dialect, args []string, files []file) Config {
	settings := map[string]setting{}
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
		flatten(settings, "", f.from, content)
	}
	maps.Copy(settings, flags(args))
	if wanted, ok := settings["configfile"]; ok && len(files) == 0 {
		problems = append(problems, "its configuration file "+wanted.value+" is in no configmap")
	}
	c := Config{
		Dialect: dialect, Accept: defaultAccept, Finish: defaultFinish, AcceptFrom: defaultFrom, FinishFrom: defaultFrom,
		Problem: strings.Join(problems, "; "), Ping: pingOf(dialect, settings),
	}
	if dialect == convert.FromTraefikV1 {
		c.Accept, c.AcceptFrom = duration(settings, "lifecycle.requestacceptgracetimeout", defaultAccept)
		c.Finish, c.FinishFrom = duration(settings, "lifecycle.gracetimeout", defaultFinish)
		c.AnswerLimit, _ = duration(settings, "respondingtimeouts.writetimeout", 0)
		_, c.ACME = settings["acme.storage"]
		return c
	}
	c.ACME = slices.ContainsFunc(sorted(settings), func(key string) bool {
		return strings.HasPrefix(key, "certificatesresolvers.") && strings.HasSuffix(key, ".acme.storage")
	})
	c.routes(settings)
	for i, name := range entryPoints(settings) {
		prefix := "entrypoints." + name + ".transport."
		accept, acceptFrom := duration(settings, prefix+"lifecycle.requestacceptgracetimeout", defaultAccept)
		finish, finishFrom := duration(settings, prefix+"lifecycle.gracetimeout", defaultFinish)
		limit, _ := duration(settings, prefix+"respondingtimeouts.writetimeout", 0)
		if i == 0 || accept < c.Accept {
			c.Accept, c.AcceptFrom = accept, acceptFrom
		}
		if i == 0 || finish < c.Finish {
			c.Finish, c.FinishFrom = finish, finishFrom
		}
		switch {
		case i == 0:
			c.AnswerLimit = limit
		case limit == 0 || c.AnswerLimit == 0:
			c.AnswerLimit = 0
		default:
			c.AnswerLimit = max(c.AnswerLimit, limit)
		}
	}
	return c
}

// routes reads what the kubernetesCRD provider of Traefik 2 and 3 is told.
func (c *Config) routes(settings map[string]setting) {
	const provider = "providers.kubernetescrd"
	c.ReadsRoutes = on(settings, provider)
	c.RouteClass = settings[provider+".ingressclass"].value
	c.RuleSyntax = strings.ToLower(settings["core.defaultrulesyntax"].value)
	if namespaces := strings.Trim(settings[provider+".namespaces"].value, "[] "); namespaces != "" {
		c.RouteNamespaces = strings.FieldsFunc(namespaces, func(r rune) bool { return r == ',' || r == ' ' })
	}
	if selector, err := labels.ConvertSelectorToLabelsMap(settings[provider+".labelselector"].value); err == nil && len(selector) > 0 {
		c.RouteLabels = selector
	}
	if slices.ContainsFunc(sorted(settings), func(key string) bool {
		return strings.HasPrefix(key, "entrypoints.") && strings.HasSuffix(key, ".asdefault")
	}) {
		c.RouteEntryPoints = entryPoints(settings)
	}
}

// pingOf finds where a Traefik answers /ping (ping/ping.go of v1.7.34, pkg/ping of
// v2.11): on the entry point "traefik" unless told otherwise. The web section of
// Traefik 1 has it as well, unless one of its successors is set.
func pingOf(dialect convert.Dialect, settings map[string]setting) *Ping {
	p := &Ping{Path: "/ping", Leaving: http.StatusServiceUnavailable}
	entryPoint := cmp.Or(settings["ping.entrypoint"].value, "traefik")
	address := settings["entrypoints."+entryPoint+".address"].value
	switch {
	case on(settings, "ping"):
	case dialect == convert.FromTraefikV1 && on(settings, "web") && !on(settings, "api") && !on(settings, "metrics") && !on(settings, "rest"):
		entryPoint, address = "traefik", settings["web.address"].value
	default:
		return nil
	}
	if code, err := strconv.Atoi(settings["ping.terminatingstatuscode"].value); err == nil {
		p.Leaving = code
	}
	if settings["ping.manualrouting"].value == "true" {
		p.Leaving, address, entryPoint = 0, "", ""
	}
	if address == "" && entryPoint == "traefik" {
		p.Port = defaultPingPort
	}
	address, _, _ = strings.Cut(address, "/") // :8082/tcp
	if port, err := strconv.ParseInt(address[strings.LastIndexByte(address, ':')+1:], 10, 32); err == nil {
		p.Port = int32(port)
	}
	return p
}

// flags are the options among arguments, in lower case.
func flags(args []string) map[string]setting {
	settings := map[string]setting{}
	for i, arg := range args {
		name, value, ok := strings.Cut(strings.TrimLeft(arg, "-"), "=")
		if !strings.HasPrefix(arg, "-") {
			continue
		}
		if !ok && i+1 < len(args) && !strings.HasPrefix(args[i+1], "-") {
			value = args[i+1]
		}
		from := "argument --" + name
		name = strings.ToLower(name)
		settings[name] = setting{value, from}
		if name == "entrypoints" { // of Traefik 1: "Name:http Address::80"
			point := map[string]string{}
			for _, field := range strings.Fields(strings.Trim(value, "'\"")) {
				key, text, _ := strings.Cut(field, ":")
				point[strings.ToLower(key)] = text
			}
			settings["entrypoints."+strings.ToLower(point["name"])+".address"] = setting{point["address"], from}
		}
	}
	return settings
}

// nginxConfig: after SIGTERM ingress-nginx says so on its health check (internal/
// ingress/controller/checker.go) and goes on for --shutdown-grace-period (0), then
// its workers finish what they have within worker-shutdown-timeout (240 s). The
// defaults are those of pkg/flags/flags.go and of
// internal/ingress/controller/config/config.go.
func nginxConfig(settings map[string]setting, configMap map[string]string, from string) Config {
	const (
		workers     = 240 * time.Second
		healthzPort = 10254
	)
	c := Config{Dialect: convert.FromNginx, Ping: &Ping{Path: "/healthz", Port: healthzPort, Leaving: http.StatusInternalServerError}}
	c.Accept, c.AcceptFrom = duration(settings, "shutdown-grace-period", 0)
	data := map[string]setting{}
	for key, value := range configMap {
		data[key] = setting{value, from}
	}
	c.Finish, c.FinishFrom = duration(data, "worker-shutdown-timeout", workers)
	if port, err := strconv.ParseInt(settings["healthz-port"].value, 10, 32); err == nil {
		c.Ping.Port = int32(port)
	}
	for _, from := range []*string{&c.AcceptFrom, &c.FinishFrom} {
		if *from == defaultFrom {
			*from = "ingress-nginx's default"
		}
	}
	return c
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

// finishSetting names what sets Config.Finish.
func (c Config) finishSetting() string {
	switch c.Dialect {
	case convert.FromTraefikV1:
		return "lifeCycle.graceTimeOut"
	case convert.FromNginx:
		return "worker-shutdown-timeout"
	case convert.FromTraefik:
		return "entryPoints.*.transport.lifeCycle.graceTimeOut"
	}
	return "how long it lets requests finish"
}

// entryPoints that carry traffic: all but Traefik's own.
func entryPoints(settings map[string]setting) []string {
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

// flatten turns nested tables into lower-case dotted keys. A table is a key too:
// an empty one switches its option on.
func flatten(into map[string]setting, prefix, from string, content map[string]any) {
	for key, value := range content {
		key = prefix + strings.ToLower(key)
		if table, ok := value.(map[string]any); ok {
			into[key] = setting{"", from}
			flatten(into, key+".", from, table)
			continue
		}
		into[key] = setting{fmt.Sprint(value), from}
	}
}

// duration reads a Traefik duration, a Go one or seconds, and where it is set.
func duration(settings map[string]setting, name string, otherwise time.Duration) (time.Duration, string) {
	s, ok := settings[name]
	if !ok || s.value == "" {
		return otherwise, defaultFrom
	}
	if seconds, err := strconv.ParseFloat(s.value, 64); err == nil {
		return time.Duration(seconds * float64(time.Second)), s.from
	}
	if d, err := time.ParseDuration(s.value); err == nil {
		return d, s.from
	}
	return otherwise, defaultFrom
}

func sorted[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
