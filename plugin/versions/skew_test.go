package versions

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/controller"
)

func traefik(version string) controller.Version {
	return controller.Version{Workload: "daemonset edge/traefik", Product: "traefik", Version: version, Image: "traefik:v" + version}
}

func TestSkew(t *testing.T) {
	const (
		current = "traefik.io/v1alpha1"
		legacy  = "traefik.containo.us/v1alpha1"
		no36    = "daemonset edge/traefik runs Traefik 3.6.12, but the cluster does not serve traefik.io/v1alpha1: apply Traefik's custom resources"
		no29    = "daemonset edge/traefik runs Traefik 2.9.10, but the cluster does not serve traefik.containo.us/v1alpha1, the only ones that it reads: apply them, and use --api-group traefik.containo.us"
	)
	of := func(version string, resources ...string) Report {
		return Report{Controllers: []controller.Version{traefik(version)}, Resources: resources}
	}
	plugin := func(version, webhook string) Report {
		return Report{Plugin: Build{Version: version}, Webhook: &Webhook{Version: webhook}}
	}
	for name, c := range map[string]struct {
		report Report
		want   []string
	}{
		"nothing known":             {Report{}, nil},
		"Kubernetes 1.36":           {Report{Kubernetes: "v1.36.3"}, nil},
		"Kubernetes of a cloud":     {Report{Kubernetes: "v1.21.14-eks-18ef993"}, nil},
		"Kubernetes 1.18":           {Report{Kubernetes: "v1.18.20"}, []string{"Kubernetes v1.18.20 does not serve networking.k8s.io/v1, which came with 1.19"}},
		"same webhook":              {plugin("v1.2.3", "v1.2.3"), nil},
		"older webhook":             {plugin("v1.3.0", "v1.2.3"), []string{"the webhook is v1.2.3 and the plugin v1.3.0, so they may convert differently: let webhook install bring the webhook to the plugin's version"}},
		"webhook of another branch": {plugin("v1.3.0", "latest"), nil},
		"plugin of a commit":        {plugin("v1.3.1-0.20261130125555-477dbc84d2f1", "v1.3.0"), nil},
		"plugin with changes":       {plugin("v1.3.0+dirty", "v1.2.3"), nil},
		"candidate":                 {plugin("v1.3.0", "v1.3.0-rc.1"), []string{"the webhook is v1.3.0-rc.1 and the plugin v1.3.0, so they may convert differently: let webhook install bring the webhook to the plugin's version"}},
		"Traefik 1.7":               {of("1.7.34"), nil},
		"Traefik 2.11":              {of("2.11.50", current), nil},
		"Traefik 2.11, old group":   {of("2.11.50", legacy), nil},
		"Traefik 2.9":               {of("2.9.10", legacy), nil},
		"Traefik 2.9, new group":    {of("2.9.10", current), []string{no29}},
		"Traefik 3.6":               {of("3.6.12", current, legacy), nil},
		"Traefik 3.6, old group":    {of("3.6.12", legacy), []string{no36}},
		"Traefik 3.6, no resources": {of("3.6.12"), []string{no36}},
		"minor version only":        {of("3.7", current), nil},
		"newer than known":          {of("3.8.0", current), []string{"daemonset edge/traefik runs Traefik 3.8.0, which is newer than 3.7, the newest that this plugin knows"}},
		"Traefik of no version":     {of("", legacy), nil},
		"ingress-nginx":             {Report{Controllers: []controller.Version{{Workload: "deployment i/n", Product: "ingress-nginx", Version: "1.10.0"}}}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, c.report.skew()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestImageTag(t *testing.T) {
	for image, want := range map[string]string{
		"ghcr.io/x/ingress-migrate-webhook:v1.2.3":            "v1.2.3",
		"registry.example.com:5000/ingress-migrate-webhook":   "",
		"registry.example.com:5000/x/webhook:v1@sha256:abcde": "v1",
	} {
		if got := imageTag(image); got != want {
			t.Errorf("%s: %q, want %q", image, got, want)
		}
	}
}
