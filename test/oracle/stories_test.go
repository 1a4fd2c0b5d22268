package oracle

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/emit"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/oracle/trial"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/oracle/world"
)

var file = flag.String("oracle.story", "", "a story to run alone and tell in full: go test -run Stories -oracle.story FILE -v")

// TestStories runs the stories of testdata: what was once found to be different.
func TestStories(t *testing.T) {
	files, err := filepath.Glob("testdata/stories/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	if *file != "" {
		files = []string{*file}
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) { story(t, file) })
	}
}

func story(t *testing.T, name string) {
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	story, err := world.ReadStory(text)
	if err != nil {
		t.Fatal(err)
	}
	profile, err := trial.ProfileNamed(story.Profile)
	if err != nil {
		t.Fatal(err)
	}
	outcomes, err := bench.Run(t.Context(), targets(), []trial.Case{{Set: story.Set, Profile: profile, Alone: true}})
	if err != nil {
		t.Fatal(err)
	}
	if outcomes[0].Failed() {
		t.Error(outcomes[0].Explain())
	}
	if *file != "" {
		tell(t, outcomes[0], story, profile)
	}
}

// tell shows all there is to see of a story.
func tell(t *testing.T, o *trial.Outcome, story world.Story, profile trial.Profile) {
	for _, target := range targets() {
		result, err := trial.Convert(profile, target, story.Set)
		if err != nil {
			t.Fatal(err)
		}
		for _, object := range result.Objects {
			if target == emit.V2 {
				text, err := yaml.Marshal(object.Object)
				if err != nil {
					t.Fatal(err)
				}
				t.Logf("%s", text)
			}
		}
		for _, report := range result.Ingresses {
			t.Log(target, report.Ingress, report.Verdict)
			for _, d := range report.Diagnostics {
				t.Log("   ", d.Code, d.Severity, d.Blocking, d.Field, d.Text)
			}
		}
	}
	for i := range o.Asked {
		t.Log(o.Asked[i].String())
	}
}
