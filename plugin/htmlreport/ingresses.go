package htmlreport

import (
	"cmp"
	"slices"
	"strings"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/desired"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/scan"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/ui"
)

// ingresses is who owns what: namespaces, their Ingresses, the objects of those, and
// what was found about them.
type ingresses struct {
	From, To   string
	Total      int
	ToDo       int
	Verdicts   []verdict
	Codes      []code
	Namespaces []*namespace
	// Notes is how many findings change nothing for clients and are not shown.
	Notes int
	// HasState: objects were looked for in a cluster.
	HasState bool
}

// verdict counts the Ingresses that have it.
type verdict struct {
	Name, Means, Tone string
	Count             int
	// X and Width are its part of the bar.
	X, Width px
}

// code counts the Ingresses that a finding is about.
type code struct {
	Code, Severity, Tone, Title string
	Count                       int
	severity                    int
}

type namespace struct {
	Name string
	// ID is what links lead to: names of other objects cannot be mistaken for it.
	ID, Summary string
	Open        bool
	Count, ToDo int
	Objects     int
	Tone        string
	// Chunks are the Ingresses in portions, of which browsers draw what is seen.
	Chunks []chunk
}

type chunk struct {
	First, Full bool
	Rows        []*row
}

// row is one Ingress.
type row struct {
	Name, File, Verdict, Tone, Why, Fix, Dialect, Codes string
	Objects                                             []object
	Findings                                            []finding
	rank                                                int
}

type object struct{ Kind, Name, State, Tone, Detail string }

type finding struct{ Code, Severity, Tone, Field, Text, Remedy string }

const (
	// perChunk rows are laid out together.
	perChunk = 100
	// mostOpen namespaces are open at first.
	mostOpen = 20
	// barWidth is the width of the bar of verdicts.
	barWidth = 1000
)

// scanVerdicts and conversionVerdicts are in the order in which they need a human.
var scanVerdicts = []verdict{
	{Name: string(scan.Blocked), Tone: bad, Means: "a human has to act first"},
	{Name: string(scan.Different), Tone: notice, Means: "some objects are missing, changed or too many"},
	{Name: string(scan.Missing), Tone: notice, Means: "no object exists yet"},
	{Name: string(scan.Orphaned), Tone: notice, Means: "objects of ours whose Ingress is gone"},
	{Name: string(scan.InSync), Tone: good, Means: "all objects exist as they should"},
	{Name: string(scan.Passed), Tone: faint, Means: "nothing should exist: opted out, another controller's, or not served by the old one"},
}

var conversionVerdicts = []verdict{
	{Name: string(convert.Blocked), Tone: bad, Means: "a route is withheld, because it would expose more than before"},
	{Name: string(convert.ConvertedWithLoss), Tone: notice, Means: "converted, but some requests are answered differently"},
	{Name: string(convert.NotServed), Tone: faint, Means: "the old controller serves nothing of it"},
	{Name: string(convert.Converted), Tone: good, Means: "carried over exactly"},
	{Name: string(convert.Skipped), Tone: faint, Means: "another controller's"},
}

func fromScan(report *scan.Report) *ingresses {
	b := newBuilder(scanVerdicts)
	for i := range report.Items {
		item := &report.Items[i]
		r := b.row(item.Namespace, item.Ingress, string(item.Verdict), item.Diagnostics)
		r.Why, r.Dialect, r.Fix = item.Why, string(item.Dialect), command(item)
		for j := range item.Objects {
			r.Objects = append(r.Objects, scanned(&item.Objects[j]))
		}
	}
	v := b.finish(report.From, report.To)
	v.HasState = true
	return v
}

// command is an item's fix as it is typed.
func command(item *scan.Item) string {
	const program = "kubectl ingress-migrate "
	rest, differs := strings.CutPrefix(item.Fix, "diff")
	switch {
	case item.Fix == "":
		return ""
	case differs:
		return program + "diff -n " + item.Namespace + " " + item.Ingress + strings.Replace(rest, " | ", ", then ", 1)
	case strings.HasPrefix(item.Fix, "explain "):
		return program + item.Fix
	}
	return program + item.Fix + " -n " + item.Namespace
}

// scanned says which fields differ, not how: values may be what few should read.
func scanned(o *scan.Object) object {
	out := object{Kind: o.Kind, Name: o.Name, State: string(o.State), Tone: notice}
	switch {
	case o.State == desired.InSync:
		out.State, out.Tone = "", good
	case o.State == desired.Foreign && len(o.Differences) > 0:
		out.Tone = bad
	}
	var fields []string
	for i, d := range o.Differences {
		if i == 3 {
			fields = append(fields, "…")
			break
		}
		fields = append(fields, d.Field)
	}
	out.Detail = strings.Join(fields, ", ")
	if o.Editor != nil {
		out.Detail += " by " + o.Editor.Manager
		if !o.Editor.Time.IsZero() {
			out.Detail += " at " + moment(o.Editor.Time)
		}
	}
	return out
}

func fromConversion(report *convert.ConversionReport) *ingresses {
	b := newBuilder(conversionVerdicts)
	for i := range report.Ingresses {
		in := &report.Ingresses[i]
		r := b.row(in.Namespace, in.Name, string(in.Verdict), in.Diagnostics)
		r.Why, r.Dialect, r.File = in.Why, string(in.Dialect), in.File
		for _, o := range slices.Concat(in.Objects, in.Companions) {
			r.Objects = append(r.Objects, object{Kind: o.Kind, Name: o.Name})
		}
	}
	from := string(report.From)
	var found []string
	for _, count := range report.Summary.Dialects {
		found = append(found, string(count.Dialect))
	}
	if report.From == convert.Auto && len(found) > 0 {
		from = strings.Join(found, ", ")
	}
	return b.finish(from, report.Target.APIVersion)
}

// builder gathers rows.
type builder struct {
	out        *ingresses
	namespaces map[string]*namespace
	rows       map[string][]*row
	codes      map[diag.Code]*code
}

func newBuilder(verdicts []verdict) *builder {
	return &builder{
		out: &ingresses{Verdicts: slices.Clone(verdicts)}, namespaces: map[string]*namespace{}, rows: map[string][]*row{}, codes: map[diag.Code]*code{},
	}
}

func (b *builder) row(in, name, verdict string, diagnostics []diag.Diagnostic) *row {
	ns := b.namespaces[in]
	if ns == nil {
		ns = &namespace{Name: in}
		b.namespaces[in] = ns
		b.out.Namespaces = append(b.out.Namespaces, ns)
	}
	r := &row{Name: name, Verdict: verdict, Tone: faint}
	for i := range b.out.Verdicts {
		if v := &b.out.Verdicts[i]; v.Name == verdict {
			v.Count++
			r.Tone, r.rank = v.Tone, i
		}
	}
	b.out.Total++
	ns.Count++
	if r.Tone == bad || r.Tone == notice {
		b.out.ToDo++
		ns.ToDo++
	}
	b.find(r, diagnostics)
	b.rows[in] = append(b.rows[in], r)
	return r
}

// find takes over the findings that a reader should know of, the worst first.
func (b *builder) find(r *row, diagnostics []diag.Diagnostic) {
	worst := slices.Clone(diagnostics)
	slices.SortStableFunc(worst, func(x, y diag.Diagnostic) int { return cmp.Compare(rank(&y), rank(&x)) })
	var codes []string
	for i := range worst {
		d := &worst[i]
		if !d.Blocking && d.Severity < diag.Lossy {
			b.out.Notes++
			continue
		}
		f := finding{Code: string(d.Code), Severity: d.Severity.String(), Tone: notice, Field: d.Field, Text: d.Text, Remedy: d.Remedy}
		if d.Blocking {
			f.Severity = "blocking"
		}
		if rank(d) >= int(diag.Unsupported) {
			f.Tone = bad
		}
		r.Findings = append(r.Findings, f)
		if slices.Contains(codes, f.Code) {
			continue
		}
		codes = append(codes, f.Code)
		c := b.codes[d.Code]
		if c == nil {
			c = &code{Code: f.Code}
			if info, ok := diag.Lookup(d.Code); ok {
				c.Title = info.Title
			}
			b.codes[d.Code] = c
		}
		c.Count++
		if rank(d) > c.severity || c.Severity == "" {
			c.Severity, c.Tone, c.severity = f.Severity, f.Tone, rank(d)
		}
	}
	r.Codes = strings.Join(codes, " ")
}

func rank(d *diag.Diagnostic) int {
	if d.Blocking {
		return int(diag.Invalid) + 1
	}
	return int(d.Severity)
}

// finish sorts: namespaces with the most to do first, in each the worst Ingress.
func (b *builder) finish(from, to string) *ingresses {
	v := b.out
	v.From, v.To = from, to
	slices.SortFunc(v.Namespaces, func(x, y *namespace) int {
		return cmp.Or(cmp.Compare(y.ToDo, x.ToDo), cmp.Compare(x.Name, y.Name))
	})
	for i, ns := range v.Namespaces {
		rows := b.rows[ns.Name]
		slices.SortStableFunc(rows, func(x, y *row) int { return cmp.Or(cmp.Compare(x.rank, y.rank), cmp.Compare(x.Name, y.Name)) })
		ns.ID = "ns-" + ns.Name
		ns.Tone = rows[0].Tone
		for _, r := range rows {
			ns.Objects += len(r.Objects)
		}
		ns.Summary = summary(rows)
		ns.Open = ns.Count <= perChunk && (i < mostOpen && ns.ToDo > 0 || len(v.Namespaces) == 1)
		for part := range slices.Chunk(rows, perChunk) {
			ns.Chunks = append(ns.Chunks, chunk{First: len(ns.Chunks) == 0, Full: len(part) == perChunk, Rows: part})
		}
	}
	for _, c := range b.codes {
		v.Codes = append(v.Codes, *c)
	}
	slices.SortFunc(v.Codes, func(x, y code) int {
		return cmp.Or(cmp.Compare(y.severity, x.severity), cmp.Compare(y.Count, x.Count), cmp.Compare(x.Code, y.Code))
	})
	v.Verdicts = slices.DeleteFunc(v.Verdicts, func(x verdict) bool { return x.Count == 0 })
	x := px(0)
	for i := range v.Verdicts {
		v.Verdicts[i].X, v.Verdicts[i].Width = x, px(barWidth*float64(v.Verdicts[i].Count)/float64(v.Total))
		x += v.Verdicts[i].Width
	}
	return v
}

// summary counts the verdicts of a namespace, in words.
func summary(rows []*row) string {
	var parts []string
	for i := 0; i < len(rows); {
		n := i
		for n < len(rows) && rows[n].Verdict == rows[i].Verdict {
			n++
		}
		parts = append(parts, ui.Thousands(n-i)+" "+rows[i].Verdict)
		i = n
	}
	return strings.Join(parts, ", ")
}

func (v *ingresses) facts() []fact {
	todo := fact{Value: ui.Thousands(v.ToDo), Name: "to look at", Detail: "of " + ui.Plural(v.Total, "Ingress"), Tone: notice, Link: "#ingresses"}
	if v.ToDo == 0 {
		todo.Tone = good
	}
	out := []fact{todo}
	for _, c := range v.Verdicts {
		if c.Tone == bad {
			out[0].Tone = bad
			out = append(out, fact{Value: ui.Thousands(c.Count), Name: "blocked", Detail: c.Means, Tone: bad, Link: "#verdicts"})
		}
	}
	return out
}
