package manifests_test

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"

	"github.com/ingress-migrate/kubectl-ingress-migrate/webhook/metrics"
	"github.com/ingress-migrate/kubectl-ingress-migrate/webhook/reconcile"
)

func build(t *testing.T, folder string) map[string]string {
	t.Helper()
	built, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(filesys.MakeFsOnDisk(), folder)
	if err != nil {
		t.Fatal(err)
	}
	objects := map[string]string{}
	for _, resource := range built.Resources() {
		text, err := resource.AsYAML()
		if err != nil {
			t.Fatal(err)
		}
		objects[resource.GetKind()+"/"+resource.GetName()] = string(text)
	}
	return objects
}

// TestCertManagerOverlay: the certificate is somebody else's, and so are the rights.
func TestCertManagerOverlay(t *testing.T) {
	objects := build(t, "cert-manager")
	const name = "ingress-migrate-webhook"
	for object, words := range map[string][]string{
		"Deployment/" + name:                   {"--cert-dir=/etc/ingress-migrate-certificate", "mountPath: /etc/ingress-migrate-certificate", "secretName: " + name + "-certificate"},
		"Certificate/" + name:                  {"secretName: " + name + "-certificate", name + ".ingress-migrate.svc\n"},
		"MutatingWebhookConfiguration/" + name: {"cert-manager.io/inject-ca-from: ingress-migrate/" + name},
		"Role/" + name:                         {"leases"},
		"ClusterRole/" + name:                  {"ingressroutes", "ingresses", "events"},
	} {
		for _, word := range words {
			if !strings.Contains(objects[object], word) {
				t.Errorf("%s has no %q:\n%s", object, word, objects[object])
			}
		}
	}
	for object, text := range objects {
		if strings.HasPrefix(object, "Secret/") || strings.Contains(object, "Role/") && (strings.Contains(text, "secrets") || strings.Contains(text, "webhookconfigurations")) {
			t.Errorf("%s is left:\n%s", object, text)
		}
	}
}

type noLedger struct{}

func (noLedger) Counts() map[reconcile.State]int { return nil }
func (noLedger) OldestWait() time.Duration       { return 0 }

// TestAlertsAreOnMetricsThatExist: an alert on a metric that nobody has is silent for ever.
func TestAlertsAreOnMetricsThatExist(t *testing.T) {
	registry := prometheus.NewRegistry()
	if _, err := metrics.New(registry, noLedger{}, func() bool { return true }); err != nil {
		t.Fatal(err)
	}
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	var known []string
	for _, family := range families {
		known = append(known, family.GetName())
	}
	rules := build(t, "monitoring")["PrometheusRule/ingress-migrate-webhook"]
	named := regexp.MustCompile(`ingress_migrate_\w+`).FindAllString(rules, -1)
	if len(named) == 0 {
		t.Fatal("no rule is on a metric of ours")
	}
	for _, name := range named {
		if !slices.Contains(known, name) {
			t.Errorf("no metric %s among %v", name, known)
		}
	}
	for _, word := range regexp.MustCompile(`state=~"([^"]+)"`).FindStringSubmatch(rules)[1:] {
		for state := range strings.SplitSeq(word, "|") {
			if !slices.Contains(reconcile.States(), reconcile.State(state)) {
				t.Errorf("no state %s", state)
			}
		}
	}
	registration, err := os.ReadFile("base/registration.yaml")
	if err != nil {
		t.Fatal(err)
	}
	webhook := regexp.MustCompile(`fail_open_count\{name="([^"]+)"`).FindStringSubmatch(rules)
	if webhook == nil || !strings.Contains(string(registration), fmt.Sprintf("- name: %s\n", webhook[1])) {
		t.Errorf("the alert on calls that fail open is for %v", webhook)
	}
}
