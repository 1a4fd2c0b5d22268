package nginx

import (
	"slices"
	"strconv"
	"strings"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
)

// setCertificate takes the certificate of a host from its oldest Ingress with a
// tls section: the entry that lists the host; else one whose certificate fits;
// else the default certificate. Whether one fits cannot be seen here, but Traefik
// looks at that too before it shows a certificate. In any case the host then has
// TLS, and plain HTTP is redirected.
func (t *translator) setCertificate(v *server, s *source) {
	if v.tls || v.host == "" || len(s.Spec.TLS) == 0 {
		return
	}
	v.tls, v.certOwner = true, s
	var others []string
	for i := range s.Spec.TLS {
		entry := &s.Spec.TLS[i]
		if slices.ContainsFunc(entry.Hosts, func(host string) bool { return strings.EqualFold(host, v.host) }) {
			v.secret = entry.SecretName
			t.checkCertificate(v, s, "spec.tls")
			return
		}
		if entry.SecretName != "" && !slices.Contains(others, entry.SecretName) {
			others = append(others, entry.SecretName)
		}
	}
	if len(others) == 0 {
		return
	}
	v.secret = others[0]
	t.checkCertificate(v, s, "spec.tls")
	if len(others) > 1 {
		s.say(diag.WNginxCert, "spec.tls", "no entry lists host "+v.host+": nginx takes the first certificate that fits it, Traefik that of Secret "+v.secret+" if it fits")
	}
}

func (t *translator) checkCertificate(v *server, s *source, field string) {
	if v.secret == "" {
		return
	}
	if _, found, known := t.secret(s, v.secret); known && !found {
		s.say(diag.WNginxCert, field, "Secret "+v.secret+" for host "+v.host+" does not exist: nginx and Traefik use their default certificates")
	}
}

// reportUnusedCertificates names those that no host is served with: the hosts of
// the entry have no rule, an older Ingress has theirs, or TLS is left to the Service.
func (t *translator) reportUnusedCertificates() {
	used := map[*source]map[string]bool{}
	for _, v := range t.hosts {
		if v.secret == "" || v.passTo != nil {
			continue
		}
		if used[v.certOwner] == nil {
			used[v.certOwner] = map[string]bool{}
		}
		used[v.certOwner][v.secret] = true
	}
	for _, s := range t.ordered {
		if !s.served() || slices.ContainsFunc(s.findings.List, func(d diag.Diagnostic) bool { return d.Field == "spec.tls" }) {
			continue // said by setCertificate
		}
		for i := range s.Spec.TLS {
			secretName := s.Spec.TLS[i].SecretName
			if secretName == "" || used[s][secretName] {
				continue
			}
			field := "spec.tls[" + strconv.Itoa(i) + "].secretName"
			d := diag.New(diag.WNginxCert, s.object(), field, "no host is served with Secret "+secretName+" of this Ingress").WithValue(secretName)
			d.Severity = diag.Equivalent
			s.add(d)
		}
	}
}

// tlsOf is the TLS section of a route on a server. The certificate can be named
// by routes of the Ingress that has it; it is found for the others by its name,
// because Traefik keeps one store of all certificates.
func (v *server) tlsOf(owner *source) *ir.TLS {
	out := &ir.TLS{Options: v.tlsOptions()}
	if v.certOwner == owner {
		out.SecretName = v.secret
	}
	return out
}

// tlsOptions are the same for every route of a host, or Traefik takes none of them.
func (v *server) tlsOptions() *ir.TLSOptions {
	var options *ir.TLSOptions
	if v.clientCert != nil && v.clientCert.options != nil {
		clone := *v.clientCert.options
		options = &clone
	}
	if len(v.ciphers) == 0 || v.wildcard() || v.host == "" {
		return options
	}
	if options == nil {
		options = &ir.TLSOptions{Owner: v.cipherFrom.ref()}
	}
	options.CipherSuites = v.ciphers
	return options
}

// checkTLSOptions says why the routes of a host over TLS must not exist: options
// that Traefik would not apply there. It looks up options by the name of the
// connection, and has none for expressions and for no host at all; it refers to
// them in one namespace.
func (v *server) checkTLSOptions() *finding {
	if !v.tlsChecked {
		v.tlsProblem, v.tlsChecked = v.tlsOptionsProblem(), true
	}
	return v.tlsProblem
}

func (v *server) tlsOptionsProblem() *finding {
	c := v.clientCert
	if c == nil {
		return nil
	}
	s := c.owner
	refuse := func(text string) *finding {
		f := s.of("auth-tls-secret", finding{code: diag.ENginxClientCert, text: text, block: true})
		return &f
	}
	switch {
	case c.refused != nil:
		return c.refused
	case c.problem != nil:
		return c.problem
	case c.options == nil:
		return nil
	case v.host == "":
		return refuse("Traefik cannot ask for client certificates without a host")
	case v.wildcard():
		return refuse("Traefik does not ask for client certificates on a wildcard host")
	}
	for _, alias := range v.aliases {
		if strings.HasPrefix(alias, "~") || strings.HasPrefix(alias, "*") {
			return refuse("Traefik does not ask for client certificates on hosts given by an expression")
		}
	}
	for _, l := range v.locations {
		if (l.backend != nil || l.settings().appRoot != "") && l.at.src.Namespace != s.Namespace {
			return refuse("host " + v.host + " is shared with namespace " + l.at.src.Namespace + ", whose routes cannot refer to the options")
		}
	}
	return nil
}

// dropForeignCiphers leaves out cipher suites that routes of other namespaces
// could not refer to: one route without them would take them from all.
func (v *server) dropForeignCiphers() {
	if len(v.ciphers) == 0 {
		return
	}
	s := v.cipherFrom
	for _, l := range v.locations {
		if (l.backend != nil || l.settings().appRoot != "") && l.at.src.Namespace != s.Namespace {
			s.sayOf(diag.WNginxCiphers, "ssl-ciphers", "host "+v.host+" is shared with namespace "+l.at.src.Namespace+", so the suites are left out")
			v.ciphers = nil
			return
		}
	}
	if v.wildcard() {
		s.sayOf(diag.WNginxCiphers, "ssl-ciphers", "Traefik has no cipher suites for a wildcard host, so they are left out")
	}
}
