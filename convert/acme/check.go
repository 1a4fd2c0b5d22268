package acme

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
)

// Soon is how long before its end Traefik renews a certificate of Let's Encrypt
// (pkg/provider/acme/provider.go, getCertificateRenewDurations: 30 days for 90).
const Soon = 30 * 24 * time.Hour

// registrationV1 matches accounts of the first ACME protocol, which Let's Encrypt
// no longer serves; Traefik 1.7 drops them too (provider/acme/account.go).
var registrationV1 = regexp.MustCompile(`^.*/acme/reg/\d+$`)

// check looks into one entry and returns the certificate it stands for.
func check(e entry, opts Options) (Certificate, []diag.Diagnostic) {
	c := Certificate{Field: e.field, Main: plainName(e.main), Certificate: e.cert, Key: e.key, Outcome: LeftOut}
	for _, san := range e.sans {
		c.SANs = append(c.SANs, plainName(san))
	}
	about := e.field
	if c.Main != "" {
		about += " (" + c.Main + ")"
	}
	leave := func(text string) (Certificate, []diag.Diagnostic) {
		return c, []diag.Diagnostic{diagnostic(diag.EACMEEntry, opts.File, about, text)}
	}
	switch {
	case e.problem != "":
		return leave(e.problem)
	case len(e.cert) == 0 || len(e.key) == 0:
		return leave("certificate or key is empty; Traefik throws such entries away")
	case c.Main == "" && len(c.SANs) == 0:
		return leave("the entry names no domain")
	}
	pair, err := tls.X509KeyPair(e.cert, e.key)
	if err != nil {
		return leave(pairProblem(err))
	}
	leaf, err := x509.ParseCertificate(pair.Certificate[0])
	if err != nil {
		return leave("the certificate cannot be parsed")
	}
	c.Outcome, c.NotAfter = Converted, leaf.NotAfter.UTC()
	var found []diag.Diagnostic
	note := func(code diag.Code, text string) {
		found = append(found, diagnostic(code, opts.File, about, text))
	}
	if c.Main != e.main || !slices.Equal(c.SANs, e.sans) {
		note(diag.IACMENames, "")
	}
	if missing := uncovered(leaf, c); len(missing) > 0 {
		note(diag.WACMENames, "the certificate is not for "+strings.Join(missing, ", "))
	}
	switch day := c.NotAfter.Format(time.DateOnly); {
	case opts.Now.IsZero():
	case !c.NotAfter.After(opts.Now):
		note(diag.WACMEExpired, "expired on "+day)
	case c.NotAfter.Sub(opts.Now) < Soon:
		note(diag.WACMEExpired, "expires on "+day)
	}
	return c, found
}

// pairProblem says what crypto/tls said without quoting it: errors of other
// versions of Go might show what they could not parse.
func pairProblem(err error) string {
	text := err.Error()
	switch {
	case strings.Contains(text, "does not match"):
		return "the key does not belong to the certificate"
	case strings.Contains(text, "private key"), strings.Contains(text, "key input"):
		return "the key cannot be parsed"
	}
	return "the certificate cannot be parsed"
}

// uncovered are the domains of the entry for which the certificate is not valid.
func uncovered(leaf *x509.Certificate, c Certificate) []string {
	var missing []string
	for _, name := range c.Domains() {
		covered := slices.ContainsFunc(leaf.DNSNames, func(s string) bool { return strings.EqualFold(s, name) }) ||
			strings.EqualFold(leaf.Subject.CommonName, name) || leaf.VerifyHostname(name) == nil
		if !covered {
			missing = append(missing, name)
		}
	}
	return missing
}

// plainName is how Traefik 2 and 3 spell the domains that they look for among
// the certificates they have: lower case, without the dot of the root
// (pkg/provider/acme/provider.go, sanitizeDomains).
func plainName(domain string) string {
	return strings.TrimSuffix(strings.ToLower(strings.TrimSpace(domain)), ".")
}

// checkAccount says whether the account can go on being used.
func checkAccount(a *account, opts Options) (*account, []diag.Diagnostic) {
	if a == nil {
		return nil, nil
	}
	drop := func(text string) (*account, []diag.Diagnostic) {
		return nil, []diag.Diagnostic{diagnostic(diag.WACMEAccount, opts.File, "Account", text)}
	}
	var registration struct {
		URI string `json:"uri"`
	}
	if !empty(a.Registration) {
		if err := json.Unmarshal(a.Registration, &registration); err != nil {
			return drop("the registration cannot be read")
		}
	}
	if registrationV1.MatchString(registration.URI) {
		return drop("the account belongs to the first ACME protocol, which Let's Encrypt has switched off")
	}
	if len(a.PrivateKey) == 0 && empty(a.Registration) {
		return drop("the account has neither key nor registration")
	}
	if _, err := x509.ParsePKCS1PrivateKey(a.PrivateKey); err != nil {
		return drop("the account's key cannot be parsed")
	}
	return a, nil
}
