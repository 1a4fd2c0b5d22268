package trial

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/emit"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/oracle/world"
)

func TestDir(t *testing.T) {
	b, err := NewBench(t.TempDir(), os.Stderr)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	files, _ := filepath.Glob(os.Getenv("DIR") + "/*.txtar")
	for _, f := range files {
		text, _ := os.ReadFile(f)
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
		if outcomes[0].Failed() {
			t.Logf("%s: %s", f, outcomes[0].Explain())
		}
	}
}
