package htmlreport_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/html"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/htmlreport"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/page"
)

func write(t *testing.T, p *htmlreport.Page) string {
	t.Helper()
	var out bytes.Buffer
	if err := p.Write(&out); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func parse(t *testing.T, text string) *html.Node {
	t.Helper()
	root, err := html.Parse(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return root
}

// walk calls visit for each element.
func walk(n *html.Node, visit func(*html.Node)) {
	if n.Type == html.ElementNode {
		visit(n)
	}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		walk(c, visit)
	}
}

func attribute(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

// text is what a reader sees of an element.
func text(n *html.Node) string {
	var out strings.Builder
	var add func(*html.Node)
	add = func(n *html.Node) {
		if n.Type == html.TextNode {
			out.WriteString(n.Data + " ")
		}
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			add(c)
		}
	}
	add(n)
	return strings.Join(strings.Fields(out.String()), " ")
}

// outline has a line for each landmark, heading, caption, row and drawing.
func outline(root *html.Node) string {
	var out strings.Builder
	walk(root, func(n *html.Node) {
		switch n.Data {
		case "title", "h1", "h2", "h3", "caption", "figcaption", "tr", "dt", "dd", "summary", "label", "desc":
			out.WriteString(n.Data + "  " + text(n) + "\n")
		case "header", "nav", "main", "footer", "section", "form", "details", "table", "svg":
			line := n.Data
			for _, name := range []string{"id", "aria-label", "aria-labelledby", "role", "hidden", "open"} {
				if slices.ContainsFunc(n.Attr, func(a html.Attribute) bool { return a.Key == name }) {
					line += " " + strings.TrimSuffix(name+"="+attribute(n, name), "=")
				}
			}
			out.WriteString(line + "\n")
		case "li":
			if class := attribute(n.Parent, "class"); class != "" {
				out.WriteString("li  " + text(n) + "\n")
			}
		}
	})
	return out.String()
}

// UPDATE=1 rewrites the outline; read the difference before committing.
func TestOutline(t *testing.T) {
	got := outline(parse(t, write(t, page.Story())))
	golden := filepath.Join("testdata", "outline.txt")
	if os.Getenv("UPDATE") != "" {
		if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("-want +got (UPDATE=1 rewrites it):\n%s", diff)
	}
}

func TestSamePageSameBytes(t *testing.T) {
	first := write(t, page.Story())
	for range 20 {
		if again := write(t, page.Story()); again != first {
			t.Fatal("the same report gives another page")
		}
	}
}

// Parts that are not known leave no trace, not even in the navigation.
func TestPartsAlone(t *testing.T) {
	all := page.Story()
	cases := map[string]struct {
		page htmlreport.Page
		want []string
	}{
		"nothing": {htmlreport.Page{}, nil},
		"scan":    {htmlreport.Page{Scan: all.Scan}, []string{"verdicts", "ingresses"}},
		"journal": {htmlreport.Page{Journal: all.Journal}, []string{"cutover"}},
		"status":  {htmlreport.Page{Status: all.Status}, []string{"cutover"}},
		"weights": {htmlreport.Page{Weights: all.Weights}, []string{"weights"}},
		"probe":   {htmlreport.Page{Probe: all.Probe}, []string{"traffic"}},
		"verify":  {htmlreport.Page{Verify: all.Verify}, []string{"answers"}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			c.page.Now = all.Now
			var sections, links []string
			walk(parse(t, write(t, &c.page)), func(n *html.Node) {
				if id := attribute(n, "id"); n.Data == "section" && id != "" {
					sections = append(sections, id)
				}
				if href := attribute(n, "href"); n.Data == "a" && n.Parent.Data == "li" && n.Parent.Parent.Parent.Data == "nav" {
					links = append(links, strings.TrimPrefix(href, "#"))
				}
			})
			slices.Sort(sections)
			slices.Sort(links)
			slices.Sort(c.want)
			if diff := cmp.Diff(c.want, sections); diff != "" {
				t.Error("sections", diff)
			}
			if diff := cmp.Diff(c.want, links); diff != "" {
				t.Error("links", diff)
			}
		})
	}
}

// Whatever a cluster is called: the page has the same elements and attributes as that
// of harmless names, and says the names.
func TestHostileNamesAreData(t *testing.T) {
	shape := func(root *html.Node) (elements []string) {
		walk(root, func(n *html.Node) {
			line := n.Data
			for _, a := range n.Attr {
				line += " " + a.Key
			}
			elements = append(elements, line)
		})
		return elements
	}
	harmless := shape(parse(t, write(t, page.Hostile("harmless"))))
	for _, evil := range []string{
		`</script><script>alert(1)</script>`, `</style><style>*{display:none}</style>`, `"><img src=x onerror=alert(1)>`,
		`' onmouseover='alert(1)`, `<!--`, `]]>`, `{{.Policy}}`, `</title></svg><iframe src=//evil.test>`, "`${alert(1)}`", `javascript:alert(1)`,
	} {
		written := write(t, page.Hostile(evil))
		root := parse(t, written)
		if diff := cmp.Diff(harmless, shape(root)); diff != "" {
			t.Errorf("%s changes the page:\n%s", evil, diff)
		}
		if !strings.Contains(text(root), evil) {
			t.Errorf("%s is not shown as it is", evil)
		}
	}
}

// The policy has the hashes of what the page has, and the page reaches nothing.
func TestPolicy(t *testing.T) {
	root := parse(t, write(t, page.Story()))
	policy := ""
	walk(root, func(n *html.Node) {
		if attribute(n, "http-equiv") == "Content-Security-Policy" {
			policy = attribute(n, "content")
		}
	})
	for _, part := range []string{"default-src 'none'", "base-uri 'none'", "form-action 'none'"} {
		if !strings.Contains(policy, part) {
			t.Errorf("%q lacks %s", policy, part)
		}
	}
	for _, part := range []string{"unsafe", "connect-src", "*", "http"} {
		if strings.Contains(policy, part) {
			t.Errorf("%q allows %s", policy, part)
		}
	}
	inline := 0
	walk(root, func(n *html.Node) {
		for _, a := range n.Attr {
			if a.Key == "style" || a.Key == "src" || strings.HasPrefix(a.Key, "on") || a.Key == "href" && !strings.HasPrefix(a.Val, "#") {
				t.Errorf("<%s %s=%q>", n.Data, a.Key, a.Val)
			}
		}
		if n.Data != "style" && n.Data != "script" {
			return
		}
		inline++
		sum := sha256.Sum256([]byte(n.FirstChild.Data))
		if hash := "sha256-" + base64.StdEncoding.EncodeToString(sum[:]); !strings.Contains(policy, n.Data+"-src '"+hash+"'") {
			t.Errorf("the policy does not allow the %s: %s", n.Data, policy)
		}
	})
	if inline != 2 {
		t.Errorf("%d styles and scripts, want one of each", inline)
	}
}

// A page leaves its reader's machine: queries and values stay behind.
func TestNoSecrets(t *testing.T) {
	written := write(t, page.Story())
	for _, secret := range []string{"s3cret", "shop.test"} {
		if strings.Contains(written, secret) {
			t.Errorf("the page has %s", secret)
		}
	}
}

// 20,000 Ingresses are a page that can be mailed, folded but for what needs a human.
func TestLargeCluster(t *testing.T) {
	written := write(t, page.Large(20_000))
	if n := len(written); n > 12<<20 {
		t.Errorf("%d bytes", n)
	}
	rows, open, most := 0, 0, 0
	walk(parse(t, written), func(n *html.Node) {
		switch {
		case n.Data == "tr" && attribute(n, "data-v") != "":
			rows++
		case n.Data == "details" && slices.ContainsFunc(n.Attr, func(a html.Attribute) bool { return a.Key == "open" }):
			open++
		case attribute(n, "class") == "chunk":
			inChunk := 0
			walk(n, func(n *html.Node) {
				if n.Data == "tr" {
					inChunk++
				}
			})
			most = max(most, inChunk)
		}
	})
	if rows != 20_000 || open == 0 || open > 20 || most > 101 {
		t.Errorf("%d rows, %d namespaces open, up to %d rows laid out together", rows, open, most)
	}
}

func BenchmarkLargeCluster(b *testing.B) {
	p := page.Large(20_000)
	for b.Loop() {
		var out bytes.Buffer
		if err := p.Write(&out); err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(out.Len())/1e6, "MB/page")
	}
}
