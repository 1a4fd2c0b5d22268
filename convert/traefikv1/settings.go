package traefikv1

import (
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
)

// settings are what the annotations of one Ingress ask of each of its frontends.
type settings struct {
	entryPoints []string // names of Traefik 1.7; nil: the default ones
	priority    int      // 0: computed
	passHost    bool
	passTLSCert bool

	authRead     bool
	auth         ir.Filter
	authFailure  *finding // takes the path away while loading
	authProblems []finding

	// Filters that all frontends share.
	allowList, requestHeaders, responseHeaders, clientCert ir.Filter

	rateLimits []ir.RateLimit
	errorPages []errorPage
	// problems leave the frontends without a route.
	problems []finding
}

// settingsOf reads the annotations of an Ingress once.
func (t *translator) settingsOf(s *source) *settings {
	if s.settings != nil {
		return s.settings
	}
	if s.ann.askNothing() {
		if t.usualSettings == nil {
			t.usualSettings = t.readSettings(s)
		}
		s.settings = t.usualSettings
	} else {
		s.settings = t.readSettings(s)
	}
	return s.settings
}

func (t *translator) readSettings(s *source) *settings {
	c := &settings{
		entryPoints: s.ann.list("frontend-entry-points"),
		priority:    s.ann.integer("priority", 0),
		passHost:    s.ann.boolean("preserve-host", !t.facts.DisablePassHostHeaders),
		passTLSCert: s.ann.boolean("pass-tls-cert", t.facts.EnablePassTLSCert),
	}
	for _, entryPoint := range c.entryPoints {
		c.unescape(s, "frontend-entry-points", entryPoint)
	}
	readAllowList(s, c)
	readHeaders(s, c)
	readClientCert(s, c)
	readRateLimit(s, c)
	readErrorPages(s, c)
	return c
}

// withAuth adds what auth-* ask. The default backend is served without.
func (t *translator) withAuth(s *source) *settings {
	c := t.settingsOf(s)
	if !c.authRead {
		c.authRead = true
		t.readAuth(s, c)
	}
	return c
}

// withoutAuth are the settings of the default backend, which ignores auth-*.
func (c settings) withoutAuth() *settings {
	c.auth, c.authFailure, c.authProblems = nil, nil, nil
	return &c
}

// unescape returns a value of annotation name as Traefik 1.7 reads it back.
func (c *settings) unescape(s *source, name, value string) string {
	text, err := tomlString(value)
	if err != nil {
		c.problems = append(c.problems, s.of(name, brokenTOML("", "the value", err)))
	}
	return text
}

// unescapeAll unescapes each string of a list.
func (c *settings) unescapeAll(s *source, name string, values []string) []string {
	var texts []string
	for _, value := range values {
		texts = append(texts, c.unescape(s, name, value))
	}
	return texts
}
