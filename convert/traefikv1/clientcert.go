package traefikv1

import (
	"go.yaml.in/yaml/v2"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
)

// The keys of pass-client-tls-cert that Traefik 1.7 reads: field names in lower case.
type (
	clientCertYAML struct {
		PEM   bool
		Infos *certInfosYAML
	}
	certInfosYAML struct {
		NotAfter, NotBefore, Sans bool
		Subject, Issuer           *distinguishedNameYAML
	}
	distinguishedNameYAML struct {
		Country, Province, Locality, Organization, CommonName, SerialNumber, DomainComponent bool
	}
)

// readClientCert reads which parts of the client certificate go to the backend.
func readClientCert(s *source, c *settings) {
	raw := s.ann.str("pass-client-tls-cert", "")
	if raw == "" {
		return
	}
	var y clientCertYAML
	if err := yaml.Unmarshal([]byte(raw), &y); err != nil {
		s.sayOf(diag.IAnnIgnored, "pass-client-tls-cert", "not the YAML that Traefik 1.7 expects, so no header is sent")
		return
	}
	for _, key := range unknownKeys(raw, clientCertYAML{}) {
		s.sayOf(diag.IAnnIgnored, "pass-client-tls-cert", "key "+key+" is not known (keys are all lower case)")
	}
	cert := ir.PassTLSClientCert{PEM: y.PEM}
	if y.Infos != nil {
		cert.Info = &ir.ClientCertInfo{NotAfter: y.Infos.NotAfter, NotBefore: y.Infos.NotBefore, Sans: y.Infos.Sans}
		if subject := y.Infos.Subject; subject != nil {
			// Traefik 1.7 copies the flags of the subject to the issuer (templates/kubernetes.tmpl).
			both := ir.DistinguishedName(*subject)
			cert.Info.Subject, cert.Info.Issuer = &both, &both
		}
		if y.Infos.Issuer != nil {
			s.sayOf(diag.IAnnIgnored, "pass-client-tls-cert", "infos.issuer is ignored by Traefik 1.7, which uses the flags of infos.subject for it")
		}
		if *cert.Info == (ir.ClientCertInfo{}) {
			cert.Info = nil // Traefik 1.7 sends an empty header
		}
	}
	s.sayOf(diag.WClientCertHdr, "pass-client-tls-cert", "the header is called X-Forwarded-Tls-Client-Cert-Info in the target, its separators differ, and the PEM is not URL-escaped")
	if cert.PEM || cert.Info != nil {
		c.clientCert = cert
	}
}
