package acme

import (
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation"
)

// Secrets are the converted certificates as Secrets of a namespace, one each,
// named after the first domain. Replicas of Traefik cannot share an acme.json,
// but they all read Secrets.
func (r Result) Secrets(namespace string) []*corev1.Secret {
	var secrets []*corev1.Secret
	taken := map[string]bool{}
	for _, c := range r.Usable() {
		name := secretName(c.Domains()[0])
		for n := 2; taken[name]; n++ {
			name = fmt.Sprintf("%s-%d", secretName(c.Domains()[0]), n)
		}
		taken[name] = true
		secrets = append(secrets, &corev1.Secret{
			TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Secret"},
			ObjectMeta: metav1.ObjectMeta{
				Namespace: namespace, Name: name,
				Annotations: map[string]string{"ingress-migrate.io/domains": strings.Join(c.Domains(), ",")},
			},
			Type: corev1.SecretTypeTLS,
			Data: map[string][]byte{corev1.TLSCertKey: c.Certificate, corev1.TLSPrivateKeyKey: c.Key},
		})
	}
	return secrets
}

// secretName turns a domain into the name of a Secret: acme-example.com,
// acme-wildcard.example.com.
func secretName(domain string) string {
	name := strings.Map(func(r rune) rune {
		switch {
		case 'a' <= r && r <= 'z', '0' <= r && r <= '9', r == '-', r == '.':
			return r
		}
		return '-'
	}, strings.Replace(domain, "*.", "wildcard.", 1))
	const room = validation.DNS1123SubdomainMaxLength - len("acme-") - len("-9999")
	name = "acme-" + name[:min(len(name), room)]
	if len(validation.IsDNS1123Subdomain(name)) > 0 {
		// Empty labels, labels that begin with a dash.
		name = strings.Trim(strings.ReplaceAll(name, ".", "-"), "-")
	}
	return name
}
