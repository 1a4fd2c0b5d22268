package acme

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
)

// Options say what the output is for.
type Options struct {
	// Resolver is the name of the certificates resolver that the store is for.
	Resolver string
	// File names the input in findings.
	File string
	// Now decides which certificates are expired; zero: none.
	Now time.Time
}

// Outcome of one certificate.
type Outcome string

// The outcomes.
const (
	Converted Outcome = "Converted"
	LeftOut   Outcome = "LeftOut"
)

// Certificate is one entry of the file.
type Certificate struct {
	// Field is its place in the file.
	Field    string    `json:"field"`
	Main     string    `json:"main"`
	SANs     []string  `json:"sans,omitempty"`
	NotAfter time.Time `json:"notAfter,omitzero"`
	Outcome  Outcome   `json:"outcome"`

	// Certificate and Key are PEM.
	Certificate []byte `json:"-"`
	Key         []byte `json:"-"`
}

// Domains are all names that the certificate is for.
func (c Certificate) Domains() []string {
	all := slices.Clone(c.SANs)
	if c.Main != "" {
		all = slices.Insert(all, 0, c.Main)
	}
	return all
}

// Result is what became of a file.
type Result struct {
	// Certificates are in the order of the file.
	Certificates []Certificate
	// AccountKept tells whether the account goes on being used.
	AccountKept bool
	Diagnostics []diag.Diagnostic

	account  *account
	resolver string
}

// Convert reads an acme.json of Traefik 1. An error means that nothing of it
// could be read; whatever else is wrong is in the diagnostics and does not stop
// the rest.
func Convert(content []byte, opts Options) (Result, error) {
	f, err := read(content)
	if err != nil {
		return Result{}, err
	}
	result := Result{resolver: opts.Resolver}
	note := func(code diag.Code, field, text string) {
		result.Diagnostics = append(result.Diagnostics, diagnostic(code, opts.File, field, text))
	}
	if f.form == early {
		note(diag.IACMEForm, "DomainsCertificate", "")
	}
	if len(f.left) > 0 {
		note(diag.IACMEChallenge, strings.Join(f.left, ", "), "")
	}
	for _, name := range f.unknown {
		note(diag.EBadField, name, "unknown field, Traefik 1.7 ignores it")
	}
	var found []diag.Diagnostic
	result.account, found = checkAccount(f.account, opts)
	result.AccountKept = result.account != nil
	result.Diagnostics = append(result.Diagnostics, found...)
	for _, e := range f.entries {
		certificate, found := check(e, opts)
		result.Certificates = append(result.Certificates, certificate)
		result.Diagnostics = append(result.Diagnostics, found...)
	}
	return result, nil
}

// Usable are the certificates that were converted.
func (r Result) Usable() []Certificate {
	return slices.DeleteFunc(slices.Clone(r.Certificates), func(c Certificate) bool { return c.Outcome != Converted })
}

// storedData is one resolver in the file of Traefik 2 and 3
// (pkg/provider/acme/store.go and provider.go).
type storedData struct {
	Account      *account
	Certificates []storedCertificate
}

type storedCertificate struct {
	Domain      storedDomain `json:"domain"`
	Certificate []byte       `json:"certificate"`
	Key         []byte       `json:"key"`
	// Store is always the default one in Traefik 2 and 3.
	Store string
}

type storedDomain struct {
	Main string   `json:"main,omitempty"`
	SANs []string `json:"sans,omitempty"`
}

// Store is the acme.json of Traefik 2 and 3. It holds private keys.
func (r Result) Store() ([]byte, error) {
	data := storedData{Account: r.account}
	for _, c := range r.Usable() {
		data.Certificates = append(data.Certificates, storedCertificate{
			Domain: storedDomain{Main: c.Main, SANs: c.SANs}, Certificate: c.Certificate, Key: c.Key, Store: "default",
		})
	}
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(map[string]storedData{r.resolver: data}); err != nil {
		return nil, fmt.Errorf("encoding the store: %w", err)
	}
	return out.Bytes(), nil
}
