package architecture

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// root of the repository.
var root = filepath.Join("..", "..")

// checkedIn are the files of a pattern that git has or is about to get, by their paths from
// root.
func checkedIn(t *testing.T, pattern string) []string {
	t.Helper()
	list := exec.Command("git", "ls-files", "--cached", "--others", "--exclude-standard", pattern)
	list.Dir = root
	out, err := list.Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.Fields(string(out))
}

var (
	fenced  = regexp.MustCompile("(?s)```.*?\n```|`[^`\n]*`")
	link    = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	heading = regexp.MustCompile(`(?m)^#+ (.*)$`)
)

// Links between documents lead somewhere, to headings too. The web is not asked.
func TestLinksOfDocuments(t *testing.T) {
	files := checkedIn(t, "*.md")
	if len(files) < 5 {
		t.Fatalf("only %d documents", len(files))
	}
	for _, file := range files {
		text, err := os.ReadFile(filepath.Join(root, file))
		if err != nil {
			t.Fatal(err)
		}
		for _, found := range link.FindAllStringSubmatch(fenced.ReplaceAllString(string(text), ""), -1) {
			target, anchor, _ := strings.Cut(found[1], "#")
			if strings.Contains(target, "://") {
				continue
			}
			path := filepath.Join(root, file)
			if target != "" {
				path = filepath.Join(root, filepath.Dir(file), target)
			}
			info, err := os.Stat(path)
			if err != nil {
				t.Errorf("%s: (%s): %v", file, found[1], err)
				continue
			}
			if anchor != "" && (info.IsDir() || !anchors(t, path)[anchor]) {
				t.Errorf("%s: (%s): there is no such heading", file, found[1])
			}
		}
	}
}

// anchors are those that GitHub gives the headings of a document.
func anchors(t *testing.T, file string) map[string]bool {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]bool{}
	for _, match := range heading.FindAllStringSubmatch(string(text), -1) {
		found[strings.ReplaceAll(regexp.MustCompile(`[^\p{L}\p{N} _-]`).ReplaceAllString(strings.ToLower(match[1]), ""), " ", "-")] = true
	}
	return found
}
