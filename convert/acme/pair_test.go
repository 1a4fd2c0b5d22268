package acme

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"math/big"
	"regexp"
	"strings"
	"testing"
	"time"
)

// keys replaces words of a story by keys and certificates that are made for the
// test, and finds them again in what comes out, so that no key is kept in a file:
//
//	CERT(a.test,b.test 2030-01-01)   a certificate for these domains that ends then
//	KEY(a.test,b.test 2030-01-01)    its key
//	ACCOUNT()                        the key of an account
//	B64(text)                        any text
type keys struct{ made map[string]string }

var word = regexp.MustCompile(`(CERT|KEY|ACCOUNT|B64)\(([^)]*)\)`)

func (k *keys) fill(t testing.TB, text string) string {
	if k.made == nil {
		k.made = map[string]string{}
	}
	return word.ReplaceAllStringFunc(text, func(call string) string {
		if k.made[call] != "" {
			return k.made[call]
		}
		parts := word.FindStringSubmatch(call)
		switch parts[1] {
		case "B64":
			k.made[call] = base64.StdEncoding.EncodeToString([]byte(parts[2]))
		case "ACCOUNT":
			key, err := rsa.GenerateKey(rand.Reader, 1024)
			if err != nil {
				t.Fatal(err)
			}
			k.made[call] = base64.StdEncoding.EncodeToString(x509.MarshalPKCS1PrivateKey(key))
		default:
			cert, key := pair(t, parts[2])
			k.made["CERT("+parts[2]+")"] = base64.StdEncoding.EncodeToString(cert)
			k.made["KEY("+parts[2]+")"] = base64.StdEncoding.EncodeToString(key)
		}
		return k.made[call]
	})
}

// hide puts the words back.
func (k *keys) hide(text string) string {
	for call, made := range k.made {
		text = strings.ReplaceAll(text, made, call)
	}
	return text
}

func pair(t testing.TB, what string) (certificate, key []byte) {
	t.Helper()
	names, end, _ := strings.Cut(what, " ")
	notAfter, err := time.Parse(time.DateOnly, end)
	if err != nil {
		t.Fatal(err)
	}
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"},
		NotBefore: notAfter.AddDate(0, -3, 0), NotAfter: notAfter, DNSNames: strings.Split(names, ","),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	rawKey, err := x509.MarshalECPrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: rawKey})
}
