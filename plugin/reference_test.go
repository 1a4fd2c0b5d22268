package plugin

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/preflight"
)

// TestReference keeps docs/reference what explain says. UPDATE=1 writes it.
func TestReference(t *testing.T) {
	dir := filepath.Join("..", "docs", "reference")
	pages := map[string]string{"codes.md": codesPage(), "preflight.md": preflightPage()}
	for name, page := range annotationPages() {
		pages[name] = page
	}
	for name, page := range pages {
		file := filepath.Join(dir, name)
		got, err := os.ReadFile(file)
		if err == nil && bytes.Equal(got, []byte(page)) {
			continue
		}
		if os.Getenv("UPDATE") == "" {
			t.Errorf("%s is not what explain says; UPDATE=1 writes it (%v)", file, err)
			continue
		}
		if err := os.WriteFile(file, []byte(page), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	// Pages of what explain does not know any more.
	files, err := filepath.Glob(filepath.Join(dir, "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if pages[filepath.Base(file)] == "" {
			t.Errorf("nothing makes %s", file)
		}
	}
	// And whatever can be asked for is on a page.
	all := ""
	for _, page := range pages {
		all += page
	}
	for _, word := range explainable() {
		if !strings.Contains(all, "\n## "+markdown(word)+"\n") {
			t.Errorf("%s is on no page", word)
		}
	}
}

const generated = "<!-- Made from what `kubectl ingress-migrate explain` says; UPDATE=1 go test ./plugin -run TestReference -->\n"

func codesPage() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s# Findings of the conversion\n\nWhat `convert`, `scan` and the webhook report. `kubectl ingress-migrate explain CODE` says the same.\n", generated)
	for _, info := range diag.All() {
		fmt.Fprintf(&b, "\n## %s\n\n**%s** (%s)\n\n%s\n\nWhat to do: %s\n", markdown(string(info.Code)), markdown(info.Title), info.Severity, markdown(info.Explain), markdown(info.Remedy))
	}
	return b.String()
}

func preflightPage() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s# Findings of preflight\n\nWhat `preflight` and `cutover run` look at before a node is moved.\n", generated)
	for _, info := range preflight.Codes() {
		fmt.Fprintf(&b, "\n## %s\n\n**%s** (at worst: %s)\n\n%s\n\nWhat to do: %s\n", markdown(info.Code), markdown(info.What), info.Result, markdown(info.Explain), markdown(info.Remedy))
	}
	return b.String()
}

// annotationPages are one a family of controllers.
func annotationPages() map[string]string {
	pages := map[string]string{}
	for name, known := range map[string][]knownAnnotation{"traefik-v1": ofTraefik1(), "traefik": ofTraefik(), "ingress-nginx": ofNginx()} {
		title := map[string]string{"traefik-v1": "Traefik 1.7", "traefik": "the Ingress provider of Traefik 2 and 3", "ingress-nginx": "ingress-nginx"}[name]
		var b strings.Builder
		fmt.Fprintf(&b, "%s# Annotations of %s\n\nOf %d annotations, what they are and what may be found about them.\n", generated, title, len(known))
		slices.SortStableFunc(known, func(a, b knownAnnotation) int { return strings.Compare(a.name, b.name) })
		for _, a := range known {
			as := ""
			if a.value != "" {
				as = " as " + a.value
			}
			fmt.Fprintf(&b, "\n## %s\n\n%s; read by %s on the %s%s.\n\n%s\n\n", markdown(a.name), markdown(a.family), a.controller, a.on, as, markdown(a.says()))
			for _, key := range a.keys {
				fmt.Fprintf(&b, "- `%s`\n", key)
			}
			if codes := a.findings(); len(codes) > 0 {
				b.WriteString("\nFindings:")
				for _, info := range codes {
					fmt.Fprintf(&b, " [%s](codes.md#%s)", info.Code, strings.ToLower(string(info.Code)))
				}
				b.WriteString("\n")
			}
		}
		pages["annotations-"+name+".md"] = b.String()
	}
	return pages
}

// markdown escapes what would be markup.
func markdown(text string) string {
	return strings.NewReplacer("*", `\*`, "<", `\<`, "|", `\|`, "`", "\\`", "[", `\[`).Replace(text)
}
