package cases

import (
	"fmt"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/ingress-migrate/kubectl-ingress-migrate/test/oracle/generate"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/oracle/world"
)

// newService reads the words behind "service".
func (p *parser) newService(words []string) error {
	o, err := options(words[1:])
	if err != nil {
		return err
	}
	service := world.Service(namespace(o), words[0])
	service.Annotations = map[string]string{}
	if o["port"] != "" {
		service.Spec.Ports = nil
		for port := range strings.SplitSeq(o["port"], ",") {
			name, number, _ := strings.Cut(port, ":")
			n, err := strconv.ParseInt(number, 10, 32)
			if err != nil {
				return fmt.Errorf("port %q: %w", port, err)
			}
			service.Spec.Ports = append(service.Spec.Ports, corev1.ServicePort{Name: name, Port: int32(n)})
		}
	}
	p.pods[service] = 1
	switch o["pods"] {
	case "":
	case "unready":
		p.unready[service] = true
	case "none": // not even Endpoints
		p.pods[service] = -1
	default:
		if p.pods[service], err = strconv.Atoi(o["pods"]); err != nil {
			return fmt.Errorf("pods: %w", err)
		}
	}
	if o["external"] != "" {
		service.Spec.Type, service.Spec.ClusterIP = corev1.ServiceTypeExternalName, ""
		service.Spec.ExternalName = world.PodAddress(service.Namespace, service.Name, 0)
		p.pods[service] = -1
	}
	p.c.Set.Services = append(p.c.Set.Services, service)
	p.annotations = func(key, value string) { service.Annotations[key] = value }
	return nil
}

// newSecret reads the words behind "secret". The names users and crt, without
// more, are the generator's.
func (p *parser) newSecret(text string) error {
	words := strings.Fields(text)
	secret := generate.Secret("one", words[0])
	for _, word := range words[1:] {
		key, value, ok := strings.Cut(word, "=")
		if !ok {
			return fmt.Errorf("want key=value, not %q", word)
		}
		switch key {
		case "ns":
			secret.Namespace = value
		case "type":
			secret.Type = corev1.SecretType(value)
		default:
			if secret.Data == nil {
				secret.Data = map[string][]byte{}
			}
			secret.Data[key] = []byte(strings.ReplaceAll(value, `\n`, "\n"))
		}
	}
	p.c.Set.Secrets = append(p.c.Set.Secrets, secret)
	return nil
}
