package static

import (
	"slices"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
)

// modernise does what Traefik 1.7 does with its older keys before it starts
// (configuration/configuration.go, SetEffectiveConfiguration; server/server.go).
func (c *Config) modernise() {
	c.web()
	if c.duration("gracetimeout", 0) > 0 {
		c.supersede("gracetimeout", "lifecycle.gracetimeout")
	}
	if c.duration("idletimeout", 0) > 0 {
		c.supersede("idletimeout", "respondingtimeouts.idletimeout")
	}
	if c.text("accesslogsfile") != "" {
		for _, s := range c.below("accesslog") {
			c.give(s, "accessLogsFile replaces the whole section in Traefik 1.7")
		}
		c.supersede("accesslogsfile", "accesslog.filepath")
	}
	c.instead("traefiklogsfile", "traefiklog.filepath")
	c.instead("acme.storagefile", "acme.storage")
	if c.text("acme.dnsprovider") != "" {
		for _, s := range c.below("acme.dnschallenge") {
			c.give(s, "acme.dnsProvider replaces the section in Traefik 1.7")
		}
		c.supersede("acme.dnsprovider", "acme.dnschallenge.provider")
		c.supersede("acme.delaydontcheckdns", "acme.dnschallenge.delaybeforecheck")
	}
	for _, name := range c.members("entrypoints") {
		root := "entrypoints." + name
		if c.has(root + ".whitelist") {
			if s := c.settings[root+".whitelistsourcerange"]; s != nil {
				c.give(s, "whiteList goes before it in Traefik 1.7")
			}
		} else if len(c.list(root+".whitelistsourcerange")) > 0 {
			c.supersede(root+".whitelistsourcerange", root+".whitelist.sourcerange")
		}
		if len(c.list(root+".tls.clientcafiles")) > 0 {
			// server/server.go: the older key goes before clientCA.files, and is never optional.
			for _, s := range c.below(root + ".tls.clientca") {
				c.give(s, "clientCAFiles goes before it in Traefik 1.7")
			}
			c.supersede(root+".tls.clientcafiles", root+".tls.clientca.files")
		}
	}
}

// web stands for api, ping and metrics, unless one of these is there.
func (c *Config) web() {
	if !c.has("web") {
		return
	}
	if s := c.settings["web.path"]; s != nil && s.value != "" && s.value != "/" {
		c.find(diag.EStaticOption, s, "ping, metrics and the API answer below this path today, health checks of load balancers included; in Traefik 2 and 3 they answer at /ping, /metrics and /api")
	}
	if slices.ContainsFunc([]string{"api", "metrics", "ping", "rest"}, c.has) {
		c.ignore("web", "Traefik 1.7 ignores web beside api, metrics, ping or rest")
		return
	}
	for _, s := range c.below("entrypoints.traefik") {
		c.give(s, "web makes an entry point of this name")
	}
	c.member("entrypoints", "traefik")
	if c.settings["web.address"] == nil {
		c.settings["web.address"] = &Setting{Path: "web.address", Key: c.first("web").Key, Line: c.first("web").Line, kind: "text", value: ":8080"}
	}
	web := c.first("web")
	for _, path := range []string{"api", "ping", "entrypoints", "entrypoints.traefik"} {
		c.section(path, web)
	}
	c.move("web.address", "entrypoints.traefik.address")
	c.move("web.auth", "entrypoints.traefik.auth")
	if c.text("web.certfile") != "" {
		c.section("entrypoints.traefik.tls", web)
		c.section("entrypoints.traefik.tls.certificates[0]", web)
		c.move("web.certfile", "entrypoints.traefik.tls.certificates[0].certfile")
		c.move("web.keyfile", "entrypoints.traefik.tls.certificates[0].keyfile")
	}
	c.move("web.statistics", "api.statistics")
	c.move("web.metrics", "metrics")
	if !c.flag("debug", false) {
		c.instead("web.debug", "debug")
	}
	c.ignore("web.readonly", "it only limits the provider rest, which web no longer switches on")
	c.ignore("web", "api, ping and metrics take its place")
}

// supersede gives a setting the place of another one, which is then without effect.
func (c *Config) supersede(from, to string) {
	if c.settings[from] == nil {
		return
	}
	if old := c.settings[to]; old != nil {
		c.give(old, c.settings[from].Key+" goes before it in Traefik 1.7")
	}
	c.move(from, to)
	c.parents(c.settings[to])
}

// instead gives a setting the place of another one that is not set.
func (c *Config) instead(from, to string) {
	switch s := c.settings[from]; {
	case s == nil:
	case c.settings[to] != nil && c.settings[to].value != "":
		c.give(s, c.settings[to].Key+" goes before it in Traefik 1.7")
	default:
		delete(c.settings, to)
		c.move(from, to)
		c.parents(s)
	}
}

// give takes a setting out of the configuration that has no effect.
func (c *Config) give(s *Setting, why string) {
	delete(c.settings, s.Path)
	s.Path = "?without effect " + s.Path
	c.settings[s.Path] = s
	s.Note = why
	if s.kind != "table" {
		c.find(diag.IStaticIgnored, s, why)
	}
}
