// Package page makes what a report is made of, for tests that look at pages: a
// migration in the middle of its trouble, one whose every string is an attack, and a
// large one.
package page

import (
	"fmt"
	"time"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/desired"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover/journal"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/htmlreport"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/probe"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/scan"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/verify"
)

// Now is when the pages are made.
var now = time.Date(2026, 3, 14, 2, 31, 40, 0, time.UTC)

// Story is a cutover of six nodes: three are moved, one soaks, one failed, one waits.
func Story() *htmlreport.Page {
	return &htmlreport.Page{
		Subject: "prod-eu-1", Now: now,
		Scan: findings(), Status: status(), Journal: Journal(), Weights: Weights(), Probe: traffic(), Verify: answers(),
		Notes: []string{"Ingresses that name no controller are judged by their annotations: traefik-v1"},
	}
}

func findings() *scan.Report {
	r := &scan.Report{From: "traefik-v1", To: "traefik.io/v1alpha1"}
	add := func(item scan.Item) { r.Items = append(r.Items, item) }
	route := func(name string, state scan.State) scan.Object {
		return scan.Object{APIVersion: "traefik.io/v1alpha1", Kind: "IngressRoute", Name: name, State: state}
	}
	about := func(namespace, name, annotation string, d diag.Diagnostic) diag.Diagnostic {
		d.Object = diag.Object{Kind: "Ingress", Namespace: namespace, Name: name}
		d.Field = "metadata.annotations[traefik.ingress.kubernetes.io/" + annotation + "]"
		return d
	}
	add(scan.Item{Namespace: "legacy", Ingress: "reports", Verdict: scan.Blocked, Dialect: convert.FromTraefikV1, Conversion: convert.Blocked,
		Why: "E-WHITELIST-XFF: allow-list over X-Forwarded-For not expressible", Fix: "explain legacy/reports",
		Diagnostics: []diag.Diagnostic{
			about("legacy", "reports", "whitelist-x-forwarded-for", diag.Diagnostic{Code: diag.EWhitelistXFF, Severity: diag.Unsupported, Blocking: true, Text: "clients are told apart by X-Forwarded-For, which anybody can write", Remedy: "say which proxies are trusted with ipStrategy.depth"}),
		}})
	drifted := route("checkout", desired.Drifted)
	drifted.Differences = []desired.Difference{{Field: "spec.routes[0].match", Want: "Host(`shop.example.com`)", Live: "Host(`shop.test`)"}}
	drifted.Editor = &scan.Editor{Manager: "kubectl-edit", Field: "spec.routes[0].match", Time: now.Add(-3 * time.Hour)}
	add(scan.Item{Namespace: "shop", Ingress: "checkout", Verdict: scan.Different, Dialect: convert.FromTraefikV1,
		Why: "IngressRoute checkout edited by kubectl-edit: spec.routes[0].match", Fix: "diff | sync --overwrite",
		Objects: []scan.Object{drifted, route("checkout-tls-135daf5e", desired.InSync)}})
	add(scan.Item{Namespace: "shop", Ingress: "cart", Verdict: scan.Missing, Dialect: convert.FromTraefikV1, Why: "no IngressRoute cart", Fix: "sync",
		Objects: []scan.Object{route("cart", desired.Missing)},
		Diagnostics: []diag.Diagnostic{
			about("shop", "cart", "rate-limit", diag.Diagnostic{Code: diag.WRateLimit, Severity: diag.Lossy, Text: "bursts are counted by a token bucket and not per period", Remedy: "compare average and burst with what clients send"}),
		}})
	add(scan.Item{Namespace: "old", Ingress: "promo", Verdict: scan.Orphaned, Why: "IngressRoute promo without Ingress, made by us", Fix: "sync --prune", Objects: []scan.Object{route("promo", scan.Unwanted)}})
	for i := range 9 {
		name := fmt.Sprintf("web-%d", i+1)
		add(scan.Item{Namespace: "shop", Ingress: name, Verdict: scan.InSync, Dialect: convert.FromTraefikV1, Objects: []scan.Object{
			{Kind: "Middleware", Name: name + "-strip-8f31", State: desired.InSync}, route(name, desired.InSync),
		}})
	}
	for i := range 14 {
		name := fmt.Sprintf("api-%02d", i+1)
		add(scan.Item{Namespace: "payments", Ingress: name, Verdict: scan.InSync, Dialect: convert.FromTraefikV1, Objects: []scan.Object{route(name, desired.InSync)}})
	}
	add(scan.Item{Namespace: "payments", Ingress: "sandbox", Verdict: scan.Passed, Why: "ingress-migrate.io/mode: ignore"})
	return r
}

func at(minutes, seconds int) time.Time {
	return now.Add(-time.Duration(30*60-minutes*60-seconds) * time.Second)
}

// Journal is the record of the story's cutover.
func Journal() *journal.Journal {
	j := &journal.Journal{
		Version: journal.Version, ID: "7f3a", Holder: "ops@bastion/5d2c19aa", Started: at(0, 0), Phase: journal.Switching, Floor: 5,
		Stopped: "edge-5 was put back to traefik-1.7 and serves: 2 of 284 routes answer 404 instead of 200",
	}
	step := func(phase journal.NodePhase, minutes, seconds int) journal.Step {
		return journal.Step{Phase: phase, At: at(minutes, seconds)}
	}
	for i, steps := range [][]journal.Step{
		{step(journal.Draining, 0, 20), step(journal.SwitchingTo, 1, 36), step(journal.Gating, 1, 39), step(journal.Soaking, 1, 52), step(journal.Done, 11, 52)},
		{step(journal.Draining, 12, 0), step(journal.SwitchingTo, 13, 16), step(journal.Gating, 13, 18), step(journal.Soaking, 13, 30), step(journal.Done, 17, 30)},
		{step(journal.Draining, 17, 35), step(journal.SwitchingTo, 18, 51), step(journal.Gating, 18, 54), step(journal.Soaking, 19, 6), step(journal.Done, 23, 6)},
		{step(journal.Draining, 27, 2), step(journal.SwitchingTo, 28, 18), step(journal.Gating, 28, 21), step(journal.Soaking, 28, 30)},
		{step(journal.Draining, 23, 10), step(journal.SwitchingTo, 24, 26), step(journal.Gating, 24, 28), step(journal.SwitchingTo, 26, 28), step(journal.Gating, 26, 31), step(journal.Failed, 26, 58)},
		nil,
	} {
		n := journal.Node{Name: fmt.Sprintf("edge-%d", i+1), Phase: journal.Waiting, Since: at(0, 0), Steps: steps}
		if len(steps) > 0 {
			begun, last := steps[0].At, steps[len(steps)-1]
			n.Begun, n.Phase, n.Since, n.To, n.Dark = &begun, last.Phase, last.At, "new", 2.1+0.2*float64(i)
			if !last.Phase.InFlight() {
				n.Ended = &last.At
			}
			if last.Phase == journal.Failed {
				n.To, n.Why = "old", "2 of 284 routes answer 404 instead of 200"
			}
		}
		j.Nodes = append(j.Nodes, n)
	}
	return j
}

func status() *cutover.Status {
	s := &cutover.Status{
		Cluster: "prod-eu-1", ServerVersion: "v1.31.4", Routes: "ready (traefik.io/v1alpha1) since 2026-02-12", Webhook: "2/2 ready",
		Old:       &cutover.SetStatus{Name: "kube-system/traefik1", Title: "traefik-1.7", Image: "traefik:1.7.34"},
		New:       &cutover.SetStatus{Name: "kube-system/traefik2", Title: "traefik-2.11", Image: "traefik:v2.11.50"},
		Migration: cutover.Migration{ID: "7f3a", Phase: "switching (4 of 6 nodes)"}, Serving: 6, Floor: 5,
		Problems: []cutover.Problem{{Object: "cutover 7f3a", What: "edge-5 was put back to traefik-1.7 and serves: 2 of 284 routes answer 404 instead of 200", Command: "kubectl ingress-migrate status"}},
		Next:     "kubectl ingress-migrate cutover resume, after fixing it",
	}
	for i, state := range []string{"switched", "switched", "switched", "switched, soaking", "put back", "waiting"} {
		n := cutover.NodeStatus{Name: fmt.Sprintf("edge-%d", i+1), Serves: "traefik-2.11", Pod: fmt.Sprintf("traefik2-%dxk2p", i), Ready: true, State: state}
		if i > 3 {
			n.Serves, n.Pod = "traefik-1.7", fmt.Sprintf("traefik1-%dpp0s", i)
		}
		s.Nodes = append(s.Nodes, n)
	}
	return s
}

// traffic is calm but for a node that leaves too early, in the eighth slice of a
// minute's quarter, and slow requests at each move.
func traffic() *probe.Report {
	r := &probe.Report{
		Began: at(0, 0), Ended: at(30, 0), Rate: 50, AchievedRate: 50, Sent: 90000, Fine: 89947, Lost: 41, Changed: 12, Retried: 3,
		Statuses: []probe.StatusCount{{Status: 200, Count: 89947}, {Status: 404, Count: 12}, {Status: 502, Count: 18}},
		Latency:  probe.Latency{Count: 89977, MinMs: 0.82, MeanMs: 4.61, P50Ms: 4.1, P90Ms: 7.4, P99Ms: 11.8, P999Ms: 61, MaxMs: 1081},
		Targets:  []probe.TargetCount{{Target: "https://shop.example.com/", Sent: 45000, Lost: 22, Changed: 12}, {Target: "https://pay.example.com/api", Sent: 45000, Lost: 19}},
		Causes: []probe.CauseCount{
			{Target: "https://shop.example.com/", Outcome: probe.Lost, Cause: probe.Refused, Count: 22, First: at(18, 51), Last: at(18, 58)},
			{Target: "https://pay.example.com/api", Outcome: probe.Lost, Cause: probe.ServerError, Count: 19, First: at(18, 51), Last: at(18, 58)},
			{Target: "https://shop.example.com/", Outcome: probe.Changed, Cause: probe.Status, Count: 12, First: at(24, 30), Last: at(26, 28)},
		},
		Histogram: []probe.Bin{{FromMs: 0.5, ToMs: 2, Count: 2110}, {FromMs: 2, ToMs: 3, Count: 18341}, {FromMs: 3, ToMs: 5, Count: 52102}, {FromMs: 5, ToMs: 8, Count: 14911}, {FromMs: 8, ToMs: 13, Count: 2300}, {FromMs: 13, ToMs: 100, Count: 190}, {FromMs: 100, ToMs: 1200, Count: 23}},
	}
	for i := range 225 {
		from := r.Began.Add(time.Duration(i) * 8 * time.Second)
		s := probe.Slice{From: from, Seconds: 8, Fine: 400, P50Ms: 3.9 + 0.4*float64(i*7%5)/5, P99Ms: 9 + 3*float64(i*13%11)/11, MaxMs: 14 + 30*float64(i*29%17)/17}
		switch minute := from.Sub(r.Began).Minutes(); {
		case minute > 18.8 && minute < 19:
			s.Fine, s.Lost, s.P99Ms, s.MaxMs = 380, 20, 240, 1081
		case i%90 == 12:
			s.P99Ms, s.MaxMs = 41, 180
		case minute > 24.5 && minute < 26.4 && i%3 == 0:
			s.Fine, s.Changed = 398, 2
		}
		r.Slices = append(r.Slices, s)
	}
	return r
}

func answers() *verify.Report {
	return &verify.Report{
		Old: verify.Side{"http": "10.0.0.5:80", "https": "10.0.0.5:443"}, New: verify.Side{"http": "10.0.0.1:80", "https": "10.0.0.1:443"},
		Planned: 4210, Asked: 4210, Same: 4200, Unsteady: 7,
		Different: []verify.Difference{
			{Request: verify.Request{Method: "GET", Scheme: "https", Host: "shop.example.com", Target: "/legacy?token=s3cret", Of: "Ingress shop/checkout"}, How: []string{"status is 404 instead of 200", `body is "19 bytes, 2f0c6a" instead of "5120 bytes, 91ab77"`}},
			{Request: verify.Request{Method: "GET", Scheme: "http", Host: "shop.example.com", Target: "/cart/", Of: "Ingress shop/cart"}, How: []string{`Location is "https://shop.example.com/cart" instead of "https://shop.example.com/cart/"`}},
			{Request: verify.Request{Method: "HEAD", Scheme: "https", Host: "pay.example.com", Target: "/api", Of: "Ingress payments/api-01"}, How: []string{`Strict-Transport-Security is absent instead of "max-age=31536000"`}},
		},
	}
}

// Hostile is a page whose every string tries to be markup, script or style.
func Hostile(evil string) *htmlreport.Page {
	p := Story()
	p.Subject, p.Notes = evil, []string{evil}
	r := p.Scan
	r.From, r.To, r.Notes = evil, evil, []string{evil}
	for i := range r.Items {
		item := &r.Items[i]
		item.Namespace, item.Ingress, item.Why, item.Fix = evil+item.Namespace, evil+item.Ingress, evil, evil
		item.Dialect = convert.Dialect(evil)
		for j := range item.Diagnostics {
			d := &item.Diagnostics[j]
			d.Code, d.Field, d.Value, d.Text, d.Remedy = diag.Code(evil), evil, evil, evil, evil
		}
		for j := range item.Objects {
			o := &item.Objects[j]
			o.Kind, o.Name = evil, evil
			if o.Editor != nil {
				o.Editor.Manager = evil
			}
			for k := range o.Differences {
				o.Differences[k].Field = evil
			}
		}
	}
	s := p.Status
	s.Routes, s.Webhook, s.Next, s.Migration.Phase = evil, evil, evil, evil
	s.Old.Name, s.Old.Title, s.Old.Image = evil, evil, evil
	for i := range s.Nodes {
		n := &s.Nodes[i]
		n.Name, n.Serves, n.Pod, n.State = evil+n.Name, evil, evil, evil
	}
	s.Problems = []cutover.Problem{{Object: evil, What: evil, Command: evil}}
	j := p.Journal
	j.ID, j.Holder, j.Stopped, j.Phase = evil, evil, evil, journal.Phase(evil)
	for i := range j.Nodes {
		n := &j.Nodes[i]
		n.Name, n.Why, n.To = evil+n.Name, evil, evil
		for k := range n.Steps {
			if k > 0 {
				n.Steps[k].Phase = journal.NodePhase(evil)
			}
		}
	}
	p.Weights = hostileWeights(evil)
	for i := range p.Probe.Causes {
		c := &p.Probe.Causes[i]
		c.Target, c.Outcome, c.Cause = evil, probe.Outcome(evil), probe.Cause(evil)
	}
	for i := range p.Probe.Targets {
		p.Probe.Targets[i].Target = evil
	}
	p.Verify.Old, p.Verify.New = verify.Side{"http": evil}, verify.Side{"https": evil}
	for i := range p.Verify.Different {
		d := &p.Verify.Different[i]
		d.Request.Host, d.Request.Target, d.Request.Of, d.How = evil, evil, evil, []string{evil}
	}
	return p
}

// Large has so many Ingresses, in namespaces of fifty, one namespace of a tenth of
// them, every twentieth with something to do.
func Large(ingresses int) *htmlreport.Page {
	r := &scan.Report{From: "traefik-v1", To: "traefik.io/v1alpha1"}
	for i := range ingresses {
		namespace := fmt.Sprintf("team-%04d", i/50)
		if i < ingresses/10 {
			namespace = "shared"
		}
		name := fmt.Sprintf("service-%05d", i)
		item := scan.Item{Namespace: namespace, Ingress: name, Verdict: scan.InSync, Dialect: convert.FromTraefikV1, Objects: []scan.Object{
			{Kind: "Middleware", Name: name + "-headers-64643601", State: desired.InSync}, {Kind: "IngressRoute", Name: name, State: desired.InSync},
			{Kind: "IngressRoute", Name: name + "-tls-135daf5e", State: desired.InSync},
		}}
		if i%20 == 7 {
			item.Verdict, item.Why, item.Fix = scan.Missing, "no IngressRoute "+name, "sync"
			item.Diagnostics = []diag.Diagnostic{{Code: diag.WRateLimit, Severity: diag.Lossy, Object: diag.Object{Kind: "Ingress", Namespace: namespace, Name: name}, Text: "bursts are counted by a token bucket and not per period"}}
		}
		r.Items = append(r.Items, item)
	}
	return &htmlreport.Page{Subject: "prod-eu-1", Now: now, Scan: r}
}
