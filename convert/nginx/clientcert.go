package nginx

import (
	"slices"
	"strings"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
)

// clientCert is the check of client certificates that an Ingress asks for. The
// oldest Ingress of a host that has one decides for the whole host.
type clientCert struct {
	owner   *source
	options *ir.TLSOptions // nil: certificates are not asked for
	pass    bool
	// problem is why the check cannot be converted.
	problem *finding
	// refused: the controller answers 403 on the whole host.
	refused *finding
	// plainToo: the check is made on plain HTTP as well, where it fails.
	plainToo bool
}

// clientAuthTypes are the values of auth-tls-verify-client.
var clientAuthTypes = map[string]string{
	"on":             "RequireAndVerifyClientCert",
	"off":            "",
	"optional":       "VerifyClientCertIfGiven",
	"optional_no_ca": "RequestClientCert",
}

func (t *translator) readClientCert(s *source, x *settings) {
	value, ok := s.ann.find("auth-tls-secret")
	if !ok {
		return
	}
	c := &clientCert{owner: s, pass: s.ann.boolean("auth-tls-pass-certificate-to-upstream", false)}
	x.clientCert = c
	refuse := func(text string) {
		f := s.of("auth-tls-secret", finding{code: diag.ENginxNotServed, text: text + ", so nginx answers 403 on the whole host"})
		c.refused, c.plainToo = &f, true
	}
	namespace, secretName, slash := strings.Cut(value, "/")
	if !slash || namespace == "" || secretName == "" || strings.Contains(secretName, "/") {
		refuse("not of the form namespace/name")
		return
	}
	kind, known := clientAuthTypes[s.ann.str("auth-tls-verify-client", "on")]
	if !known {
		s.ann.ignore("auth-tls-verify-client", "not a known value, so on holds")
		kind = clientAuthTypes["on"]
	}
	if cn, ok := s.ann.find("auth-tls-match-cn"); ok && cn != "" {
		c.block(s.of("auth-tls-match-cn", finding{code: diag.ENginxClientCert, text: "Traefik cannot compare the subject of a client certificate"}))
		c.plainToo = true
	}
	if namespace != s.Namespace {
		c.block(s.of("auth-tls-secret", finding{code: diag.EXNS, text: "the authorities are in namespace " + namespace}))
	}
	if s.ann.number("auth-tls-verify-depth", 1) != 1 {
		s.sayOf(diag.ENginxClientCert, "auth-tls-verify-depth", "Traefik does not limit the length of certificate chains")
	}
	if s.ann.has("auth-tls-error-page") {
		s.sayOf(diag.ENginxClientCert, "auth-tls-error-page", "clients without a valid certificate fail in the handshake instead of getting the page")
	}
	s.sayOf(diag.WNginxClientCert, "auth-tls-secret", "the backend gets no ssl-client-verify, ssl-client-subject-dn and ssl-client-issuer-dn")
	if c.pass {
		s.sayOf(diag.WNginxClientCert, "auth-tls-pass-certificate-to-upstream", "the certificate is sent in X-Forwarded-Tls-Client-Cert, in another form than ssl-client-cert")
	}
	secret, found, checked := t.secret(s, secretName)
	switch {
	case namespace != s.Namespace:
	case !checked:
		s.sayOf(diag.INotChecked, "auth-tls-secret", "Secret "+secretName+" is not part of the input and taken to exist with key ca.crt")
	case !found:
		refuse("Secret " + secretName + " does not exist")
	case !slices.Contains(secret.Keys, "ca.crt"):
		refuse("Secret " + secretName + " has no key ca.crt")
	}
	if kind != "" {
		c.options = &ir.TLSOptions{Owner: s.ref(), ClientCASecrets: []string{secretName}, ClientAuth: kind}
	}
}

func (c *clientCert) block(f finding) {
	f.block = true
	if c.problem == nil {
		c.problem = &f
	}
}
