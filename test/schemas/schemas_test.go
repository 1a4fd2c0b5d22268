// Package schemas holds what the conversion gives against what the target
// accepts: Traefik's types and Traefik's custom resource definitions.
package schemas

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/emit"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/schemas/decode"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/schemas/definitions"
)

// releases are the Traefiks whose definitions an object of a target must pass:
// users upgrade their definitions before or after they migrate.
var releases = map[emit.Version][]string{
	emit.V2: {"github.com/traefik/traefik/v2@v2.11.50"},
	emit.V3: {"github.com/traefik/traefik/v3@v3.6.12", "github.com/traefik/traefik/v3@v3.7.13"},
}

// judge holds objects of one target against everything that it must pass.
type judge struct {
	sets    map[string]*definitions.Set
	decoder decode.Decoder
}

func newJudge(t *testing.T, version emit.Version) judge {
	t.Helper()
	decoders := map[emit.Version]func() (decode.Decoder, error){kubernetes: decode.Kubernetes, emit.V2: decode.Traefik2, emit.V3: decode.Traefik3}
	d, err := decoders[version]()
	if err != nil {
		t.Fatal(err)
	}
	j := judge{sets: map[string]*definitions.Set{}, decoder: d}
	for _, release := range releases[version] {
		set, err := definitions.Read(t.Context(), release)
		if err != nil {
			t.Fatal(err)
		}
		j.sets[release] = set
	}
	return j
}

// check says what is wrong with one object.
func (j judge) check(ctx context.Context, document []byte) error {
	var problems []error
	if err := j.decoder.Check(document); err != nil {
		problems = append(problems, fmt.Errorf("types: %w", err))
	}
	var object unstructured.Unstructured
	if err := yaml.UnmarshalStrict(document, &object.Object); err != nil {
		return errors.Join(append(problems, err)...)
	}
	for release, set := range j.sets {
		if err := set.Check(ctx, &object); err != nil {
			problems = append(problems, fmt.Errorf("definitions of %s: %w", release, err))
		}
	}
	return errors.Join(problems...)
}

// certManager is the cert-manager whose definition Certificates must pass.
const certManager = "github.com/cert-manager/cert-manager@v1.21.2"

// Every Certificate that a story shows is one that cert-manager accepts whole.
func TestCertificates(t *testing.T) {
	set, err := definitions.Read(t.Context(), certManager)
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, story := range stories(t) {
		for _, document := range story.certificates {
			seen++
			var object unstructured.Unstructured
			if err := yaml.UnmarshalStrict(document, &object.Object); err != nil {
				t.Fatalf("%s: %v", story.name, err)
			}
			if err := set.Check(t.Context(), &object); err != nil {
				t.Errorf("%s: %v\n%s", story.name, err, document)
			}
		}
	}
	if seen == 0 {
		t.Error("no story has a Certificate")
	}
}

// Every object that a story shows is one that the target accepts whole; objects
// for Traefik 2 in either of its groups.
func TestStories(t *testing.T) {
	judges := map[emit.Version]judge{kubernetes: newJudge(t, kubernetes), emit.V2: newJudge(t, emit.V2), emit.V3: newJudge(t, emit.V3)}
	objects := 0
	for _, story := range stories(t) {
		for _, document := range story.objects {
			objects++
			if err := judges[story.version].check(t.Context(), document); err != nil {
				t.Errorf("%s: %v\n%s", story.name, err, document)
			}
			if story.version != emit.V2 {
				continue
			}
			legacy := strings.Replace(string(document), "apiVersion: "+emit.Group+"/", "apiVersion: "+emit.LegacyGroup+"/", 1)
			if err := judges[emit.V2].check(t.Context(), []byte(legacy)); err != nil {
				t.Errorf("%s in %s: %v\n%s", story.name, emit.LegacyGroup, err, document)
			}
		}
	}
	if objects < 100 {
		t.Errorf("the stories have %d objects", objects)
	}
}
