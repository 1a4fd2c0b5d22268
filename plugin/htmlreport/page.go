// Package htmlreport renders what is known of a migration as one HTML page that
// needs nothing else: style, script and drawings are inside, and a content security
// policy keeps it from the network. Names, annotations and answers come from
// clusters and are data: html/template escapes every one of them.
package htmlreport

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"sync"
	"time"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover/journal"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/probe"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/scan"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/shift"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/ui"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/verify"
)

// Page is what there is to show. Parts that are nil are left out.
type Page struct {
	// Subject is what the page is about: a cluster's name, or files.
	Subject string
	// Now is when everything was looked at.
	Now time.Time
	// Scan has the Ingresses of a cluster, Conversion those of files.
	Scan       *scan.Report
	Conversion *convert.ConversionReport
	Status     *cutover.Status
	Journal    *journal.Journal
	// Weights is the record of a shift at a load balancer.
	Weights *shift.Record
	Probe   *probe.Report
	Verify  *verify.Report
	// Notes say what could not be looked at.
	Notes []string
	// version of a page that follows the events of a Live handler; 0: it does not.
	version int
}

var (
	//go:embed page.gohtml
	source string
	//go:embed page.css
	style string
	//go:embed page.js
	script string
)

// parsed is the template, which the tests show to be right. Commands that show no
// page do not wait for it.
var parsed = sync.OnceValue(func() *template.Template {
	return template.Must(template.New("page").Funcs(template.FuncMap{"count": ui.Thousands, "plural": ui.Plural}).Parse(source))
})

// Policy is the content security policy of a page: its own style and script by their
// hashes, and no network at all; a live page may ask where it came from.
func Policy(live bool) string {
	policy := fmt.Sprintf("default-src 'none'; style-src 'sha256-%s'; script-src 'sha256-%s'; base-uri 'none'; form-action 'none'", hash(style), hash(script))
	if live {
		policy += "; connect-src 'self'"
	}
	return policy
}

func hash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return base64.StdEncoding.EncodeToString(sum[:])
}

// Write writes the page. The same Page gives the same bytes.
func (p *Page) Write(w io.Writer) error {
	// Whole or not at all: half a page is no report.
	var page bytes.Buffer
	if err := parsed().Execute(&page, p.view()); err != nil {
		return fmt.Errorf("rendering the page: %w", err)
	}
	if _, err := page.WriteTo(w); err != nil {
		return fmt.Errorf("writing the page: %w", err)
	}
	return nil
}

// view is what the template shows.
type view struct {
	Subject, When, Stamp string
	Route                string
	Policy               string
	Style                template.CSS
	Script               template.JS
	Version              int
	Facts                []fact
	Notes                []string
	Ingresses            *ingresses
	Cutover              *cutoverView
	Weights              *weights
	Traffic              *traffic
	Answers              *answers
}

// fact is one number at the top of the page, and where more is said of it.
type fact struct{ Value, Name, Detail, Tone, Link string }

// What a tone looks like is up to the style; a word always says the same.
const (
	good   = "good"
	notice = "notice"
	bad    = "bad"
	faint  = "faint"
)

func (p *Page) view() *view {
	v := &view{
		Subject: p.Subject, When: moment(p.Now), Stamp: stamp(p.Now), Policy: Policy(p.version > 0),
		Style: template.CSS(style), Script: template.JS(script), Version: p.version, Notes: p.Notes,
	}
	switch {
	case p.Scan != nil:
		v.Ingresses = fromScan(p.Scan)
		v.Notes = append(append([]string{}, p.Notes...), p.Scan.Notes...)
	case p.Conversion != nil:
		v.Ingresses = fromConversion(p.Conversion)
	}
	v.Cutover = newCutover(p.Status, p.Journal, p.Now)
	v.Weights = newWeights(p.Weights, p.Now)
	v.Traffic = newTraffic(p)
	v.Answers = newAnswers(p.Verify)
	if v.Ingresses != nil {
		v.Route = v.Ingresses.From + " to " + v.Ingresses.To
		v.Facts = append(v.Facts, v.Ingresses.facts()...)
	}
	if v.Cutover != nil {
		v.Facts = append(v.Facts, v.Cutover.Facts...)
	}
	if v.Weights != nil {
		v.Facts = append(v.Facts, v.Weights.Facts...)
	}
	if v.Traffic != nil {
		v.Facts = append(v.Facts, v.Traffic.Facts...)
	}
	if v.Answers != nil {
		v.Facts = append(v.Facts, v.Answers.Fact)
	}
	return v
}
