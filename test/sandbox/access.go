package sandbox

import (
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// RESTConfig is a fresh configuration for a cluster administrator, without a
// limit of requests. Change it freely.
func (s *Sandbox) RESTConfig() *rest.Config { return rest.CopyConfig(s.admin) }

// Kubeconfig is the file of the cluster administrator.
func (s *Sandbox) Kubeconfig() string { return s.path("admin.kubeconfig") }

// Kubectl is the path of a kubectl of the servers' version.
func (s *Sandbox) Kubectl() string { return s.kubectl }

// Server is the API server's URL and CA its certificate authority, PEM.
func (s *Sandbox) Server() string { return s.server }

// CA is the PEM certificate of the authority that signed the API server's.
func (s *Sandbox) CA() []byte { return s.ca.CertPEM() }

// User returns a kubeconfig for a user who may do what RBAC says: nothing, until
// a test binds a role to the user or to one of the groups. The same name and
// groups can be asked for again.
func (s *Sandbox) User(name string, groups ...string) (string, error) {
	// Escaped, because names and groups may contain slashes, and colons, which
	// separate files in KUBECONFIG.
	file := filepath.Join(s.dir, "users", url.QueryEscape(strings.Join(append([]string{name}, groups...), ","))+".kubeconfig")
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return "", fmt.Errorf("make directory for users: %w", err)
	}
	if err := s.writeKubeconfig(file, name, groups); err != nil {
		return "", err
	}
	return file, nil
}

func (s *Sandbox) writeKubeconfig(file, user string, groups []string) error {
	pair, err := s.ca.Client(user, groups...)
	if err != nil {
		return err
	}
	config := clientcmdapi.NewConfig()
	config.Clusters["sandbox"] = &clientcmdapi.Cluster{Server: s.server, CertificateAuthorityData: s.ca.CertPEM()}
	config.AuthInfos[user] = &clientcmdapi.AuthInfo{ClientCertificateData: pair.Cert, ClientKeyData: pair.Key}
	config.Contexts["sandbox"] = &clientcmdapi.Context{Cluster: "sandbox", AuthInfo: user}
	config.CurrentContext = "sandbox"
	if err := clientcmd.WriteToFile(*config, file); err != nil {
		return fmt.Errorf("write kubeconfig for %s: %w", user, err)
	}
	return nil
}

func loadAdmin(file string) (*rest.Config, error) {
	config, err := clientcmd.BuildConfigFromFlags("", file)
	if err != nil {
		return nil, fmt.Errorf("load administrator's kubeconfig: %w", err)
	}
	// Tests wait on what they do; a client that throttles itself only hides it.
	config.QPS, config.Burst = -1, -1
	return config, nil
}
