package world

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// reissue gives the certificate of a Secret the names that its hosts have at a
// place. Whatever is not a certificate with its key stays as it is, and so does
// what follows the certificate.
func reissue(secret *corev1.Secret, names *strings.Replacer) error {
	block, rest := pem.Decode(secret.Data[corev1.TLSCertKey])
	keyBlock, _ := pem.Decode(secret.Data[corev1.TLSPrivateKeyKey])
	if block == nil || keyBlock == nil {
		return nil
	}
	template, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return nil
	}
	key, err := x509.ParsePKCS8PrivateKey(keyBlock.Bytes)
	if err != nil {
		return nil
	}
	signer, ok := key.(crypto.Signer)
	if !ok {
		return nil
	}
	for i, name := range template.DNSNames {
		template.DNSNames[i] = names.Replace(name)
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, signer.Public(), signer)
	if err != nil {
		return fmt.Errorf("making the certificate of secret %s/%s: %w", secret.Namespace, secret.Name, err)
	}
	secret.Data[corev1.TLSCertKey] = bytes.Join([][]byte{pem.EncodeToMemory(&pem.Block{Type: block.Type, Bytes: der}), rest}, nil)
	return nil
}
