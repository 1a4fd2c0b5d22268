// Package observe says what a Traefik of some version does with requests, in
// words that are the same for all versions: its own providers read the cluster,
// its own muxer chooses the router.
package observe

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"sort"
	"strings"
)

// Router is one router of a dynamic configuration.
type Router struct {
	EntryPoints, Middlewares []string
	Service, Rule            string
	RuleSyntax               string
	Priority                 int
	TLS                      *TLS
	Observability            *Observability
}

// TLS is the TLS section of a router.
type TLS struct {
	Options, CertResolver string
	Domains               []struct {
		Main string
		Sans []string
	}
}

// Observability are the switches of a router.
type Observability struct {
	AccessLogs, Metrics, Tracing *bool
	TraceVerbosity               string
}

// Config is what a provider makes of a cluster.
type Config struct {
	HTTP struct {
		Routers           map[string]Router
		Services          map[string]Service
		Middlewares       map[string]json.RawMessage
		ServersTransports map[string]json.RawMessage
	}
	TLS struct {
		Options map[string]json.RawMessage
	}
	// Certificates are the contents of the loaded certificates.
	Certificates []string `json:"-"`
}

// Service is a load balancer over servers.
type Service struct {
	Middlewares  []string
	LoadBalancer *struct {
		Servers []struct {
			URL    string
			Scheme string
			Port   string
		}
		PassHostHeader   *bool
		Sticky           *struct{ Cookie map[string]any }
		ServersTransport string
		Strategy         string
	}
}

// Read takes the dynamic configuration of a provider of any version, and the
// certificates that its JSON form leaves out.
func Read(configuration any, certificates []string) (*Config, error) {
	text, err := json.Marshal(configuration)
	if err != nil {
		return nil, fmt.Errorf("encoding a configuration: %w", err)
	}
	out := &Config{}
	if err := json.Unmarshal(text, out); err != nil {
		return nil, fmt.Errorf("reading a configuration: %w", err)
	}
	slices.Sort(certificates)
	out.Certificates = slices.Compact(certificates)
	return out, nil
}

// World is everything that Traefik knows: the configuration of the provider whose
// routers are looked at, and of the one that has the middlewares.
type World struct {
	// Provider is the name of the provider of the routers.
	Provider string
	Routers  *Config
	Objects  *Config
	// SameSiteInAnyCase: Traefik since 3.7 takes Strict for strict.
	SameSiteInAnyCase bool
}

// Behaviour is what happens to a request that a router takes, on a connection with
// these TLS options, in a form that can be compared: names of routers and services
// are not part of it.
func (w World) Behaviour(r Router, options string) string {
	service := w.Routers.HTTP.Services[r.Service]
	out := map[string]any{"middlewares": w.qualify(append(slices.Clone(r.Middlewares), service.Middlewares...))}
	if lb := service.LoadBalancer; lb != nil {
		var servers []string
		for _, s := range lb.Servers {
			scheme, rest, _ := strings.Cut(s.URL, "://")
			servers = append(servers, strings.ToLower(scheme)+"://"+rest)
		}
		sort.Strings(servers)
		out["servers"] = servers
		out["passHost"] = lb.PassHostHeader == nil || *lb.PassHostHeader
		out["transport"] = w.qualify([]string{lb.ServersTransport})
		if lb.Sticky != nil && lb.Sticky.Cookie != nil {
			cookie := maps.Clone(lb.Sticky.Cookie)
			if name, _ := cookie["name"].(string); name == "" {
				cookie["name"] = generatedName(r.Service + "@" + w.Provider)
			}
			if cookie["path"] == "/" {
				delete(cookie, "path")
			}
			switch site, _ := cookie["sameSite"].(string); site {
			case "lax", "strict", "none":
			default:
				delete(cookie, "sameSite")
				if lower := strings.ToLower(site); w.SameSiteInAnyCase && slices.Contains([]string{"lax", "strict", "none"}, lower) {
					cookie["sameSite"] = lower
				}
			}
			out["cookie"] = cookie
		}
	}
	if r.TLS != nil {
		out["options"], out["resolver"] = options, r.TLS.CertResolver
		if r.TLS.CertResolver != "" {
			out["domains"] = r.domains()
		}
	}
	if o := r.Observability; o != nil {
		for name, value := range map[string]*bool{"accessLogs": o.AccessLogs, "metrics": o.Metrics, "tracing": o.Tracing} {
			if value != nil {
				out[name] = *value
			}
		}
		if o.TraceVerbosity != "" {
			out["verbosity"] = o.TraceVerbosity
		}
	}
	text, err := json.Marshal(out)
	if err != nil {
		return err.Error()
	}
	return string(text)
}

// TLSOptions are those of connections for the hosts that routers name. All routers
// of an entry point have a say, also those that do not work; where they disagree,
// the default options hold: pkg/server/aggregator.go of Traefik.
func (w World) TLSOptions(routers map[string]Router) map[string]string {
	asked := map[string][]string{}
	for _, r := range routers {
		if r.TLS == nil {
			continue
		}
		options := ""
		if r.TLS.Options != "" && r.TLS.Options != "default" {
			options = w.qualify([]string{r.TLS.Options})[0]
		}
		for _, host := range r.hosts() {
			if !slices.Contains(asked[host], options) {
				asked[host] = append(asked[host], options)
			}
		}
	}
	out := map[string]string{}
	for host, options := range asked {
		if len(options) == 1 {
			out[host] = options[0]
		}
	}
	return out
}

func (w World) qualify(names []string) []string {
	out := []string{}
	for _, name := range names {
		if name != "" && !strings.Contains(name, "@") {
			name += "@" + w.Provider
		}
		out = append(out, name)
	}
	return out
}

// Works tells whether Traefik builds a router: everything it refers to exists.
// Other providers than kubernetescrd are taken to have what is asked of them.
func (w World) Works(r Router) bool {
	const maxPriority = 1<<63 - 1 - 1000
	service, ok := w.Routers.HTTP.Services[r.Service]
	if !ok && !strings.Contains(r.Service, "@") || r.Priority > maxPriority {
		return false
	}
	for _, name := range w.qualify(append(slices.Clone(r.Middlewares), service.Middlewares...)) {
		if !has(w.Objects.HTTP.Middlewares, name) {
			return false
		}
	}
	if lb := service.LoadBalancer; lb != nil && lb.ServersTransport != "" && !has(w.Objects.HTTP.ServersTransports, w.qualify([]string{lb.ServersTransport})[0]) {
		return false
	}
	if r.TLS != nil && r.TLS.Options != "" && r.TLS.Options != "default" && !has(w.Objects.TLS.Options, w.qualify([]string{r.TLS.Options})[0]) {
		return false
	}
	return true
}

func has(objects map[string]json.RawMessage, name string) bool {
	local, provider, _ := strings.Cut(name, "@")
	if provider != "kubernetescrd" {
		return name != "" && provider != "kubernetes"
	}
	_, ok := objects[local]
	return ok
}

var hostMatcher = regexp.MustCompile("\\bHost\\([\"`]([^\"`]*)[\"`]\\)")

// domains are those that a resolver is asked for: the hosts of Host matchers
// unless there are others.
func (r Router) domains() []string {
	var out []string
	for _, d := range r.TLS.Domains {
		out = append(out, strings.Join(append([]string{d.Main}, d.Sans...), "+"))
	}
	if len(r.TLS.Domains) == 0 {
		out = append(out, r.hosts()...)
	}
	return out
}

// hosts are those of the Host matchers.
func (r Router) hosts() []string {
	var out []string
	for _, match := range hostMatcher.FindAllStringSubmatch(r.Rule, -1) {
		out = append(out, strings.ToLower(match[1]))
	}
	return out
}
