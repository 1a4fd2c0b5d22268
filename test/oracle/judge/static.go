package judge

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
)

func hostPort(address string, port int) string {
	return net.JoinHostPort(address, strconv.Itoa(port))
}

// staticFile is the static configuration, without any delay of reloads.
func (c Config) staticFile(api string) (name, content string) {
	plain, secure, own := hostPort(c.Address, PortHTTP), hostPort(c.Address, PortHTTPS), hostPort(c.Address, PortAPI)
	if c.Version == V1 {
		return "traefik.toml", fmt.Sprintf(`%[5]s
insecureSkipVerify = true
providersThrottleDuration = "1ms"
logLevel = "ERROR"
[entryPoints]
  [entryPoints.http]
  address = %[1]q
  [entryPoints.https]
  address = %[2]q
    [entryPoints.https.tls]
      [entryPoints.https.tls.defaultCertificate]
      certFile = "default.crt"
      keyFile = "default.key"
  [entryPoints.traefik]
  address = %[3]q
[api]
  dashboard = false
[kubernetes]
  endpoint = %[4]q
  ingressClass = %[7]q
%[6]s
`, plain, secure, own, api, c.Static, c.Sections, c.IngressClass)
	}
	ingresses := ""
	if c.Ingresses != "" {
		ingresses = fmt.Sprintf("  kubernetesIngress: {endpoint: %q, %s}\n", api, c.Ingresses)
	}
	trust := ", forwardedHeaders: {insecure: true}"
	if c.Distrust {
		trust = ""
	}
	return "traefik.yaml", fmt.Sprintf(`%[5]s
global: {checkNewVersion: false, sendAnonymousUsage: false}
log: {level: ERROR}
entryPoints:
  web: {address: %[1]q%[8]s, transport: {respondingTimeouts: {readTimeout: 0}}}
  websecure: {address: %[2]q%[8]s, transport: {respondingTimeouts: {readTimeout: 0}}}
  traefik: {address: %[3]q}
api: {insecure: true}
serversTransport: {insecureSkipVerify: true}
providers:
  providersThrottleDuration: 1ms
  file: {filename: default.yaml}
  kubernetesCRD: {endpoint: %[4]q, %[6]s}
%[7]s`, plain, secure, own, api, c.Static, c.Routes, ingresses, trust)
}

// writeFiles writes the static configuration and what Traefik 2 and 3 have of a file:
// the default certificate, without which every reload makes a new key and takes longer
// than all the rest, a middleware and TLS options.
func (c Config) writeFiles(api string) (file string, err error) {
	if err := os.MkdirAll(c.Dir, 0o755); err != nil {
		return "", err
	}
	name, content := c.staticFile(api)
	for name, content := range map[string]string{
		name: content, "default.crt": string(c.Certificate.Cert), "default.key": string(c.Certificate.Key),
		"default.yaml": "tls: {options: {elder: {maxVersion: VersionTLS12}}, stores: {default: {defaultCertificate: {certFile: default.crt, keyFile: default.key}}}}\n" +
			"http: {middlewares: {filed: {addPrefix: {prefix: /filed}}}}\n",
	} {
		if err := os.WriteFile(filepath.Join(c.Dir, name), []byte(content), 0o600); err != nil {
			return "", err
		}
	}
	return filepath.Join(c.Dir, name), nil
}

// logSize is how much was logged so far.
func (j *Judge) logSize() int64 {
	info, err := os.Stat(j.logFile())
	if err != nil {
		return 0
	}
	return info.Size()
}

// saysUnreadable reports whether the controller complained about its own
// configuration or panicked since its log had the given size. "Near line" is how its TOML
// library begins every complaint about syntax.
func (j *Judge) saysUnreadable(since int64) bool {
	log, err := os.ReadFile(j.logFile())
	if err != nil || int64(len(log)) <= since {
		return false
	}
	var complaints []string
	switch j.config.Version {
	case V1:
		complaints = []string{"Near line", "Error in Go routine"}
	case Nginx:
		complaints = []string{"[emerg]"} // of nginx -t, after which the controller keeps what it has
	}
	return slices.ContainsFunc(complaints, func(c string) bool { return bytes.Contains(log[since:], []byte(c)) })
}
