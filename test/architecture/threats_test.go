package architecture

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// tested are a threat's row's tests: functions, and cases of test/webhook by their names.
var tested = regexp.MustCompile("`([^`]+)`")

// Every defence of the threat model names a test that is there: a document that promises
// one that was renamed or deleted is worse than none.
func TestThreatsAreTested(t *testing.T) {
	functions, cases := map[string]bool{}, map[string]bool{}
	for _, file := range checkedIn(t, "*_test.go") {
		source, err := os.ReadFile(filepath.Join(root, file))
		if err != nil {
			t.Fatal(err)
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, source, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(parsed, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.FuncDecl:
				functions[n.Name.Name] = true
			case *ast.BasicLit:
				if n.Kind == token.STRING {
					cases[strings.Trim(n.Value, "\"`")] = true
				}
			}
			return true
		})
	}
	document, err := os.ReadFile(filepath.Join(root, "docs", "threat-model.md"))
	if err != nil {
		t.Fatal(err)
	}
	rows := 0
	for line := range bytes.Lines(document) {
		cells := strings.Split(string(line), "|")
		if len(cells) != 5 || strings.TrimSpace(cells[3]) == "test" || strings.HasPrefix(cells[1], "--") {
			continue
		}
		rows++
		named := tested.FindAllStringSubmatch(cells[3], -1)
		if len(named) == 0 && strings.TrimSpace(cells[3]) != "the same" {
			t.Errorf("%q has no test", strings.TrimSpace(cells[1]))
		}
		for _, name := range named {
			if !functions[name[1]] && !cases[name[1]] {
				t.Errorf("%q: there is no test %s", strings.TrimSpace(cells[1]), name[1])
			}
		}
	}
	if rows < 15 {
		t.Errorf("only %d threats were read", rows)
	}
}
