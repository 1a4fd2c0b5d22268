package nginx

import (
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
)

// settings are what the annotations of one Ingress and the controller's defaults
// ask for on each of its locations. They are read once and never changed.
type settings struct {
	// denied is why every location answers 503; nil: it does not.
	denied *finding
	// withheld are reasons why the target must not have routes of the Ingress.
	withheld []finding

	rewrite    rewrite
	redirect   *redirect
	appRoot    string
	fromToWWW  bool
	aliases    []string
	ssl        sslRedirect
	auth       ir.Filter // BasicAuth or DigestAuth
	extAuth    *ir.ForwardAuth
	clientCert *clientCert
	access     access
	limits     limits
	cors       *ir.CORS
	request    map[string]string // headers for the backend
	response   map[string]string // headers for the client
	body       *ir.Buffering
	retry      *ir.Retry
	errors     *ir.ErrorPages
	backend    backendSettings
	sticky     *stickySettings
	mirror     *ir.Mirror
	canary     *canarySettings
	ciphers    []string
	passTLS    bool // ssl-passthrough
	observe    *ir.Observability
	// protected: something keeps requests out.
	protected bool
}

// deny makes every location of the Ingress answer 503, as the controller does
// when it cannot protect or find what it should.
func (x *settings) deny(f finding) {
	if x.denied == nil {
		x.denied = &f
	}
}

// withhold keeps the routes of the Ingress out of the output.
func (x *settings) withhold(f finding) {
	f.block = true
	x.withheld = append(x.withheld, f)
}

// settingsOf reads all annotations of an Ingress. Most have none: they share one.
func (t *translator) settingsOf(s *source) *settings {
	if s.ann == nil {
		if t.plain == nil {
			t.plain = &settings{}
			t.readSettings(s, t.plain)
			if len(s.findings.List) > 0 || len(t.plain.withheld) > 0 || t.plain.denied != nil {
				// The controller's own settings have something to report, to each.
				plain := t.plain
				t.plain = nil
				return plain
			}
		}
		return t.plain
	}
	x := &settings{}
	t.readSettings(s, x)
	return x
}

func (t *translator) readSettings(s *source, x *settings) {
	if x.canary = t.readCanary(s); x.canary != nil {
		if !t.alsoOrdinary(s) {
			t.readAffinity(s, x)
			t.ignoreBesideCanary(s)
			return
		}
	}
	t.readRewrite(s, x)
	t.readRedirects(s, x)
	t.readAuth(s, x)
	t.readExtAuth(s, x)
	t.readClientCert(s, x)
	t.readAccess(s, x)
	t.readLimits(s, x)
	t.readCORS(s, x)
	t.readHeaders(s, x)
	t.readErrors(s, x)
	t.readBackend(s, x)
	t.readProxy(s, x)
	t.readAffinity(s, x)
	t.readMirror(s, x)
	t.readTLS(s, x)
	t.readSnippets(s, x)
	t.readWAF(s, x)
	t.readObservability(s, x)
	reportUnconverted(s)
	x.protected = x.protected || x.auth != nil || x.extAuth != nil || x.clientCert != nil ||
		len(x.access.allow) > 0 || len(x.access.deny) > 0 || len(x.withheld) > 0 || x.denied != nil
}

// ignoreBesideCanary marks what the controller does not read on a canary.
func (t *translator) ignoreBesideCanary(s *source) {
	if s.ann == nil {
		return
	}
	for i := range registry {
		a := &registry[i]
		if _, present := s.ann.byName[a.Name]; !present || s.ann.read[a.Name] || a.Fate == Dead {
			continue
		}
		if a.Name != "load-balance" && a.Name != "upstream-hash-by" {
			s.ann.ignore(a.Name, "not read on a canary: the annotations of the primary hold")
		}
	}
	for _, name := range []string{"load-balance", "upstream-hash-by"} {
		if s.ann.has(name) {
			s.sayOf(diag.EAnnUnconverted, name, "the canary's Service is balanced as the primary's")
		}
	}
}

// reportUnconverted reports what has no counterpart at all, from the registry.
func reportUnconverted(s *source) {
	if s.ann == nil {
		return
	}
	for i := range registry {
		a := &registry[i]
		if a.Fate != Unconverted {
			continue
		}
		if value, ok := s.ann.find(a.Name); ok && value != a.Default {
			s.sayOf(diag.EAnnUnconverted, a.Name, a.Note)
		}
	}
}
