package static

import (
	"slices"
	"strings"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
)

// removal is a key of Traefik 2, or a section with everything in it, that
// Traefik 3 has not. * stands for any name.
type removal struct {
	path string
	code diag.Code
	text string
}

// removals after pkg/cli/deprecation.go of Traefik 3.6, which ends the start on
// most of them, sorted.
var removals = []removal{
	{"experimental.http3", diag.IStaticDropped, "HTTP/3 is no experiment in Traefik 3: http3 of the entry point is enough"},
	{"experimental.kubernetesgateway", diag.IStaticDropped, "the provider is no experiment in Traefik 3"},
	{"metrics.influxdb", diag.EStaticOption, "Traefik 3 does not speak to InfluxDB 1: use influxDB2, otlp or prometheus"},
	{"pilot", diag.IStaticDropped, "Traefik Pilot has ended, and Traefik 3 does not start with it"},
	{"providers.consul.tls.caoptional", diag.IStaticDropped, clientCA},
	{"providers.consulcatalog.endpoint.tls.caoptional", diag.IStaticDropped, clientCA},
	{"providers.docker.tls.caoptional", diag.IStaticDropped, clientCA},
	{"providers.etcd.tls.caoptional", diag.IStaticDropped, clientCA},
	{"providers.http.tls.caoptional", diag.IStaticDropped, clientCA},
	{"providers.marathon", diag.EStaticProvider, "Traefik 3 does not read Marathon"},
	{"providers.nomad.endpoint.tls.caoptional", diag.IStaticDropped, clientCA},
	{"providers.rancher", diag.EStaticProvider, "Traefik 3 does not read Rancher 1; Rancher 2 is Kubernetes"},
	{"providers.redis.tls.caoptional", diag.IStaticDropped, clientCA},
	{"tracing", diag.EStaticTracing, ""},
}

const clientCA = "it means nothing to a client, and Traefik 3 does not start with it"

func (u *upgrade) removed() {
	for _, r := range removals {
		s := u.first(r.path)
		switch {
		case s == nil:
		case s.kind != "table" && s.Path == r.path:
			u.find(r.code, s, r.text)
		default:
			u.all(r.code, r.path, s, r.text)
		}
	}
}

// renamed are settings that are elsewhere in Traefik 3 under certificatesResolvers.*
// (pkg/config/static/static_config.go moves them with a warning).
func (u *upgrade) renamed() {
	for _, name := range u.members("certificatesresolvers") {
		root := "certificatesresolvers." + name + ".acme.dnschallenge"
		to := []string{"certificatesResolvers", name, "acme", "dnsChallenge", "propagation"}
		for _, key := range [][2]string{{"delaybeforecheck", "delayBeforeChecks"}, {"disablepropagationcheck", "disableChecks"}} {
			if s := u.settings[root+"."+key[0]]; s != nil {
				u.put(s, append(slices.Clone(to), key[1]))
			}
		}
	}
}

// http3 takes it from entry points where Traefik 2 does not listen for it.
func (u *upgrade) http3() {
	if u.flag("experimental.http3", false) {
		return
	}
	for _, name := range u.members("entrypoints") {
		u.ignore("entrypoints."+name+".http3", "without experimental.http3 Traefik 2 does not look at it")
		if s := u.settings["entrypoints."+name+".http3"]; s != nil {
			s.taken = true
			u.find(diag.IStaticIgnored, s, "without experimental.http3 Traefik 2 does not listen for HTTP/3")
		}
	}
}

// docker makes two providers of one: Swarm is another one in Traefik 3.
func (u *upgrade) docker() {
	const root = "providers.docker"
	mode, every := u.settings[root+".swarmmode"], u.settings[root+".swarmmoderefreshseconds"]
	if !u.flag(root+".swarmmode", false) {
		for _, s := range []*Setting{mode, every} {
			if s != nil {
				u.find(diag.IStaticIgnored, s, "without Swarm it does nothing, and Traefik 3 does not start with it")
			}
		}
		return
	}
	u.find(diag.WStaticOption, mode, "the provider is swarm in Traefik 3: labels that name others with @docker have to say @swarm")
	u.done(mode.Path, "providers.swarm")
	u.providers["docker"] = "swarm"
	u.tree.place(Tree{}, []string{"providers", "swarm"})
	if every != nil {
		u.put(every, []string{"providers", "swarm", "refreshSeconds"})
	}
	u.moveSection(root, "providers", "swarm")
}

// namespaces makes a list of the one namespace of the providers that had one.
func (u *upgrade) namespaces() {
	for _, provider := range []string{"consul", "consulCatalog", "nomad"} {
		root := "providers." + lower(provider)
		s := u.settings[root+".namespace"]
		switch {
		case s == nil:
		case u.text(s.Path) == "" || len(u.list(root+".namespaces")) > 0:
			u.find(diag.IStaticIgnored, s, "it is empty, or namespaces goes before it")
		default:
			namespace := u.text(s.Path)
			name := lower(provider) + "-" + namespace
			u.tree.place([]string{namespace}, []string{"providers", provider, "namespaces"})
			u.done(s.Path, "providers."+provider+".namespaces")
			u.providers[lower(provider)] = name
			u.find(diag.WStaticOption, s, "the provider is called "+name+" then: what names others with @"+lower(provider)+" has to say so")
		}
	}
}

// gateway keeps what Traefik 2 reads of the Gateway API.
func (u *upgrade) gateway() {
	s := u.first("providers.kubernetesgateway")
	if s == nil {
		return
	}
	u.remark(diag.WStaticOption, s, "Traefik 2 reads Gateways and routes of v1alpha2, Traefik 3 reads v1: rewrite them and install the new CRDs first")
	u.tree.place(true, []string{"providers", "kubernetesGateway", "experimentalChannel"})
	u.remark(diag.IStaticAdded, s, "providers.kubernetesGateway.experimentalChannel: true, since Traefik 2 always reads TCPRoute and TLSRoute")
}

// late are protections that Traefik 2.11 has and not every Traefik 3. They stay in
// the output, so that a Traefik 3 without them does not start.
func (u *upgrade) late() {
	for _, provider := range []string{"kubernetescrd", "kubernetesgateway", "kubernetesingress"} {
		if s := u.settings["providers."+provider+".crossprovidernamespaces"]; s != nil {
			u.remark(diag.WStaticOption, s, "Traefik 3 has it since 3.6.17 and 3.7.1, and an older one does not start with it: do not take it out, it keeps namespaces apart")
		}
	}
}

// remark reports something about a setting that is carried all the same.
func (u *upgrade) remark(code diag.Code, s *Setting, text string) {
	taken := s.taken
	u.find(code, s, text)
	s.taken = taken
}

// logLevel has other names for levels (zerolog instead of logrus).
func (u *upgrade) logLevel() {
	s := u.settings["log.level"]
	if s == nil {
		return
	}
	switch level := strings.ToLower(u.text(s.Path)); {
	case level == "":
		u.find(diag.IStaticIgnored, s, "an empty level is the default")
	case level == "warning":
		u.tree.place("WARN", s.place)
		u.done(s.Path, "log.level")
	case !slices.Contains([]string{"debug", "error", "fatal", "info", "panic", "trace", "warn"}, level):
		u.find(diag.IStaticDropped, s, "no log level: Traefik 2 logs next to nothing then, and Traefik 3 errors")
	}
}

// references names middlewares of providers that are called otherwise, or gone.
func (u *upgrade) references() {
	for _, name := range u.members("entrypoints") {
		root := "entrypoints." + name + ".http"
		if s := u.settings[root+".middlewares"]; s != nil {
			var list []string
			for _, reference := range u.list(s.Path) {
				list = append(list, u.reference(s, reference))
			}
			s.value = list
		}
		if s := u.settings[root+".tls.options"]; s != nil {
			s.value = u.reference(s, u.text(s.Path))
		}
	}
}

func (u *upgrade) reference(s *Setting, reference string) string {
	name, provider, ok := strings.Cut(reference, "@")
	if !ok {
		return reference
	}
	if renamed := u.providers[lower(provider)]; renamed != "" {
		return name + "@" + renamed
	}
	if lower(provider) == "marathon" || lower(provider) == "rancher" {
		u.remark(diag.EStaticProvider, s, reference+" is not there in Traefik 3: every route of the entry point answers 404 until it has another name")
	}
	return reference
}
