package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/emit"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/traefikv1"
)

func conversionFile(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "conversion.yaml")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestReadConversion(t *testing.T) {
	usual := convert.Options{From: convert.FromTraefikV1, Target: emit.Target{Version: emit.V2, APIGroup: emit.Group}, TraefikV1: traefikv1.DefaultFacts()}
	edge := usual
	edge.TraefikV1.EntryPoints = []traefikv1.EntryPoint{{Name: "http", Target: "web", Port: 8000}}
	edge.TraefikV1.DefaultEntryPoints = nil
	v3 := usual
	v3.Target.Version = emit.V3
	for name, c := range map[string]struct {
		content string
		want    convert.Options
	}{
		"empty":            {"", usual},
		"one field":        {"Target: {Version: 3}", v3},
		"lists replace":    {"TraefikV1: {EntryPoints: [{Name: http, Target: web, Port: 8000}]}", edge},
		"keys of any case": {"target: {version: 3}", v3},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := readConversion(conversionFile(t, c.content))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("options (-want +got):\n%s", diff)
			}
		})
	}
}

func TestBadCommandLines(t *testing.T) {
	for name, c := range map[string]struct {
		args []string
		want string
	}{
		"unknown flag":    {[]string{"--nope"}, "nope"},
		"argument":        {[]string{"serve"}, `unexpected argument "serve"`},
		"no such file":    {[]string{"--conversion", "/nonexistent/c.yaml"}, "read --conversion"},
		"unknown field":   {[]string{"--conversion", conversionFile(t, "Form: traefik-v1")}, "Form"},
		"unknown dialect": {[]string{"--conversion", conversionFile(t, "From: haproxy")}, `not "haproxy"`},
		"no controllers":  {[]string{"--conversion", conversionFile(t, "From: auto")}, "needs Controllers.InPlay"},
		"unknown target":  {[]string{"--conversion", conversionFile(t, "Target: {Version: 1}")}, "target version is 2 or 3"},
		"bad selector":    {[]string{"--conversion", conversionFile(t, "TraefikV1: {LabelSelector: 'a in ('}")}, "read --conversion"},
	} {
		t.Run(name, func(t *testing.T) {
			var stderr bytes.Buffer
			status := run(append([]string{"--namespace", "x"}, c.args...), func(string) string { return "" }, &stderr)
			if status != 2 || !strings.Contains(stderr.String(), c.want) {
				t.Errorf("exit status %d, %s", status, stderr.String())
			}
		})
	}
}
