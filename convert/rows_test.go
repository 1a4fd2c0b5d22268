package convert

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/traefikingress"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/traefikv1"
)

// Every annotation of Traefik's dialects is in a story of the dialect, where what
// becomes of it can be read. (Package nginx has the like for its own.)
func TestEveryAnnotationHasAStory(t *testing.T) {
	index := regexp.MustCompile(`\.[0-9]+\.`)
	for prefix, keys := range map[string]map[string][]string{"v1-": v1Keys(), "traefik-": traefikKeys()} {
		told := map[string]bool{}
		files, err := filepath.Glob("testdata/*" + prefix + "*.txtar")
		if err != nil || len(files) == 0 {
			t.Fatalf("no stories: %v", err)
		}
		for _, file := range files {
			content, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			input, _, _ := strings.Cut(string(content), "-- want.yaml --")
			for _, word := range strings.FieldsFunc(input, func(r rune) bool { return strings.ContainsRune(" \n,{}\"'", r) }) {
				if key, ok := strings.CutSuffix(word, ":"); ok {
					told[strings.ToLower(index.ReplaceAllString(key, ".n."))] = true
				}
			}
		}
		for name, same := range keys {
			if !slices.ContainsFunc(same, func(key string) bool { return told[key] }) {
				t.Errorf("no story %s* has annotation %s", prefix, name)
			}
		}
	}
}

// v1Keys are the keys of each annotation: one meaning has several.
func v1Keys() map[string][]string {
	keys := map[string][]string{}
	for _, a := range traefikv1.Annotations() {
		keys[a.Name] = append(keys[a.Name], strings.ToLower(a.Key))
	}
	return keys
}

func traefikKeys() map[string][]string {
	keys := map[string][]string{}
	for _, a := range traefikingress.Annotations() {
		keys[a.Key] = []string{a.Key}
	}
	return keys
}
