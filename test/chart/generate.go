// Package chart makes the templates of the Helm chart of what kustomize and `webhook
// install` put into a cluster, so that there is one source of all three. Its test
// renders them with Helm's own engine and compares.
package chart

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/ingress-migrate/kubectl-ingress-migrate/manifests"
)

// file says how a file below manifests becomes a template of the chart.
type file struct {
	from, to string
	// when is the condition of the whole file; empty: always.
	when  string
	edits []edit
}

// edit replaces a text that a file has exactly once.
type edit struct{ old, new string }

const (
	ownCertificate = "not .Values.certManager.enabled"
	certManager    = ".Values.certManager.enabled"
	monitoring     = ".Values.monitoring.enabled"
	// namespaced cuts the rules of the ClusterRole in two.
	namespaced = "# What is in no namespace."
)

// files returns what is made of what. The image is that of the base.
func files(image string) []file {
	return []file{
		{from: "base/serviceaccount.yaml"},
		{from: "base/service.yaml"},
		{from: "base/disruptionbudget.yaml"},
		{from: "base/networkpolicy.yaml"},
		{from: "base/certificate.yaml", when: ownCertificate},
		{from: "base/conversion.yaml", edits: []edit{{
			"    From: traefik-v1\n    Target:\n      Version: 2\n      APIGroup: traefik.io\n",
			"    {{- toYaml .Values.conversion | nindent 4 }}\n",
		}}},
		{from: "base/role.yaml", edits: []edit{
			{"# The one Secret with", "{{- if " + ownCertificate + " }}\n# The one Secret with"},
			{"# Leadership.", "{{- end }}\n# Leadership."},
		}},
		{from: "base/clusterrole.yaml", edits: []edit{
			{"rules:\n", `rules:
{{- if not .Values.namespaces }}
{{- include "ingress-migrate-webhook.rules" . }}
{{- end }}
{{- define "ingress-migrate-webhook.rules" }}
`},
			{namespaced, "{{- end }}\n" + namespaced},
			{"[traefik.io]", "[{{ .Values.conversion.Target.APIGroup }}]"},
			{"# The authorities of our", "{{- if " + ownCertificate + " }}\n# The authorities of our"},
			{"watch, patch]\n---\n", "watch, patch]\n{{- end }}\n---\n"},
		}},
		{from: "base/deployment.yaml", edits: deployment(image)},
		{from: "base/registration.yaml", edits: registration()},
		{from: "cert-manager/certificate.yaml", to: "cert-manager.yaml", when: certManager},
		{from: "monitoring/podmonitor.yaml", when: monitoring, edits: []edit{inNamespace}},
		{from: "monitoring/rules.yaml", when: monitoring, edits: []edit{inNamespace}},
	}
}

// inNamespace is for what kustomize puts into the namespace.
var inNamespace = edit{"metadata:\n", "metadata:\n  namespace: {{ .Release.Namespace }}\n"}

func deployment(image string) []edit {
	return []edit{
		{"replicas: 2", "replicas: {{ .Values.replicas }}"},
		{"  template:\n    metadata:\n", `  template:
    metadata:
      annotations:
        # The webhook reads its options once: a change makes new pods.
        ingress-migrate.io/conversion-hash: {{ printf "%s\n" (toYaml .Values.conversion) | sha256sum | trunc 16 | quote }}
`},
		{"      containers:\n", "      {{- with .Values.pod }}\n      {{- toYaml . | nindent 6 }}\n      {{- end }}\n      containers:\n"},
		{"        # Its version is in kustomization.yaml.\n", ""},
		{"image: ghcr.io/ingress-migrate/ingress-migrate-webhook\n", "image: {{ .Values.image | default \"" + image + "\" | quote }}\n"},
		{"conversion.yaml\n        env:", `conversion.yaml
        - --mode={{ .Values.mode }}
        {{- with .Values.namespaces }}
        - --namespaces={{ join "," (sortAlpha .) }}
        {{- end }}
        {{- if .Values.certManager.enabled }}
        - --cert-dir=/etc/ingress-migrate-certificate
        {{- end }}
        env:`},
		{"          requests:\n            cpu: 50m\n            memory: 64Mi\n          limits:\n            memory: 512Mi\n", "          {{- toYaml .Values.resources | nindent 10 }}\n"},
		{"          mountPath: /tmp\n", `          mountPath: /tmp
        {{- if .Values.certManager.enabled }}
        - name: certificate
          mountPath: /etc/ingress-migrate-certificate
          readOnly: true
        {{- end }}
`},
		{"          sizeLimit: 1Mi\n", `          sizeLimit: 1Mi
      {{- if .Values.certManager.enabled }}
      - name: certificate
        secret:
          secretName: ingress-migrate-webhook-certificate
          optional: true
      {{- end }}
`},
	}
}

func registration() []edit {
	return []edit{
		{"webhooks:\n", `  {{- if .Values.certManager.enabled }}
  annotations:
    cert-manager.io/inject-ca-from: {{ .Release.Namespace }}/ingress-migrate-webhook
  {{- end }}
webhooks:
`},
		{"values: [kube-system, ingress-migrate]", "values: [kube-system, {{ .Release.Namespace }}]"},
		{"      values: [disabled]\n", `      values: [disabled]
    {{- with .Values.namespaces }}
    - key: kubernetes.io/metadata.name
      operator: In
      values: {{ sortAlpha . | toJson }}
    {{- end }}
`},
		{"  matchConditions:\n", `  {{- if semverCompare ">=1.28-0" .Capabilities.KubeVersion.Version }}
  matchConditions:
`},
		{"  - name: may-be-of-our-class\n", `  {{- if eq .Values.conversion.From "traefik-v1" }}
  - name: may-be-of-our-class
`},
		{"['', 'traefik']", "[{{ with dig \"TraefikV1\" \"IngressClass\" \"\" .Values.conversion }}{{ toJson . }}{{ else }}'', 'traefik'{{ end }}]"},
		{"  - name: spec-or-annotations-changed\n", "  {{- end }}\n  - name: spec-or-annotations-changed\n"},
		{"object.metadata.annotations != oldObject.metadata.annotations)\n", "object.metadata.annotations != oldObject.metadata.annotations)\n  {{- end }}\n"},
	}
}

// mentions are the ways in which the manifests name their own namespace.
var mentions = regexp.MustCompile(`(namespace: |serviceaccount:|ingress-migrate-webhook\.|kubectl logs -n )ingress-migrate\b([^-.]|\.svc|$)`)

// Generate returns the chart's files that are made, by their paths in it.
func Generate(folder string) (map[string]string, error) {
	image, err := baseImage()
	if err != nil {
		return nil, err
	}
	made := map[string]string{"Chart.yaml": chartYAML(image)}
	for _, f := range files(image) {
		raw, err := os.ReadFile(filepath.Join(folder, f.from))
		if err != nil {
			return nil, fmt.Errorf("read what the chart is made of: %w", err)
		}
		text, err := f.template(string(raw))
		if err != nil {
			return nil, fmt.Errorf("make a template of %s: %w", f.from, err)
		}
		if f.to == "" {
			f.to = filepath.Base(f.from)
		}
		made["templates/"+f.to] = text
	}
	return made, nil
}

func (f file) template(text string) (string, error) {
	text = strings.NewReplacer("{{", `{{ "{{" }}`, "}}", `{{ "}}" }}`).Replace(text)
	for _, e := range f.edits {
		if n := strings.Count(text, e.old); n != 1 {
			return "", fmt.Errorf("%q is there %d times; the edit of it is in test/chart", e.old, n)
		}
		text = strings.Replace(text, e.old, e.new, 1)
	}
	text = mentions.ReplaceAllString(text, "${1}{{ .Release.Namespace }}${2}")
	if f.when != "" {
		text = "{{- if " + f.when + " }}\n" + text + "{{- end }}\n"
	}
	return "{{- /* Made of manifests/" + f.from + " by test/chart: change it there. */}}\n" + text, nil
}

// baseImage is the image that the base is for.
func baseImage() (string, error) {
	objects, err := manifests.Base()
	if err != nil {
		return "", err
	}
	for _, o := range objects {
		containers, found, err := unstructured.NestedSlice(o.Object, "spec", "template", "spec", "containers")
		if err != nil || !found {
			continue
		}
		if container, ok := containers[0].(map[string]any); ok {
			return fmt.Sprint(container["image"]), nil
		}
	}
	return "", fmt.Errorf("the base has no image")
}

// chartYAML describes the chart, whose version is that of the webhook.
func chartYAML(image string) string {
	_, tag, _ := strings.Cut(image, ":")
	tag, _, _ = strings.Cut(tag, "@")
	return `# Made by test/chart.
apiVersion: v2
name: ingress-migrate-webhook
description: Traefik's IngressRoutes for every Ingress that is applied
type: application
version: ` + strings.TrimPrefix(tag, "v") + `
appVersion: ` + tag + `
kubeVersion: ">=1.19.0-0"
home: https://github.com/ingress-migrate/kubectl-ingress-migrate
`
}
