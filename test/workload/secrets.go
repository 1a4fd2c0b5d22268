package workload

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha1" //nolint:gosec // the htpasswd format of Apache's {SHA}
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"math/big"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// shopsSecrets are what the Ingresses of Shops refer to: two certificates and one
// file of users.
func shopsSecrets() ([]*corev1.Secret, error) {
	shop, err := certificate("shop", "shop-tls", "www.shop.test", "*.shop.test")
	if err != nil {
		return nil, err
	}
	tv, err := certificate("tv", "tv-tls", "play.tv.test")
	if err != nil {
		return nil, err
	}
	return []*corev1.Secret{shop, tv, adminUsers()}, nil
}

// adminUsers is a file of users, as both Traefik 1.7 and ingress-nginx read it.
func adminUsers() *corev1.Secret {
	hash := sha1.Sum([]byte("wonderland")) //nolint:gosec
	return &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Namespace: "ops", Name: "admin-users"},
		StringData: map[string]string{"auth": "alice:{SHA}" + base64.StdEncoding.EncodeToString(hash[:]) + "\n"},
	}
}

func certificate(namespace, name string, hosts ...string) (*corev1.Secret, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("making a key for %s: %w", hosts[0], err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()),
		Subject:      pkix.Name{CommonName: hosts[0]},
		DNSNames:     hosts,
		NotBefore:    time.Now().Add(-time.Hour),
		NotAfter:     time.Now().Add(24 * time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return nil, fmt.Errorf("making a certificate for %s: %w", hosts[0], err)
	}
	private, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return nil, fmt.Errorf("encoding the key for %s: %w", hosts[0], err)
	}
	return &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name},
		Type:       corev1.SecretTypeTLS,
		Data: map[string][]byte{
			corev1.TLSCertKey:       pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}),
			corev1.TLSPrivateKeyKey: pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: private}),
		},
	}, nil
}
