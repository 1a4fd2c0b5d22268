package diag

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

func TestRegistryIsSortedAndUnique(t *testing.T) {
	var codes []Code
	for _, info := range All() {
		codes = append(codes, info.Code)
	}
	if !slices.IsSorted(codes) {
		t.Errorf("codes are not sorted: %q", codes)
	}
	if n := len(slices.Compact(slices.Clone(codes))); n != len(codes) {
		t.Errorf("%d codes, only %d different", len(codes), n)
	}
}

func TestRegistryHasAllTexts(t *testing.T) {
	form := regexp.MustCompile(`^[EWI]-[A-Z0-9]+(-[A-Z0-9]+)*$`)
	for _, info := range All() {
		t.Run(string(info.Code), func(t *testing.T) {
			if !form.MatchString(string(info.Code)) {
				t.Errorf("code %q has not the form %s", info.Code, form)
			}
			for name, text := range map[string]struct {
				text string
				max  int
			}{
				"title":   {info.Title, 72},
				"explain": {info.Explain, 700},
				"remedy":  {info.Remedy, 300},
				"warning": {info.Warning, 48},
			} {
				if text.text == "" || len(text.text) > text.max {
					t.Errorf("%s has %d characters, want 1 to %d", name, len(text.text), text.max)
				}
				if strings.ContainsFunc(text.text, func(r rune) bool { return r < ' ' || r > '~' }) {
					t.Errorf("%s is not plain ASCII: %q", name, text.text)
				}
			}
			if wantDot := []string{info.Explain, info.Remedy}; !strings.HasSuffix(wantDot[0], ".") || !strings.HasSuffix(wantDot[1], ".") {
				t.Error("explain and remedy are sentences and end with a full stop")
			}
			switch info.Code[0] {
			case 'I':
				if info.Severity > Equivalent {
					t.Errorf("information has severity %v", info.Severity)
				}
			case 'E':
				if info.Severity < Lossy {
					t.Errorf("an error has severity %v", info.Severity)
				}
			}
		})
	}
}

// Every constant of names.go is registered, and every registered code has one.
func TestNamesAndRegistryAgree(t *testing.T) {
	src, err := os.ReadFile("names.go")
	if err != nil {
		t.Fatal(err)
	}
	file, err := parser.ParseFile(token.NewFileSet(), "names.go", src, 0)
	if err != nil {
		t.Fatal(err)
	}
	var named []Code
	ast.Inspect(file, func(n ast.Node) bool {
		if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
			code, err := strconv.Unquote(lit.Value)
			if err != nil {
				t.Fatal(err)
			}
			named = append(named, Code(code))
		}
		return true
	})
	var registered []Code
	for _, info := range All() {
		registered = append(registered, info.Code)
	}
	if !slices.Equal(named, registered) {
		t.Errorf("names.go has %q\nregistry has %q", named, registered)
	}
}

// A code that no program names is explained and never said.
func TestEveryCodeIsSaid(t *testing.T) {
	said := map[string]bool{}
	for _, root := range []string{"../../convert", "../../plugin", "../../webhook"} {
		err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
			if err != nil {
				return err
			}
			ast.Inspect(file, func(n ast.Node) bool {
				if selector, ok := n.(*ast.SelectorExpr); ok {
					if x, ok := selector.X.(*ast.Ident); ok && x.Name == "diag" {
						said[selector.Sel.Name] = true
					}
				}
				return true
			})
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	file, err := parser.ParseFile(token.NewFileSet(), "names.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	for name := range file.Scope.Objects {
		if strings.ContainsRune("EIW", rune(name[0])) && ast.IsExported(name) && name != "Exact" && !said[name] {
			t.Errorf("no program says %s: say it or take it out", name)
		}
	}
}

func TestLookup(t *testing.T) {
	for _, info := range All() {
		got, ok := Lookup(info.Code)
		if !ok || got != info {
			t.Errorf("Lookup(%s) = %v, %v", info.Code, got, ok)
		}
	}
	if got, ok := Lookup("w-merge"); !ok || got.Code != WMerge {
		t.Errorf("Lookup ignores case: got %v, %v", got, ok)
	}
	if _, ok := Lookup("W-NOSUCH"); ok {
		t.Error("Lookup found W-NOSUCH")
	}
}

func TestNewFillsFromRegistry(t *testing.T) {
	object := Object{Kind: "Ingress", Namespace: "shop", Name: "cart"}
	got := New(WMerge, object, "spec.rules[0]", "")
	info, _ := Lookup(WMerge)
	want := Diagnostic{Code: WMerge, Severity: Lossy, Object: object, Field: "spec.rules[0]", Text: info.Title, Remedy: info.Remedy}
	if got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if got := New("W-NOSUCH", object, "", "x"); got.Severity != Unsupported || got.Text != "x" {
		t.Errorf("unregistered code: %+v", got)
	}
	if got := New(WMerge, object, "", "").WithValue(strings.Repeat("é", 200)); len([]rune(got.Value)) != 80 || !strings.HasSuffix(got.Value, "...") {
		t.Errorf("value is not cut: %q", got.Value)
	}
}
