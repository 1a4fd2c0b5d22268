package acme

import (
	"bytes"
	"encoding/json"
	"testing"
	"time"
)

// FuzzConvert holds the result for any file to what can be said of every result.
func FuzzConvert(f *testing.F) {
	for _, seed := range []string{
		``, `{}`, `[]`, `null`, `{"Account":null,"Certificates":null}`,
		`{"Account":{"Email":"a@b.test","Registration":{"uri":"https://acme-v01.api.letsencrypt.org/acme/reg/1"},"PrivateKey":"AA==","KeyType":"4096"},"Certificates":[{"Domain":{"Main":"A.test","SANs":["b.test."]},"Certificate":"AAAA","Key":"AAAA"}]}`,
		`{"Certificates":[null,1,{"Domain":3},{"Domain":{"Main":"x"},"Certificate":"!","Key":""}]}`,
		`{"Email":"a@b.test","DomainsCertificate":{"Certs":[{"Domains":{"Main":"a"},"Certificate":{"Certificate":"AA==","PrivateKey":"AA=="}}]}}`,
		`{"le":{"Account":null,"Certificates":[]}}`,
	} {
		f.Add([]byte(seed))
	}
	// A certificate that works, so that mutations reach beyond the decoder.
	var made keys
	f.Add([]byte(made.fill(f, `{"Certificates":[{"Domain":{"Main":"*.a.test"},"Certificate":"CERT(*.a.test 2030-01-01)","Key":"KEY(*.a.test 2030-01-01)"}]}`)))
	opts := Options{Resolver: "le", File: "acme.json", Now: time.Date(2026, 1, 15, 0, 0, 0, 0, time.UTC)}
	f.Fuzz(func(t *testing.T, content []byte) {
		result, err := Convert(content, opts)
		if err != nil {
			return
		}
		for _, c := range result.Certificates {
			if c.Outcome == Converted {
				continue
			}
			found := false
			for _, d := range result.Diagnostics {
				found = found || bytes.HasPrefix([]byte(d.Field), []byte(c.Field))
			}
			if !found {
				t.Errorf("%s was left out without a word", c.Field)
			}
		}
		if secrets := result.Secrets("edge"); len(secrets) != len(result.Usable()) {
			t.Errorf("%d Secrets of %d certificates", len(secrets), len(result.Usable()))
		}
		store, err := result.Store()
		if err != nil || !json.Valid(store) {
			t.Fatalf("store: %v: %s", err, store)
		}
		// What was written is recognised as converted.
		if _, err := Convert(store, opts); err != errCurrent {
			t.Errorf("the output is read as something else: %v", err)
		}
	})
}
