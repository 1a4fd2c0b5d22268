package plugin

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/probe"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/ui"
)

var probeBegan = time.Date(2026, 11, 12, 2, 0, 0, 0, time.UTC)

// quietNight is a report of a probe that lost nothing.
func quietNight() *probe.Report {
	return &probe.Report{
		Began: probeBegan, Ended: probeBegan.Add(30 * time.Second), Rate: 50, AchievedRate: 50, DurationMs: 30000,
		Sent: 1500, Fine: 1500,
		Statuses: []probe.StatusCount{{Status: 200, Count: 1500}},
		Latency:  probe.Latency{Count: 1500, MinMs: 2.3, MeanMs: 4.5, P50Ms: 4.104, P90Ms: 7.3, P99Ms: 11.84, P999Ms: 100.1, MaxMs: 108.2},
		Histogram: []probe.Bin{
			{FromMs: 2, ToMs: 3, Count: 41}, {FromMs: 3, ToMs: 5, Count: 1104}, {FromMs: 5, ToMs: 8, Count: 311}, {FromMs: 8, ToMs: 10, Count: 40},
			{FromMs: 10, ToMs: 20, Count: 2}, {FromMs: 20, ToMs: 30}, {FromMs: 30, ToMs: 50}, {FromMs: 50, ToMs: 80}, {FromMs: 80, ToMs: 100}, {FromMs: 100, ToMs: 200, Count: 2},
		},
		Targets: []probe.TargetCount{{Target: "https://shop.example.com/", Sent: 1500}},
	}
}

// badNight is the same with a node that was lost.
func badNight() *probe.Report {
	r := quietNight()
	r.Targets = append(r.Targets, probe.TargetCount{Target: "https://pay.example.com/api/v1/accounts/of/everybody", Sent: 750, Lost: 3, Changed: 1})
	r.Lost, r.Changed, r.Retried, r.LateMs, r.Interrupted, r.Unanswered = 3, 1, 1, 212, true, 4
	r.Statuses = append(r.Statuses, probe.StatusCount{Status: 404, Count: 1}, probe.StatusCount{Status: 502, Count: 1})
	event := func(after time.Duration, outcome probe.Outcome, cause probe.Cause, detail, address string) {
		e := probe.Event{Time: probeBegan.Add(after), Target: r.Targets[1].Target, Outcome: outcome, Cause: cause, Detail: detail, Address: address, AfterMs: 1.5}
		r.Events = append(r.Events, e)
		r.Causes = append(r.Causes, probe.CauseCount{Target: e.Target, Outcome: outcome, Cause: cause, Count: 1, First: e.Time, Last: e.Time})
	}
	event(10*time.Second, probe.Lost, probe.Refused, "dial tcp 10.0.0.7:443: connect: connection refused", "")
	event(11*time.Second, probe.Lost, probe.ServerError, "status 502", "10.0.0.7:443")
	event(12*time.Second, probe.Changed, probe.Status, "status 404, the first answer had 200", "10.0.0.7:443")
	event(13*time.Second, probe.Lost, probe.Other, "malformed HTTP response \"\x1b[2Jevil\"", "10.0.0.7:443")
	return r
}

func written(t *testing.T, r *probe.Report, width, list int) string {
	t.Helper()
	var out bytes.Buffer
	if err := writeProbeReport(&out, r, width, ui.Palette{}, list); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestProbeReport(t *testing.T) {
	const quiet = `sent 1,500   rate 50.0/50 per s   200: 1,500   lost 0   changed 0
p50 4.10 ms   p90 7.30 ms   p99 11.8 ms   p99.9 100 ms   max 108 ms
      2-3 ms  ██▎ 41
      3-5 ms  ████████████████████████████████████████████████████████████ 1,104
      5-8 ms  ████████████████▉ 311
     8-10 ms  ██▏ 40
    10-20 ms  ▏ 2
    20-30 ms
    30-50 ms
    50-80 ms
   80-100 ms
  100-200 ms  ▏ 2
1,500 requests to https://shop.example.com/ in 30s: none lost, none changed
`
	if diff := cmp.Diff(quiet, written(t, quietNight(), 80, 20)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	_, rest, _ := strings.Cut(written(t, badNight(), 80, 3), "100-200 ms  ▏ 2\n")
	const bad = `
SENT   LOST  CHANGED  TARGET
1,500  0     0        https://shop.example.com/
750    3     1        https://pay.example.com/api/v1/accounts/of/everybody

COUNT  OUTCOME  CAUSE    FIRST         LAST          TARGET
1      lost     refused  02:00:10.000  02:00:10.000  https://pay.example.com/api
                                                     /v1/accounts/of/everybody
1      lost     5xx      02:00:11.000  02:00:11.000  https://pay.example.com/api
                                                     /v1/accounts/of/everybody
1      changed  status   02:00:12.000  02:00:12.000  https://pay.example.com/api
                                                     /v1/accounts/of/everybody
1      lost     other    02:00:13.000  02:00:13.000  https://pay.example.com/api
                                                     /v1/accounts/of/everybody

TIME          OUTCOME  CAUSE    TARGET
02:00:10.000  lost     refused  https://pay.example.com/api/v1/accounts/of/everybody
    dial tcp 10.0.0.7:443: connect: connection refused after 1.50 ms
02:00:11.000  lost     5xx      https://pay.example.com/api/v1/accounts/of/everybody
    status 502 (10.0.0.7:443) after 1.50 ms
02:00:12.000  changed  status   https://pay.example.com/api/v1/accounts/of/everybody
    status 404, the first answer had 200 (10.0.0.7:443) after 1.50 ms
1 more; --events lists more of them, -o json the first 1,000

! this machine was busy: requests were sent up to 212 ms late, which is part of
  the latencies
! 1 request went over a kept connection that was closed meanwhile, and again
  over another, as browsers do; --connections new counts such as lost
! 4 requests had no answer yet when it was stopped
1,500 requests to 2 URLs, stopped after 30s of 30s: 3 lost, 1 changed, from
02:00:10.000 to 02:00:13.000
`
	if diff := cmp.Diff(bad, rest); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// The last line tells all that makes the exit status 1.
func TestProbeVerdict(t *testing.T) {
	for want, change := range map[string]func(*probe.Report){
		"1,500 requests to https://shop.example.com/ in 30s: none lost, none changed":                        func(*probe.Report) {},
		"1,500 requests to https://shop.example.com/ in 30s: none lost, none changed, 250 could not be sent": func(r *probe.Report) { r.Skipped = 250 },
		"1 request to https://shop.example.com/, stopped after 10s of 30s: none lost, none changed": func(r *probe.Report) {
			r.Sent, r.Interrupted, r.Ended = 1, true, r.Began.Add(10*time.Second)
		},
	} {
		r := quietNight()
		change(r)
		if got := probeVerdict(r); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}

// Whatever a server says, nothing of it acts on the terminal.
func TestProbeEscapesAnswers(t *testing.T) {
	p := &probeProgress{}
	plain := p.plain(&probe.Snapshot{Report: badNight(), Latest: badNight().Events})
	live := strings.Join(liveLines(&probe.Snapshot{Report: badNight(), Latest: badNight().Events}, 80, 40, false, ui.Palette{}), "\n")
	for what, text := range map[string]string{"report": written(t, badNight(), 80, 20), "plain": plain, "live": live} {
		if strings.Contains(text, "\x1b") || !strings.Contains(text, "malformed") {
			t.Errorf("%s: %q", what, text)
		}
	}
}

// snapshot is a moment of badNight.
func snapshot() *probe.Snapshot {
	s := &probe.Snapshot{Report: badNight(), InFlight: 312, Oldest: 6200 * time.Millisecond, Latest: badNight().Events}
	s.Interrupted, s.Ended = false, probeBegan.Add(13*time.Second)
	s.Recent = probe.Recent{Seconds: 10, Sent: 500, Lost: 3, Changed: 1, Latency: s.Latency}
	return s
}

func TestProbeLiveScreen(t *testing.T) {
	const want = `13s of 30s   sent 1,500   in flight 312 (oldest 6.2s)   rate 50.0/50 per s
200: 1,500   404: 1   502: 1   lost 3   changed 1
p50 4.10 ms   p90 7.30 ms   p99 11.8 ms   p99.9 100 ms   max 108 ms
      2-5 ms  ███████████████████████████████████████████████████████████ 1,145
     5-10 ms  ██████████████████▏ 351
    10-20 ms  ▏ 2
    20-50 ms
   50-100 ms
  100-200 ms  ▏ 2
last 10 s: 50.0 per s   p50 4.10 ms   p99 11.8 ms   max 108 ms   lost 3
changed 1`
	lines := liveLines(snapshot(), 79, 20, false, ui.Palette{})
	if diff := cmp.Diff(want, strings.Join(lines[:11], "\n")); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// The live screen fits every terminal, and colours do not count.
func TestProbeLiveScreenFits(t *testing.T) {
	coloured, err := ui.NewPalette(nil, "always")
	if err != nil {
		t.Fatal(err)
	}
	for _, width := range []int{30, 40, 79, 120, 199} {
		for _, height := range []int{5, 10, 24, 60} {
			t.Run(fmt.Sprintf("%dx%d", width, height), func(t *testing.T) {
				var out bytes.Buffer
				ui.NewLive(&out).Draw(liveLines(snapshot(), width, height, true, coloured), width)
				text := strings.NewReplacer("\x1b[K", "", "\x1b[J", "", "\r", "", "\x1b[0m", "", "\x1b[31m", "", "\x1b[32m", "", "\x1b[33m", "", "\x1b[1m", "").Replace(out.String())
				lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
				if len(lines) >= height {
					t.Errorf("%d lines", len(lines))
				}
				for _, line := range lines {
					if n := utf8.RuneCountInString(line); n > width {
						t.Errorf("%d columns in %q", n, line)
					}
				}
			})
		}
	}
}

// Where there is no terminal every line stands alone: what is lost at once, the
// numbers now and then.
func TestProbePlainLines(t *testing.T) {
	p := &probeProgress{}
	s := snapshot()
	s.Latest = s.Latest[:3]
	s.Ended = probeBegan.Add(time.Second)
	const events = `02:00:10.000 lost    refused https://pay.example.com/api/v1/accounts/of/everybody: dial tcp 10.0.0.7:443: connect: connection refused
02:00:11.000 lost    5xx     https://pay.example.com/api/v1/accounts/of/everybody: status 502
02:00:12.000 changed status  https://pay.example.com/api/v1/accounts/of/everybody: status 404, the first answer had 200
02:00:01.000 1 more lost or changed in this second
`
	if diff := cmp.Diff(events, p.plain(s)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	s.Ended = probeBegan.Add(9 * time.Second)
	if got := p.plain(s); got != "" {
		t.Errorf("nothing new, but %q", got)
	}
	s.Ended = probeBegan.Add(10 * time.Second)
	const line = "02:00:10.000 sent 1,500  in flight 312 (oldest 6.2s)  rate 50.0/50 per s  200: 1,500  404: 1  502: 1  lost 3  changed 1  last 10 s:  p50 4.10 ms  p99 11.8 ms  max 108 ms\n"
	if diff := cmp.Diff(line, p.plain(s)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if got := p.plain(s); got != "" {
		t.Errorf("nothing new, but %q", got)
	}
}

func TestLatenciesAreReadable(t *testing.T) {
	for ms, want := range map[float64]string{0.004: "4 µs", 0.9996: "1.00 ms", 4.104: "4.10 ms", 9.999: "10.0 ms", 11.84: "11.8 ms", 99.96: "100 ms", 999.6: "1.00 s", 2310: "2.31 s", 61000: "61.0 s"} {
		if got := inMs(ms); got != want {
			t.Errorf("%v: %s, want %s", ms, got, want)
		}
	}
}
