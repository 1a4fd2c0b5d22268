package install_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/version"
	"sigs.k8s.io/yaml"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/emit"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/traefikv1"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/install"
)

func objects(t *testing.T, s install.Settings) map[string]*unstructured.Unstructured {
	t.Helper()
	all, err := install.Objects(s)
	if err != nil {
		t.Fatal(err)
	}
	byKind := map[string]*unstructured.Unstructured{}
	for _, o := range all {
		byKind[o.GetKind()] = o
	}
	return byKind
}

func text(t *testing.T, o *unstructured.Unstructured) string {
	t.Helper()
	raw, err := yaml.Marshal(o.Object)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

func TestAnotherNamespace(t *testing.T) {
	for kind, o := range objects(t, install.Settings{Namespace: "edge", MatchConditions: true}) {
		if ns := o.GetNamespace(); ns != "" && ns != "edge" {
			t.Errorf("%s is in namespace %s", kind, ns)
		}
		for _, mention := range []string{"namespace: ingress-migrate\n", "serviceaccount:ingress-migrate:", "metadata.name: ingress-migrate\n", "- ingress-migrate\n"} {
			if strings.Contains(text(t, o), mention) {
				t.Errorf("%s still says %q:\n%s", kind, mention, text(t, o))
			}
		}
	}
	if name := objects(t, install.Settings{Namespace: "edge"})["Namespace"].GetName(); name != "edge" {
		t.Errorf("the namespace is called %s", name)
	}
}

func TestDeployment(t *testing.T) {
	of := func(s install.Settings) (replicas int64, image string, args []string, hash string) {
		d := objects(t, s)["Deployment"]
		replicas, _, _ = unstructured.NestedInt64(d.Object, "spec", "replicas")
		containers, _, _ := unstructured.NestedSlice(d.Object, "spec", "template", "spec", "containers")
		container := containers[0].(map[string]any)
		args, _, _ = unstructured.NestedStringSlice(container, "args")
		hash, _, _ = unstructured.NestedString(d.Object, "spec", "template", "metadata", "annotations", "ingress-migrate.io/conversion-hash")
		return replicas, container["image"].(string), args, hash
	}
	replicas, image, args, hash := of(install.Settings{Image: "registry.example.com/w:1", Replicas: 3, Mode: "warn"})
	if replicas != 3 || image != "registry.example.com/w:1" {
		t.Errorf("%d replicas of %s", replicas, image)
	}
	if diff := cmp.Diff([]string{"--conversion=/etc/ingress-migrate/conversion.yaml", "--mode=warn"}, args); diff != "" {
		t.Errorf("args (-want +got):\n%s", diff)
	}
	if _, _, _, other := of(install.Settings{Conversion: convert.Options{Target: emit.Target{Version: emit.V3}}}); other == hash {
		t.Error("other options make no new pods")
	}
	if _, _, _, same := of(install.Settings{Replicas: 5}); same != hash {
		t.Error("equal options make new pods")
	}
}

func TestRegistration(t *testing.T) {
	class := func(c string) convert.Options {
		return convert.Options{From: convert.FromTraefikV1, TraefikV1: traefikv1.Facts{IngressClass: c}}
	}
	cases := map[string]struct {
		settings    install.Settings
		has, hasNot string
	}{
		"old server":        {install.Settings{}, "failurePolicy:Ignore", "matchConditions"},
		"usual class":       {install.Settings{MatchConditions: true}, "['', 'traefik']", "edge"},
		"class of its own":  {install.Settings{MatchConditions: true, Conversion: class("edge")}, `["edge"]`, "'traefik'"},
		"class that breaks": {install.Settings{MatchConditions: true, Conversion: class(`a"] || true || ["\`)}, `["a\"] || true || [\"\\"]`, `a"] || true`},
		"another dialect":   {install.Settings{MatchConditions: true, Conversion: convert.Options{From: convert.FromNginx}}, "not-opted-out", "may-be-of-our-class"},
		"several dialects":  {install.Settings{MatchConditions: true, Conversion: convert.Options{From: convert.Auto}}, "not-opted-out", "may-be-of-our-class"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			got := fmt.Sprint(objects(t, c.settings)["MutatingWebhookConfiguration"].Object["webhooks"])
			if !strings.Contains(got, c.has) || strings.Contains(got, c.hasNot) {
				t.Errorf("want %q and not %q in:\n%s", c.has, c.hasNot, got)
			}
		})
	}
}

func TestRightsOnOneGroup(t *testing.T) {
	legacy := convert.Options{Target: emit.Target{APIGroup: emit.LegacyGroup}}
	if got := text(t, objects(t, install.Settings{Conversion: legacy})["ClusterRole"]); !strings.Contains(got, "traefik.containo.us") || strings.Contains(got, "traefik.io") {
		t.Errorf("rights for the legacy group:\n%s", got)
	}
}

func TestKnowsMatchConditions(t *testing.T) {
	for minor, want := range map[string]bool{"21": false, "27": false, "28": true, "30+": true, "x": false} {
		if got := install.KnowsMatchConditions(&version.Info{Major: "1", Minor: minor}); got != want {
			t.Errorf("1.%s: %v", minor, got)
		}
	}
}

// TestNarrowed: an installation for some namespaces has rights in those and no other.
func TestNarrowed(t *testing.T) {
	all, err := install.Objects(install.Settings{Namespace: "edge", Namespaces: []string{"shop", "cart", "shop"}})
	if err != nil {
		t.Fatal(err)
	}
	rights := map[string][]string{}
	for _, o := range all {
		switch o.GetKind() {
		case "ClusterRole", "Role":
			rules, _, _ := unstructured.NestedSlice(o.Object, "rules")
			for _, rule := range rules {
				resources, _, _ := unstructured.NestedStringSlice(rule.(map[string]any), "resources")
				rights[o.GetNamespace()+"/"+o.GetName()] = append(rights[o.GetNamespace()+"/"+o.GetName()], resources...)
			}
		case "RoleBinding":
			if got := text(t, o); o.GetName() == "ingress-migrate-webhook-routes" && !strings.Contains(got, "namespace: edge\n") {
				t.Errorf("the account of another namespace is bound:\n%s", got)
			}
		case "MutatingWebhookConfiguration":
			if got := text(t, o); !strings.Contains(got, "operator: In\n      values:\n      - cart\n      - shop\n") {
				t.Errorf("the API server sends Ingresses of other namespaces:\n%s", got)
			}
		case "Deployment":
			if got := text(t, o); !strings.Contains(got, "- --namespaces=cart,shop") {
				t.Errorf("the webhook is not told:\n%s", got)
			}
		}
	}
	routes := []string{"ingresses", "services", "ingressroutes", "ingressroutetcps", "middlewares", "serverstransports", "tlsoptions", "traefikservices", "events"}
	if diff := cmp.Diff(map[string][]string{
		"/ingress-migrate-webhook":            {"ingressclasses", "namespaces", "mutatingwebhookconfigurations"},
		"edge/ingress-migrate-webhook":        {"secrets", "leases", "leases", "events"},
		"shop/ingress-migrate-webhook-routes": routes,
		"cart/ingress-migrate-webhook-routes": routes,
	}, rights); diff != "" {
		t.Errorf("rights (-want +got):\n%s", diff)
	}
}
