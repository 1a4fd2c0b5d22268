package acme

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
)

// form is how a file was written.
type form int

const (
	// current is what Traefik 1.5 to 1.7 write (provider/acme/store.go, StoredData).
	current form = iota
	// early is what Traefik before 1.5, and 1.7 in its key-value stores, write
	// (acme/account.go, Account).
	early
)

// file is an acme.json as far as it could be read. Each entry is decoded by
// itself, so that a bad one does not hide the others.
type file struct {
	form    form
	account *account
	entries []entry
	// left are the fields that are not carried over, by name.
	left []string
	// unknown are fields that Traefik 1.7 does not have.
	unknown []string
}

// account is an account with a certificate authority; the registration is
// written back as it was.
type account struct {
	Email        string          `json:"Email"`
	Registration json.RawMessage `json:"Registration"`
	PrivateKey   []byte          `json:"PrivateKey"`
	KeyType      string          `json:"KeyType"`
}

// entry is one certificate of the file.
type entry struct {
	field     string
	main      string
	sans      []string
	cert, key []byte
	// problem says why the entry could not be decoded.
	problem string
}

var (
	errEmpty   = errors.New("the file is empty: Traefik 1.7 has not got a certificate yet, and Traefik 2 starts with an empty file too")
	errCurrent = errors.New("this is the acme.json of Traefik 2 or 3 already: nothing to convert")
	errNoStore = errors.New("no acme.json of Traefik 1: neither Account and Certificates nor DomainsCertificate is in it")
)

// read takes a file apart.
func read(content []byte) (file, error) {
	if len(bytes.TrimSpace(content)) == 0 {
		return file{}, errEmpty
	}
	fields, err := object(content)
	if err != nil {
		return file{}, fmt.Errorf("reading the file as JSON: %w", err)
	}
	switch {
	case fields["domainscertificate"] != nil:
		return readEarly(fields)
	case hasAny(fields, "account", "certificates", "httpchallenges", "tlschallenges"):
		return readCurrent(fields)
	case isResolvers(fields):
		return file{}, errCurrent
	}
	return file{}, errNoStore
}

func readCurrent(fields map[string]json.RawMessage) (file, error) {
	f := file{form: current}
	var err error
	if f.account, err = readAccount(fields["account"]); err != nil {
		return f, err
	}
	entries, err := list(fields["certificates"])
	if err != nil {
		return f, fmt.Errorf("reading Certificates: %w", err)
	}
	for i, raw := range entries {
		f.entries = append(f.entries, readEntry(fmt.Sprintf("Certificates[%d]", i), raw))
	}
	f.sort(fields, []string{"httpchallenges", "tlschallenges"}, []string{"account", "certificates"})
	return f, nil
}

// readEarly reads the form in which everything hangs below the account.
func readEarly(fields map[string]json.RawMessage) (file, error) {
	f := file{form: early}
	whole := map[string]json.RawMessage{}
	for _, name := range []string{"email", "registration", "privatekey", "keytype"} {
		if fields[name] != nil {
			whole[name] = fields[name]
		}
	}
	raw, err := json.Marshal(whole)
	if err != nil {
		return f, fmt.Errorf("reading the account: %w", err)
	}
	if f.account, err = readAccount(raw); err != nil {
		return f, err
	}
	below, err := object(fields["domainscertificate"])
	if err != nil {
		return f, fmt.Errorf("reading DomainsCertificate: %w", err)
	}
	entries, err := list(below["certs"])
	if err != nil {
		return f, fmt.Errorf("reading DomainsCertificate.Certs: %w", err)
	}
	for i, raw := range entries {
		f.entries = append(f.entries, readEarlyEntry(fmt.Sprintf("DomainsCertificate.Certs[%d]", i), raw))
	}
	f.sort(fields, []string{"challengecerts", "httpchallenge"}, []string{"email", "registration", "privatekey", "keytype", "domainscertificate"})
	return f, nil
}

// sort remembers the fields that are not converted.
func (f *file) sort(fields map[string]json.RawMessage, left, done []string) {
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		switch {
		case slices.Contains(done, name) || empty(fields[name]):
		case slices.Contains(left, name):
			f.left = append(f.left, name)
		default:
			f.unknown = append(f.unknown, name)
		}
	}
}

func readAccount(raw json.RawMessage) (*account, error) {
	if empty(raw) {
		return nil, nil
	}
	a := new(account)
	if err := json.Unmarshal(raw, a); err != nil {
		return nil, fmt.Errorf("reading the account: %w", without(err))
	}
	return a, nil
}

type domain struct {
	Main string
	SANs []string
}

func readEntry(field string, raw json.RawMessage) entry {
	var e struct {
		Domain           domain
		Certificate, Key string
	}
	if err := json.Unmarshal(raw, &e); err != nil {
		return entry{field: field, problem: without(err).Error()}
	}
	return newEntry(field, e.Domain, e.Certificate, e.Key)
}

func readEarlyEntry(field string, raw json.RawMessage) entry {
	var e struct {
		Domains     domain
		Certificate struct{ Certificate, PrivateKey string }
	}
	if err := json.Unmarshal(raw, &e); err != nil {
		return entry{field: field, problem: without(err).Error()}
	}
	return newEntry(field, e.Domains, e.Certificate.Certificate, e.Certificate.PrivateKey)
}

func newEntry(field string, d domain, cert, key string) entry {
	e := entry{field: field, main: d.Main, sans: d.SANs}
	var err error
	if e.cert, err = base64.StdEncoding.DecodeString(cert); err != nil {
		e.problem = "the certificate is not base64"
	}
	if e.key, err = base64.StdEncoding.DecodeString(key); err != nil {
		e.problem = "the key is not base64"
	}
	return e
}

// object reads a JSON object. Names count in any case, as they do for Traefik,
// whose decoder is encoding/json.
func object(raw json.RawMessage) (map[string]json.RawMessage, error) {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(raw, &fields); err != nil {
		return nil, without(err)
	}
	lower := map[string]json.RawMessage{}
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		lower[strings.ToLower(name)] = fields[name]
	}
	return lower, nil
}

func list(raw json.RawMessage) ([]json.RawMessage, error) {
	if empty(raw) {
		return nil, nil
	}
	var all []json.RawMessage
	if err := json.Unmarshal(raw, &all); err != nil {
		return nil, without(err)
	}
	return all, nil
}

// isResolvers tells whether every member is an account and certificates of its own.
func isResolvers(fields map[string]json.RawMessage) bool {
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		inner, err := object(fields[name])
		if err != nil || !hasAny(inner, "account", "certificates") {
			return false
		}
	}
	return len(fields) > 0
}

func hasAny(fields map[string]json.RawMessage, names ...string) bool {
	return slices.ContainsFunc(names, func(name string) bool { _, ok := fields[name]; return ok })
}

func empty(raw json.RawMessage) bool {
	switch string(bytes.TrimSpace(raw)) {
	case "", "null", "{}", "[]", `""`:
		return true
	}
	return false
}

// without keeps values out of what encoding/json says about them: they may be keys.
func without(err error) error {
	var kind *json.UnmarshalTypeError
	var syntax *json.SyntaxError
	switch {
	case errors.As(err, &kind):
		return fmt.Errorf("field %s has the wrong type (byte %d)", kind.Field, kind.Offset)
	case errors.As(err, &syntax):
		return fmt.Errorf("it is no JSON from byte %d on", syntax.Offset)
	}
	return errors.New("a value cannot be decoded")
}

// diagnostic is a finding about a part of the file.
func diagnostic(code diag.Code, name, field, text string) diag.Diagnostic {
	return diag.New(code, diag.Object{Kind: "File", Name: name, File: name}, field, text)
}
