package certs

import (
	"bytes"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/open-policy-agent/cert-controller/pkg/rotator"
	corev1 "k8s.io/api/core/v1"
)

// Keys of the Secret beside tls.crt and tls.key. They are those of cert-controller.
const (
	// authoritiesKey holds every authority that is trusted, the newest first.
	authoritiesKey = "ca.crt"
	// authorityKeyKey holds the key of the newest one.
	authorityKeyKey = "ca.key"
)

const (
	authorityFor   = 10 * 365 * 24 * time.Hour
	certificateFor = 365 * 24 * time.Hour
	// ahead is how long before its end something is made anew.
	ahead = 90 * 24 * time.Hour
	// backdated lets clocks differ.
	backdated = time.Hour
	// overlap is how long an authority stays trusted that signs nothing any more.
	overlap = 24 * time.Hour
	// maxAuthorities bounds the bundle, whatever happens to the Secret.
	maxAuthorities = 4
)

// maker makes authorities and certificates with cert-controller's functions. What
// is ours is the order in which they become known, see step.
type maker struct {
	rotator rotator.CertRotator
	hosts   []string
}

func newMaker(authority, organization string, hosts []string) maker {
	return maker{
		rotator: rotator.CertRotator{
			CAName: authority, CAOrganization: organization, DNSName: hosts[0], ExtraDNSNames: hosts[1:],
			ExtKeyUsages: &[]x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		},
		hosts: hosts,
	}
}

// step returns the data that the Secret should have next, nil when it is as it
// should be, and when to look again. registered are the authorities that the API
// server trusts; settled tells whether it has trusted the newest one of the Secret
// for long enough that every API server knows.
//
//	newest authority        certificate                     step
//	missing, bad, near end  any                             a new authority, the others stay trusted
//	not settled             good, of an older authority     wait
//	settled                 of an older authority           a certificate of the newest
//	any                     missing, bad, expired           a certificate of the newest
//	any                     of the newest, near its end     a certificate of the newest
//	any                     of the newest for an overlap    the older authorities go
//
// So whatever an API server has seen of the bundle, now or a moment ago, it trusts
// what every replica serves, now or a moment ago.
func (m maker) step(data map[string][]byte, registered []*x509.Certificate, settled bool, now time.Time) (map[string][]byte, time.Duration, error) {
	const soon, later = time.Second, time.Hour
	trusted := certificates(data[authoritiesKey])
	leaf, leafErr := pair(data)
	key, err := m.authority(data, now)
	if err != nil {
		kept := m.ofOurs(append(slices.Clone(trusted), registered...), now)
		made, err := m.rotator.CreateCACert(now.Add(-backdated), now.Add(authorityFor))
		if err != nil {
			return nil, 0, fmt.Errorf("make a certificate authority: %w", err)
		}
		next := maps.Clone(data)
		if next == nil {
			next = map[string][]byte{}
		}
		next[authoritiesKey] = slices.Concat(made.CertPEM, encode(kept))
		next[authorityKeyKey] = made.KeyPEM
		if leafErr == nil && m.trusts(kept, leaf, now) {
			return next, soon, nil
		}
		return next, soon, m.sign(next, made, now)
	}
	newest := trusted[:1]
	switch {
	case leafErr != nil || !m.trusts(trusted, leaf, now):
	case !m.trusts(newest, leaf, now):
		if !settled {
			return nil, soon, nil
		}
	case leaf.Leaf.NotAfter.Sub(now) < ahead:
	case len(trusted) > 1 && now.Sub(leaf.Leaf.NotBefore) > backdated+overlap:
		next := maps.Clone(data)
		next[authoritiesKey] = encode(newest)
		return next, soon, nil
	default:
		return nil, later, nil
	}
	next := maps.Clone(data)
	return next, soon, m.sign(next, key, now)
}

// sign puts a new certificate into data.
func (m maker) sign(data map[string][]byte, authority *rotator.KeyPairArtifacts, now time.Time) error {
	cert, key, err := m.rotator.CreateCertPEM(authority, now.Add(-backdated), now.Add(certificateFor))
	if err != nil {
		return fmt.Errorf("make a certificate: %w", err)
	}
	data[corev1.TLSCertKey], data[corev1.TLSPrivateKeyKey] = cert, key
	return nil
}

// authority returns the newest authority of data with its key, if it can sign for
// some time yet.
func (m maker) authority(data map[string][]byte, now time.Time) (*rotator.KeyPairArtifacts, error) {
	block, _ := pem.Decode(data[authoritiesKey])
	if block == nil {
		return nil, errors.New("there is no certificate authority")
	}
	newest := pem.EncodeToMemory(block)
	if valid, err := rotator.ValidCert(newest, newest, data[authorityKeyKey], m.rotator.CAName, nil, now.Add(ahead)); err != nil || !valid {
		return nil, fmt.Errorf("the certificate authority cannot be used: %w", err)
	}
	both, err := tls.X509KeyPair(newest, data[authorityKeyKey])
	if err != nil {
		return nil, fmt.Errorf("read the certificate authority: %w", err)
	}
	key, ok := both.PrivateKey.(*rsa.PrivateKey)
	if !ok {
		return nil, fmt.Errorf("the key of the certificate authority is %T", both.PrivateKey)
	}
	return &rotator.KeyPairArtifacts{Cert: both.Leaf, Key: key, CertPEM: newest, KeyPEM: data[authorityKeyKey]}, nil
}

// ofOurs returns the authorities that may stay trusted beside a new one: of our
// name, valid, each once.
func (m maker) ofOurs(all []*x509.Certificate, now time.Time) []*x509.Certificate {
	var ours []*x509.Certificate
	for _, c := range all {
		valid := c.IsCA && c.Subject.CommonName == m.rotator.CAName && now.After(c.NotBefore) && now.Before(c.NotAfter)
		if valid && len(ours) < maxAuthorities-1 && !slices.ContainsFunc(ours, c.Equal) {
			ours = append(ours, c)
		}
	}
	return ours
}

// trusts tells whether whoever trusts these authorities takes a certificate for ours.
func (m maker) trusts(authorities []*x509.Certificate, leaf *tls.Certificate, now time.Time) bool {
	roots := x509.NewCertPool()
	for _, c := range authorities {
		roots.AddCert(c)
	}
	for _, host := range m.hosts {
		if _, err := leaf.Leaf.Verify(x509.VerifyOptions{Roots: roots, DNSName: host, CurrentTime: now}); err != nil {
			return false
		}
	}
	return true
}

// sameAuthority tells whether whoever trusts one of two certificates trusts the other.
func (maker) sameAuthority(a, b *tls.Certificate) bool {
	return bytes.Equal(a.Leaf.AuthorityKeyId, b.Leaf.AuthorityKeyId)
}

// pair reads the certificate that is to be served.
func pair(data map[string][]byte) (*tls.Certificate, error) {
	if len(data[corev1.TLSCertKey]) == 0 {
		return nil, errors.New("the Secret has no certificate yet")
	}
	certificate, err := tls.X509KeyPair(data[corev1.TLSCertKey], data[corev1.TLSPrivateKeyKey])
	if err != nil {
		return nil, fmt.Errorf("read the certificate: %w", err)
	}
	return &certificate, nil
}

// certificates reads what can be read of a bundle.
func certificates(bundle []byte) []*x509.Certificate {
	var found []*x509.Certificate
	for {
		var block *pem.Block
		if block, bundle = pem.Decode(bundle); block == nil {
			return found
		}
		if c, err := x509.ParseCertificate(block.Bytes); err == nil {
			found = append(found, c)
		}
	}
}

func encode(all []*x509.Certificate) []byte {
	var out bytes.Buffer
	for _, c := range all {
		out.Write(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw}))
	}
	return out.Bytes()
}
