// Package report opens pages of kubectl ingress-migrate report in a real browser.
package report

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	cdp "github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/htmlreport"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/page"
)

// Every width and both schemes: nothing on the console, nothing that axe-core finds,
// nothing wider than the window. What axe-core asks of a page is the same between the
// widths at which the page changes its form.
func TestLooks(t *testing.T) {
	for _, width := range []int64{360, 640, 1280, 1920} {
		for _, scheme := range []string{"light", "dark"} {
			t.Run(fmt.Sprintf("%d-%s", width, scheme), func(t *testing.T) {
				tab := newTab(t)
				tab.look(width, scheme)
				tab.open(page.Story())
				tab.shoot(fmt.Sprintf("story-%d-%s", width, scheme))
				if got := eval[int64](tab, `document.documentElement.scrollWidth`); got > width {
					t.Errorf("the page is %d pixels wide in a window of %d", got, width)
				}
				if width == 360 || width == 1280 {
					tab.accessible()
				}
			})
		}
	}
}

func TestHostileNames(t *testing.T) {
	for i, evil := range []string{
		`</script><script>window.hacked=1</script>`, `"><img src=x onerror="window.hacked=1">`, `</style><style>body{display:none}</style>`, `</title></svg><iframe src="//192.0.2.1/">`,
	} {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			tab := newTab(t)
			tab.open(page.Hostile(evil))
			if eval[bool](tab, `'hacked' in window || document.images.length + document.querySelectorAll('iframe').length > 0`) {
				t.Error("a name became a part of the page")
			}
			if heading := eval[string](tab, `document.querySelector('h1').textContent`); heading != evil {
				t.Errorf("the heading is %q", heading)
			}
		})
	}
}

// visible counts the rows of Ingresses that a reader can find.
const visible = `[...document.querySelectorAll('tr[data-v]')].filter((r) => !r.hidden && !r.closest('[hidden]')).length`

func (t *tab) filter(field, value string) {
	t.Helper()
	quoted, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	t.run(chromedp.Evaluate(fmt.Sprintf(`{ const f = document.getElementById('filter'); f.elements[%q].value = %s; f.requestSubmit(); 0 }`, field, quoted), nil))
}

func TestFilter(t *testing.T) {
	tab := newTab(t)
	tab.open(page.Story())
	want := func(rows int, count string) {
		t.Helper()
		if got := eval[int](tab, visible); got != rows {
			t.Errorf("%d rows, want %d", got, rows)
		}
		if got := eval[string](tab, `document.getElementById('count').textContent`); got != count {
			t.Errorf("it says %q, want %q", got, count)
		}
	}
	want(28, "28 Ingresses")
	tab.filter("namespace", "pay")
	want(15, "15 of 28 Ingresses")
	tab.filter("verdict", "Passed")
	want(1, "1 of 28 Ingresses")
	tab.filter("namespace", "")
	tab.filter("verdict", "")
	tab.filter("code", "E-WHITELIST-XFF")
	want(1, "1 of 28 Ingresses")
	tab.filter("code", "")
	tab.filter("text", "SHOP/web-1")
	want(1, "1 of 28 Ingresses")
	tab.filter("text", "no such thing")
	want(0, "0 of 28 Ingresses")
	tab.accessible()
	tab.run(chromedp.Click(`button[type=reset]`), chromedp.Poll(visible+" === 28", nil))
	want(28, "28 Ingresses")
}

// Without JavaScript everything is there, and no filter that does nothing.
func TestWithoutScript(t *testing.T) {
	tab := newTab(t)
	tab.run(emulation.SetScriptExecutionDisabled(true))
	tab.open(page.Story())
	if eval[bool](tab, `document.getElementById('filter').offsetParent !== null`) {
		t.Error("there is a filter")
	}
	if got := eval[int](tab, visible); got != 28 {
		t.Errorf("%d rows", got)
	}
}

// Tab reaches every control in the order of the page, each with a mark; Enter opens
// a namespace.
func TestKeyboard(t *testing.T) {
	tab := newTab(t)
	tab.look(1280, "light")
	tab.open(page.Story())
	var walked []string
	for range 60 {
		tab.run(chromedp.KeyEvent("\t"))
		at := eval[string](tab, `{ const e = document.activeElement; const s = getComputedStyle(e);
			e === document.body ? '' : (s.outlineStyle === 'none' ? 'UNMARKED ' : '') + (e.tagName + ' ' + (e.getAttribute('href') || e.name || e.id || e.getAttribute('aria-label') || e.getAttribute('aria-labelledby') || e.textContent)).trim().slice(0, 40) }`)
		if at == "" || len(walked) > 0 && at == walked[0] {
			break
		}
		walked = append(walked, at)
	}
	all := strings.Join(walked, "\n")
	position := 0
	for _, stop := range []string{"A #main", "A #verdicts", "A #ingresses", "A #ingresses", "DIV Findings by code", "DIV timeline-c", "DIV course-c", "SUMMARY The same", "INPUT namespace", "SELECT verdict", "SELECT code", "INPUT text", "BUTTON Clear", "BUTTON open", "SUMMARY shop", "SUMMARY payments"} {
		i := strings.Index(all[position:], stop)
		if i < 0 {
			t.Fatalf("%s is not reached in its turn:\n%s", stop, all)
		}
		position += i + len(stop)
	}
	if strings.Contains(all, "UNMARKED") {
		t.Errorf("focus is not to be seen:\n%s", all)
	}
	const opened = `document.querySelector('details[data-n=payments]').open`
	before := eval[bool](tab, opened)
	tab.run(chromedp.Focus(`details[data-n=payments] > summary`), chromedp.KeyEvent("\r"))
	if eval[bool](tab, opened) == before {
		t.Error("Enter does not open a namespace")
	}
}

// Those who want no motion get none.
func TestReducedMotion(t *testing.T) {
	tab := newTab(t)
	for value, want := range map[string]string{"reduce": "auto", "no-preference": "smooth"} {
		tab.run(emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "prefers-reduced-motion", Value: value}}))
		tab.open(page.Story())
		if got := eval[string](tab, `getComputedStyle(document.documentElement).scrollBehavior`); got != want {
			t.Errorf("%s: scrolling is %s", value, got)
		}
	}
}

func TestPrint(t *testing.T) {
	tab := newTab(t)
	tab.look(1280, "dark")
	tab.open(page.Story())
	var pdf []byte
	tab.run(chromedp.ActionFunc(func(ctx context.Context) (err error) {
		pdf, _, err = cdp.PrintToPDF().WithPrintBackground(true).WithPaperWidth(8.27).WithPaperHeight(11.69).Do(ctx)
		return err
	}))
	if shots != "" {
		if err := os.WriteFile(filepath.Join(shots, "story.pdf"), pdf, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if pages := strings.Count(string(pdf), "/Type /Page\n"); !strings.HasPrefix(string(pdf), "%PDF-") || pages < 2 || pages > 8 {
		t.Errorf("%d pages", pages)
	}
	// Dark is for screens: paper is white, whatever its owner prefers.
	tab.run(
		emulation.SetEmulatedMedia().WithMedia("print").WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: "dark"}}),
		emulation.SetDeviceMetricsOverride(760, 1100, 1, false),
	)
	tab.shoot("story-print")
	if got := eval[string](tab, `{ const s = getComputedStyle(document.body); s.color + ' on ' + s.backgroundColor }`); got != "rgb(27, 31, 36) on rgb(255, 255, 255)" {
		t.Errorf("print is %s", got)
	}
	if eval[bool](tab, `document.querySelector('form').offsetParent !== null`) {
		t.Error("the filter is printed")
	}
}

// A page of 20,000 Ingresses is opened and filtered in a moment; how long it took is
// told, not judged: machines differ.
func TestLargeCluster(t *testing.T) {
	tab := newTab(t)
	tab.look(1280, "light")
	began := time.Now()
	tab.open(page.Large(20_000))
	opened := time.Since(began)
	began = time.Now()
	tab.filter("text", "service-19999")
	if got := eval[int](tab, visible); got != 1 {
		t.Errorf("%d rows", got)
	}
	text := time.Since(began)
	began = time.Now()
	tab.filter("text", "")
	tab.filter("verdict", "Missing")
	if got := eval[int](tab, visible); got != 1000 {
		t.Errorf("%d rows", got)
	}
	verdict := time.Since(began)
	began = time.Now()
	tab.filter("verdict", "")
	tab.run(chromedp.Evaluate(`document.querySelector('details[data-n=shared]').open = true; document.body.offsetHeight`, nil))
	t.Logf("written and opened in %s, filtered by text in %s, by verdict in %s, 2,000 rows laid out in %s", opened, text, verdict, time.Since(began))
}

// A live page takes what is new and leaves alone what its reader chose.
func TestLive(t *testing.T) {
	live, p := htmlreport.NewLive(), page.Story()
	if err := live.Set(p); err != nil {
		t.Fatal(err)
	}
	listener, err := htmlreport.Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- live.Serve(ctx, listener) }()
	tab := newTab(t)
	tab.look(1280, "light")
	tab.run(chromedp.Navigate("http://"+listener.Addr().String()+live.Path()), chromedp.Poll(`document.getElementById('live').classList.contains('good')`, nil))
	tab.shoot("live")
	tab.filter("namespace", "payments")
	tab.run(chromedp.Evaluate(`document.querySelector('details[data-n=payments]').open = true; 0`, nil))
	p.Now = p.Now.Add(time.Minute)
	p.Status.Problems[0].What = "all is well now"
	if err := live.Set(p); err != nil {
		t.Fatal(err)
	}
	tab.run(chromedp.Poll(`document.querySelector('.problems').textContent.includes('all is well now') && document.querySelector('.when').textContent.includes('02:32:40')`, nil))
	if got := eval[int](tab, visible); got != 15 {
		t.Errorf("%d rows: the filter is lost", got)
	}
	if !eval[bool](tab, `document.querySelector('details[data-n=payments]').open`) {
		t.Error("what was open is closed")
	}
	tab.accessible()
	tab.deaf.Store(true) // it names the connection that breaks
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	tab.run(chromedp.Poll(`document.getElementById('live').textContent === 'connection lost'`, nil))
}
