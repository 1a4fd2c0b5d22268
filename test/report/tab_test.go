package report

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/htmlreport"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/sandbox/binaries"
)

// patience bounds what hangs, nothing else.
const patience = 10 * time.Minute

// shots is a folder that keeps screenshots for those who want to look at them.
var shots = os.Getenv("REPORT_SCREENSHOTS")

var browser context.Context

func TestMain(m *testing.M) {
	os.Exit(func() int {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		program, err := binaries.Chromium(ctx, os.Stderr)
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(program), chromedp.NoSandbox)
		allocator, stop := chromedp.NewExecAllocator(ctx, options...)
		defer stop()
		started, end := chromedp.NewContext(allocator)
		defer end()
		if err := chromedp.Run(started); err != nil {
			fmt.Fprintln(os.Stderr, "starting Chromium:", err)
			return 1
		}
		browser = started
		return m.Run()
	}())
}

// tab is a page in a tab of its own. What its console says fails the test.
type tab struct {
	*testing.T
	ctx context.Context
	// deaf to the console, because what it says next is right.
	deaf *atomic.Bool
}

func newTab(t *testing.T) *tab {
	t.Helper()
	ctx, cancel := chromedp.NewContext(browser)
	t.Cleanup(cancel)
	var mu sync.Mutex
	var said []string
	var deaf atomic.Bool
	chromedp.ListenTarget(ctx, func(event any) {
		if deaf.Load() {
			return
		}
		mu.Lock()
		defer mu.Unlock()
		switch e := event.(type) {
		case *log.EventEntryAdded:
			said = append(said, fmt.Sprintf("%s: %s", e.Entry.Level, e.Entry.Text))
		case *runtime.EventExceptionThrown:
			said = append(said, e.ExceptionDetails.Error())
		case *runtime.EventConsoleAPICalled:
			for _, argument := range e.Args {
				said = append(said, string(argument.Value)+argument.Description)
			}
		}
	})
	t.Cleanup(func() {
		mu.Lock()
		defer mu.Unlock()
		for _, line := range said {
			t.Errorf("the console says %s", line)
		}
	})
	return &tab{t, ctx, &deaf}
}

func (t *tab) run(actions ...chromedp.Action) {
	t.Helper()
	if err := chromedp.Run(t.ctx, actions...); err != nil {
		t.Fatal(err)
	}
}

// open writes a page to a file and opens it.
func (t *tab) open(p *htmlreport.Page) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "report.html")
	out, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	if err := p.Write(out); err != nil {
		t.Fatal(err)
	}
	t.run(chromedp.Navigate("file://"+file), chromedp.WaitReady("footer"))
}

// eval runs an expression and decodes its value.
func eval[T any](t *tab, expression string) T {
	t.Helper()
	var value T
	t.run(chromedp.Evaluate(expression, &value, func(p *runtime.EvaluateParams) *runtime.EvaluateParams { return p.WithAwaitPromise(true) }))
	return value
}

func (t *tab) look(width int64, scheme string) {
	t.Helper()
	t.run(
		emulation.SetDeviceMetricsOverride(width, 900, 1, false),
		emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}),
	)
}

func (t *tab) shoot(name string) {
	t.Helper()
	if shots == "" {
		return
	}
	var png []byte
	t.run(chromedp.FullScreenshot(&png, 100))
	if err := os.WriteFile(filepath.Join(shots, name+".png"), png, 0o644); err != nil {
		t.Fatal(err)
	}
}

// violations are what axe-core finds.
func (t *tab) violations() []string {
	t.Helper()
	path, err := binaries.AxeCore(t.ctx, os.Stderr)
	if err != nil {
		t.Fatal(err)
	}
	axe, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	t.run(chromedp.Evaluate(string(axe)+";0", nil))
	return eval[[]string](t, `axe.run(document, {resultTypes: ['violations']}).then((r) => r.violations.flatMap((v) => v.nodes.map((n) => v.id + ': ' + n.target.join(' ') + ': ' + n.failureSummary)))`)
}

func (t *tab) accessible() {
	t.Helper()
	for _, violation := range t.violations() {
		t.Error(violation)
	}
}
