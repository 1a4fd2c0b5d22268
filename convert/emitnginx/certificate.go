package emitnginx

import (
	"slices"
	"strings"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
)

// loadCertificates notes the secrets that each owner loads, on routes and beside them.
func (all *owners) loadCertificates(t ir.Translation) {
	load := func(ref ir.Ref, secret string) {
		if o := all.of(ref); secret != "" && !slices.Contains(o.secrets, secret) {
			o.secrets = append(o.secrets, secret)
		}
	}
	for i := range t.Routes {
		if t.Routes[i].TLS != nil {
			load(t.Routes[i].Owner, t.Routes[i].TLS.SecretName)
		}
	}
	for _, c := range t.Certificates {
		load(c.Owner, c.SecretName)
	}
}

// secrets are those that hold the certificate of the host, by namespace. nginx
// looks at one Ingress of the host only, so all of a namespace list the same.
func (s *server) secrets() map[string][]string {
	found := map[string][]string{}
	for _, l := range s.locations {
		namespace := l.owner.ref.Namespace
		for _, secret := range l.owner.secrets {
			if !slices.Contains(found[namespace], secret) {
				found[namespace] = append(found[namespace], secret)
			}
		}
	}
	for _, l := range s.locations {
		switch {
		case l.tls == nil:
		case len(found) > 1:
			l.report(diag.WToNginxCert, "secrets of several namespaces may hold the certificate of "+strings.TrimSpace(s.name())+", and nginx looks into the oldest Ingress of the host only")
		case len(found) == 0:
			l.report(diag.IToNginxCert, "no secret of the host is known: nginx shows its default certificate (--default-ssl-certificate)")
		}
	}
	return found
}
