package traefikv1

import (
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
)

// defaultRealm is the only realm that Traefik 1.7 serves.
const defaultRealm = "traefik"

// readAuth reads the authentication of an Ingress. What fails here takes its
// paths away, in Traefik 1.7 as in the output: never a route without it.
func (t *translator) readAuth(s *source, c *settings) {
	kind := s.ann.str("auth-type", "")
	if kind == "" {
		return
	}
	header := ""
	if raw := s.ann.str("auth-header-field", ""); raw != "" {
		header = c.unescapeAuth(s, "auth-header-field", raw)
	}
	switch strings.ToLower(kind) {
	case "basic":
		if secret, ok := t.usersSecret(s, c, ir.UsersBasic); ok {
			c.auth = ir.BasicAuth{Secret: secret, HeaderField: header, RemoveHeader: s.ann.boolean("auth-remove-header", false)}
		}
	case "digest":
		if secret, ok := t.usersSecret(s, c, ir.UsersDigest); ok {
			c.auth = ir.DigestAuth{Secret: secret, HeaderField: header, RemoveHeader: s.ann.boolean("auth-remove-header", false)}
		}
	case "forward":
		t.readForwardAuth(s, c, header)
	default:
		c.failAuth(s.of("auth-type", dropped("", "auth-type is none of basic, digest, forward")))
	}
}

func (c *settings) failAuth(f finding) { c.authFailure = &f }

func (c *settings) unescapeAuth(s *source, name, raw string) string {
	text, err := tomlString(raw)
	if err != nil {
		c.authProblems = append(c.authProblems, s.of(name, brokenTOML("", "the value", err)))
	}
	return text
}

// usersSecret checks the secret of basic and digest authentication, whose lines
// have to be of the given form.
func (t *translator) usersSecret(s *source, c *settings, form string) (string, bool) {
	secretName := s.ann.str("auth-secret", "")
	if secretName == "" {
		c.failAuth(s.of("auth-type", dropped("", "authentication without auth-secret")))
		return "", false
	}
	secret, known := t.secret(s.Namespace, secretName)
	switch {
	case !known:
		return secretName, true
	case secret == nil:
		c.failAuth(s.of("auth-secret", dropped("", "secret "+strconv.Quote(secretName)+" does not exist")))
		return "", false
	case len(secret.Keys) != 1:
		c.failAuth(s.of("auth-secret", dropped("", "secret "+strconv.Quote(secretName)+" has not exactly one key")))
		return "", false
	case secret.Users == ir.UsersNone: // loadAuthCredentials in provider/kubernetes/kubernetes.go
		c.failAuth(s.of("auth-secret", dropped("", "secret "+strconv.Quote(secretName)+": it has no line with a user")))
		return "", false
	case secret.Problem != "":
		c.authProblems = append(c.authProblems, s.of("auth-secret", dropped("", "secret "+strconv.Quote(secretName)+": "+secret.Problem)))
	case secret.Users != "" && secret.Users != form:
		c.authProblems = append(c.authProblems, s.of("auth-secret", dropped("", "secret "+strconv.Quote(secretName)+" has lines of the form "+secret.Users+", and "+form+" is needed")))
	case secret.Type == corev1.SecretTypeBasicAuth:
		c.authProblems = append(c.authProblems, s.of("auth-secret", blocked(diag.ESecretType, "", "secret "+strconv.Quote(secretName)+" is of type kubernetes.io/basic-auth, which the target reads as one user name and password")))
	}
	return secretName, true
}

// secret finds what is known of a secret. known is false when the input does not
// say whether it exists.
func (t *translator) secret(namespace, secretName string) (secret *ir.Secret, known bool) {
	if found, ok := t.secrets[name{namespace, secretName}]; ok {
		return &found, true
	}
	return nil, t.in.SecretsKnown
}

func (t *translator) readForwardAuth(s *source, c *settings, header string) {
	address := s.ann.str("auth-url", "")
	if address == "" {
		c.failAuth(s.of("auth-type", dropped("", "forward authentication without auth-url")))
		return
	}
	auth := ir.ForwardAuth{
		Address:            c.unescapeAuth(s, "auth-url", address),
		TrustForwardHeader: s.ann.boolean("auth-trust-headers", false),
	}
	for _, name := range s.ann.list("auth-response-headers") {
		auth.ResponseHeaders = append(auth.ResponseHeaders, c.unescapeAuth(s, "auth-response-headers", name))
	}
	if header != "" {
		s.sayOf(diag.IAnnIgnored, "auth-header-field", "Traefik 1.7 does not use it with forward authentication")
	}
	insecure := s.ann.find("auth-tls-insecure")
	switch secretName := s.ann.str("auth-tls-secret", ""); {
	case secretName != "":
		if !t.clientSecret(s, c, secretName) {
			return
		}
		auth.TLS, auth.TLSCertSecret = true, secretName
		auth.InsecureSkipVerify = s.ann.boolean("auth-tls-insecure", false)
		if !auth.InsecureSkipVerify {
			s.sayOf(diag.WFwdAuthCA, "auth-tls-secret", "Traefik 1.7 trusts no authority here and answers every request 500; the target trusts those of the system")
		}
	case insecure != nil && insecure.value != "":
		if !s.ann.boolean("auth-tls-insecure", false) {
			c.authProblems = append(c.authProblems, s.of("auth-tls-insecure", dropped("", "auth-tls-insecure without auth-tls-secret must be true")))
			return
		}
		auth.TLS, auth.InsecureSkipVerify = true, true
	}
	s.sayOf(diag.WFwdHeaders, "auth-url", "the target's entry points remove X-Forwarded-* of clients before the authentication server sees them, unless they are trusted")
	c.auth = auth
}

// clientSecret checks the certificate for the authentication server.
func (t *translator) clientSecret(s *source, c *settings, secretName string) bool {
	secret, known := t.secret(s.Namespace, secretName)
	problem := ""
	switch {
	case !known:
	case secret == nil:
		problem = "does not exist"
	case len(secret.Keys) != 2 || secret.Keys[0] != corev1.TLSCertKey || secret.Keys[1] != corev1.TLSPrivateKeyKey:
		problem = "has not exactly the keys tls.crt and tls.key"
	default:
		problem = secret.Problem
	}
	if problem == "" {
		return true
	}
	c.failAuth(s.of("auth-tls-secret", dropped("", "secret "+strconv.Quote(secretName)+" "+problem)))
	return false
}
