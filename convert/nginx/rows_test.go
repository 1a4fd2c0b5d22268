package nginx

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Every annotation and every key of the ConfigMap is in a story, where what
// becomes of it can be read.
func TestEveryRowHasAStory(t *testing.T) {
	files, err := filepath.Glob("../testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no stories: %v", err)
	}
	told := map[string]bool{}
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		input, _, _ := strings.Cut(string(content), "-- want.yaml --")
		for _, word := range strings.FieldsFunc(input, func(r rune) bool { return strings.ContainsRune(" \n,{}\"'", r) }) {
			if key, ok := strings.CutSuffix(word, ":"); ok {
				told[key] = true
			}
		}
	}
	for _, a := range registry {
		if !told[DefaultPrefix+"/"+a.Name] {
			t.Errorf("no story has annotation %s", a.Name)
		}
	}
	for _, s := range settingsRegistry {
		if !told[s.key] {
			t.Errorf("no story has key %s of the ConfigMap", s.key)
		}
	}
}
