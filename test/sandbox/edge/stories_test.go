package edge_test

import authenticationv1 "k8s.io/api/authentication/v1"

func newTokenRequest() *authenticationv1.TokenRequest { return &authenticationv1.TokenRequest{} }

// canaryIngress is the payment company's: two Services on one host and path,
// weighted, in the API group of Traefik 1.7's time.
const canaryIngress = `
apiVersion: extensions/v1beta1
kind: Ingress
metadata:
  namespace: default
  name: myapp
  annotations:
    kubernetes.io/ingress.class: traefik
    traefik.ingress.kubernetes.io/service-weights: |
      myapp: 90%
      myapp-canary: 10%
spec:
  rules:
  - host: shop.test
    http:
      paths:
      - path: /
        backend: {serviceName: myapp, servicePort: 8080}
      - path: /
        backend: {serviceName: myapp-canary, servicePort: 8080}
`

// canaryIngressRoutes mean the same to Traefik 2.
const canaryIngressRoutes = `
apiVersion: traefik.io/v1alpha1
kind: IngressRoute
metadata: {namespace: default, name: myapp}
spec:
  entryPoints: [web]
  routes:
  - kind: Rule
    match: Host(` + "`shop.test`" + `) && PathPrefix(` + "`/`" + `)
    services:
    - {name: myapp, port: 8080, weight: 90}
    - {name: myapp-canary, port: 8080, weight: 10}
---
apiVersion: traefik.io/v1alpha1
kind: IngressRoute
metadata: {namespace: default, name: myapp-tls}
spec:
  entryPoints: [websecure]
  routes:
  - kind: Rule
    match: Host(` + "`shop.test`" + `) && PathPrefix(` + "`/`" + `)
    services:
    - {name: myapp, port: 8080, weight: 90}
    - {name: myapp-canary, port: 8080, weight: 10}
  tls: {}
`
