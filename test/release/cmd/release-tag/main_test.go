package main

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/ingress-migrate/kubectl-ingress-migrate/manifests"
)

// Whatever the next release is called, everything in it is called so now.
func TestEverythingHasOneVersion(t *testing.T) {
	chart := filepath.Join("..", "..", "..", "..", "manifests", "chart", "Chart.yaml")
	tag, err := manifests.Tag()
	if err != nil {
		t.Fatal(err)
	}
	if err := run(tag, chart); err != nil {
		t.Error(err)
	}
	err = run("v99.0.0", chart)
	if err == nil {
		t.Fatal("another tag is accepted")
	}
	for _, want := range []string{"newTag of manifests/base is \"" + tag, "appVersion of the chart", "version of the chart"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%v lacks %q", err, want)
		}
	}
}
