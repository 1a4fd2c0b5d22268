package workload

import (
	_ "embed"

	corev1 "k8s.io/api/core/v1"

	"github.com/ingress-migrate/kubectl-ingress-migrate/test/load"
)

//go:embed objects/nginx.yaml
var nginxIngresses []byte

//go:embed objects/nginx-requests.txt
var nginxRequests string

// nginxTold is what I-NGX-DEFAULTS tells of every conversion and W-NGX-REWRITE of
// rewritten paths: the headers that one of the two adds for backends, and pages of
// the proxies' own.
var nginxTold = load.Told{
	Echoed: []string{"X-Request-Id", "X-Scheme", "X-Forwarded-Scheme", "X-Original-Forwarded-For", "X-Replaced-Path", "Accept-Encoding"},
	Pages:  true,
}

// NginxCertificate is the Secret of the certificate for hosts that have none.
const NginxCertificate = "shop/shop-tls"

// Nginx is a small cluster on ingress-nginx.
func Nginx() (*Workload, error) {
	shop, err := certificate("shop", "shop-tls", "www.shop.test", "*.shop.test")
	if err != nil {
		return nil, err
	}
	requests, err := readRequests(nginxRequests, nil, nil)
	if err != nil {
		return nil, err
	}
	w := &Workload{
		Before: [][]byte{nginxIngresses}, Secrets: []*corev1.Secret{shop, adminUsers()},
		Requests: requests, Probe: Probe{Host: "www.shop.test", Service: "shop/front"},
	}
	w.Tell(nginxTold)
	return w, nil
}
