// The release-tag program fails unless what a release installs is called as the release
// is: the image that the manifests name, the chart and its application.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"

	"sigs.k8s.io/yaml"

	"github.com/ingress-migrate/kubectl-ingress-migrate/manifests"
)

func main() {
	tag := flag.String("tag", "", "The release's tag, such as v1.2.3")
	chart := flag.String("chart", "manifests/chart/Chart.yaml", "The chart's own description")
	flag.Parse()
	if err := run(*tag, *chart); err != nil {
		fmt.Fprintf(os.Stderr, "release-tag: %v\n", err)
		os.Exit(1)
	}
}

func run(tag, chart string) error {
	raw, err := os.ReadFile(chart)
	if err != nil {
		return fmt.Errorf("reading the chart: %w", err)
	}
	var described struct {
		Version    string `json:"version"`
		AppVersion string `json:"appVersion"`
	}
	if err := yaml.Unmarshal(raw, &described); err != nil {
		return fmt.Errorf("reading the chart %s: %w", chart, err)
	}
	image, err := manifests.Tag()
	if err != nil {
		return err
	}
	var wrong []error
	for _, part := range []struct{ what, is, want string }{
		{"newTag of manifests/base", image, tag},
		{"appVersion of the chart", described.AppVersion, tag},
		{"version of the chart", described.Version, strings.TrimPrefix(tag, "v")},
	} {
		if part.is != part.want {
			wrong = append(wrong, fmt.Errorf("the %s is %q, and this release is %s: set newTag, then make chart UPDATE=1", part.what, part.is, tag))
		}
	}
	return errors.Join(wrong...)
}
