package main

import (
	"fmt"
	"os"
	"strings"

	"github.com/traefik/traefik/configuration"
	"k8s.io/client-go/tools/clientcmd"
)

// listenOnNode binds every entry point that names no host to the node's own
// address: with ":80" the first node's pod would take the port of all others.
func listenOnNode(config *configuration.GlobalConfiguration, nodeIP string) {
	if nodeIP == "" {
		return
	}
	for _, entryPoint := range config.EntryPoints {
		if strings.HasPrefix(entryPoint.Address, ":") {
			entryPoint.Address = nodeIP + entryPoint.Address
		}
	}
}

// useKubeconfig points the kubernetes provider at the cluster of the file. The
// provider itself knows only in-cluster configuration and the three fields
// that are filled here.
func useKubeconfig(config *configuration.GlobalConfiguration, file string) error {
	if file == "" || config.Kubernetes == nil {
		return nil
	}
	cluster, err := clientcmd.BuildConfigFromFlags("", file)
	if err != nil {
		return fmt.Errorf("reading KUBECONFIG %s: %w", file, err)
	}
	token := cluster.BearerToken
	if token == "" && cluster.BearerTokenFile != "" {
		content, err := os.ReadFile(cluster.BearerTokenFile)
		if err != nil {
			return fmt.Errorf("reading the token of KUBECONFIG %s: %w", file, err)
		}
		token = strings.TrimSpace(string(content))
	}
	authority := cluster.CAFile
	if len(cluster.CAData) > 0 {
		if authority, err = writeAuthority(cluster.CAData); err != nil {
			return fmt.Errorf("KUBECONFIG %s: %w", file, err)
		}
	}
	config.Kubernetes.Endpoint = cluster.Host
	config.Kubernetes.Token = token
	config.Kubernetes.CertAuthFilePath = authority
	// These two would win over the endpoint.
	os.Unsetenv("KUBERNETES_SERVICE_HOST")
	os.Unsetenv("KUBERNETES_SERVICE_PORT")
	return nil
}

// writeAuthority writes the certificate authority where the provider can read
// it: it takes a path only.
func writeAuthority(pem []byte) (string, error) {
	file, err := os.CreateTemp("", "traefik1-ca-*.pem")
	if err != nil {
		return "", fmt.Errorf("writing the certificate authority: %w", err)
	}
	defer file.Close()
	if _, err := file.Write(pem); err != nil {
		return "", fmt.Errorf("writing the certificate authority: %w", err)
	}
	return file.Name(), nil
}
