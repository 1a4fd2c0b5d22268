package edge

import (
	"bytes"
	"cmp"
	_ "embed"
	"fmt"
	"maps"
	"net"
	"slices"
	"strconv"
	"strings"
	"text/template"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
)

//go:embed manifests/nginx.conf
var nginxConf string

// nginxData is what manifests/nginx.conf shows.
type nginxData struct {
	HTTP, HTTPS        int32
	DefaultCertificate string
	FinishSeconds      int
	Upstreams          []nginxUpstream
	Servers            []*nginxServer
}

type nginxUpstream struct{ Name, Address string }

type nginxServer struct {
	Host, Certificate, AppRoot string
	Locations                  []nginxLocation

	// regex: one Ingress of the host has patterns, and so all its paths are some.
	regex bool
	paths []nginxPath
}

type nginxLocation struct {
	Match, Path, Upstream string
	RedirectToHTTPS       bool
	Allowed               []string
	Users, Realm          string
	Permanent, Rewrite    string
}

// nginxPath is a path of an Ingress, before it is known how its host is rendered.
type nginxPath struct {
	text     string
	kind     networkingv1.PathType
	location nginxLocation
}

const nginxPrefix = "nginx.ingress.kubernetes.io/"

// renderNginx returns nginx.conf and the files that it names.
func renderNginx(o Options, objects NginxObjects) (map[string][]byte, error) {
	files := map[string][]byte{}
	data := nginxData{HTTP: o.HTTP, HTTPS: o.HTTPS, DefaultCertificate: strings.ReplaceAll(o.DefaultCertificate, "/", "-"), FinishSeconds: o.FinishSeconds()}
	for _, s := range objects.Secrets {
		name := s.Namespace + "-" + s.Name
		switch {
		case s.Type == corev1.SecretTypeTLS:
			files[name+".crt"], files[name+".key"] = s.Data[corev1.TLSCertKey], s.Data[corev1.TLSPrivateKeyKey]
		case s.Data["auth"] != nil:
			files[name+".users"] = s.Data["auth"]
		}
	}
	for _, s := range objects.Services {
		if s.Spec.ExternalName == "" {
			continue // not an application of the sandbox
		}
		for _, port := range s.Spec.Ports {
			data.Upstreams = append(data.Upstreams, nginxUpstream{
				Name:    upstreamName(s.Namespace, s.Name, port.Port),
				Address: net.JoinHostPort(s.Spec.ExternalName, strconv.Itoa(int(port.Port))),
			})
		}
	}
	servers := map[string]*nginxServer{}
	for i := range objects.Ingresses {
		if err := addIngress(servers, &objects.Ingresses[i], data.DefaultCertificate); err != nil {
			return nil, fmt.Errorf("rendering Ingress %s/%s for nginx: %w", objects.Ingresses[i].Namespace, objects.Ingresses[i].Name, err)
		}
	}
	for _, host := range slices.Sorted(maps.Keys(servers)) {
		servers[host].locate()
		data.Servers = append(data.Servers, servers[host])
	}
	parsed, err := template.New("nginx.conf").Option("missingkey=error").Parse(nginxConf)
	if err != nil {
		return nil, fmt.Errorf("configuration of nginx: %w", err)
	}
	var text bytes.Buffer
	if err := parsed.Execute(&text, data); err != nil {
		return nil, fmt.Errorf("configuration of nginx: %w", err)
	}
	files["nginx.conf"] = text.Bytes()
	return files, nil
}

func upstreamName(namespace, service string, port int32) string {
	return fmt.Sprintf("%s-%s-%d", namespace, service, port)
}

// addIngress adds an Ingress's rules to the servers of their hosts.
func addIngress(servers map[string]*nginxServer, ingress *networkingv1.Ingress, certificate string) error {
	common := nginxLocation{}
	regex, appRoot, redirect := false, "", true
	for _, key := range slices.Sorted(maps.Keys(ingress.Annotations)) {
		value := ingress.Annotations[key]
		name, ours := strings.CutPrefix(key, nginxPrefix)
		if !ours {
			continue
		}
		switch name {
		case "rewrite-target":
			common.Rewrite, regex = value, true
		case "use-regex":
			regex = regex || value == "true"
		case "app-root":
			appRoot = value
		case "ssl-redirect":
			redirect = value == "true"
		case "permanent-redirect":
			common.Permanent = value
		case "whitelist-source-range":
			for _, cidr := range strings.Split(value, ",") {
				common.Allowed = append(common.Allowed, strings.TrimSpace(cidr))
			}
		case "auth-type":
			if value != "basic" {
				return fmt.Errorf("%s: %s is not known here", key, value)
			}
		case "auth-secret":
			common.Users = ingress.Namespace + "-" + value
		case "auth-realm":
			common.Realm = value
		default:
			return fmt.Errorf("%s is not known here", key)
		}
	}
	for _, rule := range ingress.Spec.Rules {
		server := servers[rule.Host]
		if server == nil {
			server = &nginxServer{Host: rule.Host, Certificate: certificate}
			servers[rule.Host] = server
		}
		server.regex, server.AppRoot = server.regex || regex, cmp.Or(server.AppRoot, appRoot)
		common.RedirectToHTTPS = false
		for _, tls := range ingress.Spec.TLS {
			if slices.Contains(tls.Hosts, rule.Host) {
				server.Certificate, common.RedirectToHTTPS = ingress.Namespace+"-"+tls.SecretName, redirect
			}
		}
		for _, p := range rule.HTTP.Paths {
			location := common
			if p.Backend.Service.Port.Number == 0 {
				return fmt.Errorf("a port by name is not known here")
			}
			location.Upstream = upstreamName(ingress.Namespace, p.Backend.Service.Name, p.Backend.Service.Port.Number)
			server.paths = append(server.paths, nginxPath{text: p.Path, kind: *p.PathType, location: location})
		}
	}
	return nil
}

// locate makes the locations of a server's paths, the longest first; see
// buildLocation in the controller's template.go and updateServerLocations for
// what becomes of pathType Prefix.
func (s *nginxServer) locate() {
	slices.SortStableFunc(s.paths, func(a, b nginxPath) int { return len(b.text) - len(a.text) })
	add := func(match string, p nginxPath) {
		location := p.location
		location.Match, location.Path = match, p.text
		s.Locations = append(s.Locations, location)
	}
	for _, p := range s.paths {
		switch {
		case s.regex && p.kind == networkingv1.PathTypeExact:
			add(fmt.Sprintf("~* \"^%s$\"", p.text), p)
		case s.regex:
			add(fmt.Sprintf("~* \"^%s\"", p.text), p)
		case p.kind == networkingv1.PathTypeExact:
			add("= "+p.text, p)
		case p.kind == networkingv1.PathTypePrefix && p.text != "/":
			add(strings.TrimSuffix(p.text, "/")+"/", p)
			add("= "+strings.TrimSuffix(p.text, "/"), p)
		default:
			add(p.text, p)
		}
	}
}
