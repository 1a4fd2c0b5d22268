package trial

import (
	"os"
	"testing"

	"sigs.k8s.io/yaml"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/emit"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/oracle/world"
)

func TestOne(t *testing.T) {
	b, err := NewBench(t.TempDir(), os.Stderr)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	text, err := os.ReadFile(os.Getenv("STORY"))
	if err != nil {
		t.Fatal(err)
	}
	story, err := world.ReadStory(text)
	if err != nil {
		t.Fatal(err)
	}
	p, err := ProfileNamed(story.Profile)
	if err != nil {
		t.Fatal(err)
	}
	outcomes, err := b.Run(t.Context(), []emit.Version{emit.V2}, []Case{{Set: story.Set, Profile: p, Alone: true}})
	if err != nil {
		t.Fatal(err)
	}
	input, err := world.Input(story.Set)
	if err != nil {
		t.Fatal(err)
	}
	result := convert.Convert(input, convert.Options{From: convert.FromTraefikV1, TraefikV1: p.Facts})
	for _, r := range result.Ingresses {
		t.Log(r.Ingress, r.Verdict)
		for _, d := range r.Diagnostics {
			t.Log("   ", d.Code, d.Severity, d.Blocking, d.Object, d.Field, d.Text)
		}
	}
	for _, o := range result.Objects {
		x, _ := yaml.Marshal(o.Object)
		t.Log("\n" + string(x))
	}
	for _, a := range outcomes[0].Asked {
		t.Logf("%s\n  before: %s\n  after: %s\n %v", a.Request, short(a.Before), short(a.After), a.Differences)
	}
	t.Log(outcomes[0].Explain())
}
