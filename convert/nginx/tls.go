package nginx

import (
	"strings"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
)

// goSuites are the suites that Go has for TLS 1.2, by OpenSSL's names. Those of
// TLS 1.3 cannot be chosen in either.
var goSuites = map[string]string{
	"ECDHE-ECDSA-AES128-GCM-SHA256": "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
	"ECDHE-ECDSA-AES256-GCM-SHA384": "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
	"ECDHE-ECDSA-CHACHA20-POLY1305": "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
	"ECDHE-RSA-AES128-GCM-SHA256":   "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
	"ECDHE-RSA-AES256-GCM-SHA384":   "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
	"ECDHE-RSA-CHACHA20-POLY1305":   "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
	"ECDHE-ECDSA-AES128-SHA256":     "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256",
	"ECDHE-RSA-AES128-SHA256":       "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256",
	"ECDHE-ECDSA-AES128-SHA":        "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA",
	"ECDHE-ECDSA-AES256-SHA":        "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA",
	"ECDHE-RSA-AES128-SHA":          "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA",
	"ECDHE-RSA-AES256-SHA":          "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA",
	"AES128-GCM-SHA256":             "TLS_RSA_WITH_AES_128_GCM_SHA256",
	"AES256-GCM-SHA384":             "TLS_RSA_WITH_AES_256_GCM_SHA384",
	"AES128-SHA256":                 "TLS_RSA_WITH_AES_128_CBC_SHA256",
	"AES128-SHA":                    "TLS_RSA_WITH_AES_128_CBC_SHA",
	"AES256-SHA":                    "TLS_RSA_WITH_AES_256_CBC_SHA",
}

func (t *translator) readTLS(s *source, x *settings) {
	if s.ann.boolean("ssl-passthrough", false) {
		if t.facts.EnableSSLPassthrough {
			x.passTLS = true
		} else {
			s.ann.ignore("ssl-passthrough", "the controller runs without --enable-ssl-passthrough")
		}
	}
	value, ok := s.ann.find("ssl-ciphers")
	if !ok {
		return
	}
	for part := range strings.SplitSeq(value, ":") {
		if suite := goSuites[part]; suite != "" {
			x.ciphers = append(x.ciphers, suite)
		}
	}
	if len(x.ciphers) == 0 {
		s.sayOf(diag.WNginxCiphers, "ssl-ciphers", "none of the suites is known to Go; its defaults hold")
		return
	}
	s.sayOf(diag.WNginxCiphers, "ssl-ciphers", "")
}
