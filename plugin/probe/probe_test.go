package probe

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// server is a transport that answers by itself: with it, tests run on a clock of
// their own (synctest) and can want exact numbers.
type server func(n int64, r *http.Request) (*http.Response, error)

type counted struct {
	n     atomic.Int64
	serve server
}

func (c *counted) RoundTrip(r *http.Request) (*http.Response, error) {
	return c.serve(c.n.Add(1)-1, r)
}

func status(code int) *http.Response {
	return &http.Response{StatusCode: code, Header: http.Header{}, Body: io.NopCloser(strings.NewReader("hello"))}
}

// think answers after a while, unless the request ends before.
func think(r *http.Request, d time.Duration) (*http.Response, error) {
	select {
	case <-r.Context().Done():
		return nil, r.Context().Err()
	case <-time.After(d):
		return status(200), nil
	}
}

var shop = Request{Name: "https://shop.test/", Method: "GET", URL: "https://shop.test/"}

func run(t *testing.T, load Load, serve server) *Report {
	t.Helper()
	load.Transport = &counted{serve: serve}
	if load.Requests == nil {
		load.Requests = []Request{shop}
	}
	if load.Timeout == 0 {
		load.Timeout = 10 * time.Second
	}
	r, err := Start(load)
	if err != nil {
		t.Fatal(err)
	}
	return r.Wait()
}

func TestRateIsExact(t *testing.T) {
	for _, c := range []struct {
		rate     float64
		duration time.Duration
		want     int64
	}{
		{50, 30 * time.Second, 1500}, {3, time.Second, 3}, {7, time.Minute, 420}, {0.1, 25 * time.Second, 3},
		{33.3, 10 * time.Second, 333}, {1000, 1500 * time.Millisecond, 1500},
	} {
		t.Run(fmt.Sprint(c.rate, c.duration), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				began := time.Now()
				var last time.Duration
				report := run(t, Load{Rate: c.rate, Duration: c.duration}, func(n int64, r *http.Request) (*http.Response, error) {
					last = time.Since(began)
					if want := time.Duration(float64(n) / c.rate * 1e9); last < want-time.Nanosecond || last > want+time.Nanosecond {
						t.Errorf("request %d after %s, want %s", n, last, want)
					}
					return status(200), nil
				})
				if report.Sent != c.want || report.Fine != c.want {
					t.Errorf("sent %d, fine %d, want %d", report.Sent, report.Fine, c.want)
				}
				if took := report.Ended.Sub(report.Began); took != c.duration {
					t.Errorf("it took %s, want %s", took, c.duration)
				}
				if rate := report.AchievedRate; rate > c.rate*1.2 || rate < c.rate*0.99 {
					t.Errorf("achieved %v per second, want %v", rate, c.rate)
				}
			})
		})
	}
}

// A server that stops answering for two seconds, and then answers all at once: a
// closed loop would have seen one slow request of 1,000. The open one sees each
// that was due meanwhile, with the time that it waited.
func TestStallShowsInPercentiles(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		const from, to = 4 * time.Second, 6 * time.Second
		report := run(t, Load{Rate: 100, Duration: 10 * time.Second}, func(_ int64, r *http.Request) (*http.Response, error) {
			if at := time.Since(began); at >= from && at < to {
				return think(r, to-at)
			}
			return think(r, time.Millisecond)
		})
		if report.Fine != 1000 {
			t.Fatalf("%d of 1000 fine", report.Fine)
		}
		// 200 of 1,000 were due in the stall, and waited from 10 ms to 2 s, evenly.
		for q, want := range map[float64]time.Duration{50: time.Millisecond, 79: time.Millisecond, 90: time.Second, 99: 1900 * time.Millisecond, 100: 2 * time.Second} {
			if got := report.Quantile(q); got < want*98/100 || got > want*102/100 {
				t.Errorf("p%v is %s, want %s", q, got, want)
			}
		}
	})
}

// What is sent late because the sender itself was held up has waited as well.
func TestLatencyBeginsWhenARequestIsDue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		load := Load{Rate: 10, Timeout: time.Second, Body: 1, Transport: &counted{serve: func(_ int64, r *http.Request) (*http.Response, error) {
			return think(r, 50*time.Millisecond)
		}}}
		request, err := http.NewRequest("GET", shop.URL, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		s := &sender{load: &load, template: request, judge: noServerError}
		got := s.send(t.Context(), time.Now().Add(-300*time.Millisecond))
		if got.Outcome != Fine || got.took != 350*time.Millisecond {
			t.Errorf("%s after %s, want an answer after 350ms", got.Outcome, got.took)
		}
	})
}

// Timeouts belong to the percentiles, refused connections do not.
func TestOnlyLostRequestsThatWaitedHaveALatency(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		report := run(t, Load{Rate: 10, Duration: time.Second, Timeout: 3 * time.Second}, func(n int64, r *http.Request) (*http.Response, error) {
			switch n {
			case 2:
				return think(r, time.Hour)
			case 4:
				return nil, errors.New("refused")
			case 6:
				return status(503), nil
			}
			return think(r, 10*time.Millisecond)
		})
		if report.Lost != 3 || report.Fine != 7 || report.Latency.Count != 8 {
			t.Errorf("lost %d, fine %d, latencies %d, want 3, 7 and 8", report.Lost, report.Fine, report.Latency.Count)
		}
		if got := report.Latency.MaxMs; got < 3000 || got > 3003 {
			t.Errorf("longest %v ms, want the timeout", got)
		}
		var got []string
		for _, e := range report.Events {
			got = append(got, fmt.Sprintf("%v %s %s", e.Time.Sub(report.Began), e.Cause, e.Detail))
		}
		want := []string{"200ms timeout no connection within 3s", "400ms other refused", "600ms 5xx status 503"}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
	})
}

func TestStopWaitsAndAbandonDoesNot(t *testing.T) {
	for _, abandon := range []bool{false, true} {
		t.Run(fmt.Sprint(abandon), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				load := Load{Requests: []Request{shop}, Rate: 10, Timeout: 5 * time.Second}
				load.Transport = &counted{serve: func(_ int64, r *http.Request) (*http.Response, error) { return think(r, time.Second) }}
				r, err := Start(load)
				if err != nil {
					t.Fatal(err)
				}
				time.Sleep(2050 * time.Millisecond)
				if now := r.Now(); now.Sent != 21 || now.InFlight != 10 || now.Oldest != 950*time.Millisecond {
					t.Errorf("sent %d, in flight %d, oldest %s", now.Sent, now.InFlight, now.Oldest)
				}
				r.Stop()
				r.Stop() // twice is as good as once
				if abandon {
					r.Abandon()
				}
				report := r.Wait()
				got := []int64{report.Sent, report.Fine, report.Unanswered, report.Lost, report.Latency.Count}
				want := []int64{21, 21, 0, 0, 21}
				if abandon {
					want = []int64{21, 11, 10, 0, 21}
				}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("sent, fine, unanswered, lost, latencies: -want +got:\n%s", diff)
				}
				if report.Interrupted || !report.Clean() {
					t.Errorf("interrupted %t, clean %t: stopping is how a run without duration ends", report.Interrupted, report.Clean())
				}
			})
		})
	}
}

// Hours of losses take no more memory than the first minutes.
func TestListsAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		report := run(t, Load{Rate: 10, Duration: 10 * time.Minute}, func(n int64, _ *http.Request) (*http.Response, error) {
			return nil, fmt.Errorf("failure %d", n)
		})
		if report.Lost != 6000 || len(report.Events) != MaxEvents || report.Omitted != 6000-MaxEvents {
			t.Errorf("lost %d, listed %d, omitted %d", report.Lost, len(report.Events), report.Omitted)
		}
		want := []CauseCount{{
			Target: shop.Name, Outcome: Lost, Cause: Other, Count: 6000,
			First: report.Began, Last: report.Began.Add(10*time.Minute - 100*time.Millisecond),
		}}
		if diff := cmp.Diff(want, report.Causes); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
	})
}

// A process that was stopped (ctrl-Z) or a machine that slept must not send at once
// all that was due meanwhile.
func TestWhatIsFarTooLateIsSkipped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		// The clock of a bubble does not jump, so the run begins in the past.
		load := Load{Requests: []Request{shop}, Rate: 10, Duration: 5 * time.Minute, Timeout: time.Second,
			Transport: &counted{serve: func(int64, *http.Request) (*http.Response, error) { return status(200), nil }}}
		r := &Run{tally: newTally(&load, time.Now().Add(-4*time.Minute)), stop: make(chan struct{}), done: make(chan struct{}), abandon: func() {}}
		request, err := http.NewRequest("GET", shop.URL, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		go r.run(t.Context(), &load, []*sender{{load: &load, template: request, judge: noServerError}})
		report := r.Wait()
		if report.Skipped != 2400 || report.Sent != 600 || report.Clean() {
			t.Errorf("skipped %d, sent %d, clean %t", report.Skipped, report.Sent, report.Clean())
		}
	})
}

func TestTargetsTakeTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		requests := []Request{{Name: "a", Method: "GET", URL: "http://a.test/"}, {Name: "b", Method: "POST", URL: "http://b.test/", Host: "other.test"}}
		report := run(t, Load{Requests: requests, Rate: 10, Duration: time.Second}, func(n int64, r *http.Request) (*http.Response, error) {
			if want := []string{"GET a.test", "POST other.test"}[n%2]; r.Method+" "+r.Host != want {
				t.Errorf("request %d is %s %s, want %s", n, r.Method, r.Host, want)
			}
			return status(200 + int(n%2)*300), nil
		})
		want := []TargetCount{{Target: "a", Sent: 5}, {Target: "b", Sent: 5, Lost: 5}}
		if diff := cmp.Diff(want, report.Targets); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
		if diff := cmp.Diff([]StatusCount{{200, 5}, {500, 5}}, report.Statuses); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
	})
}

func TestRecentForgets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		load := Load{Requests: []Request{shop}, Rate: 10, Timeout: 5 * time.Second}
		load.Transport = &counted{serve: func(n int64, r *http.Request) (*http.Response, error) {
			if time.Since(began) < 10*time.Second {
				return nil, errors.New("down")
			}
			return think(r, 20*time.Millisecond)
		}}
		r, err := Start(load)
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(5500 * time.Millisecond)
		if got := r.Now().Recent; got.Lost != 50 || got.Sent != 50 || got.Seconds != 5 {
			t.Errorf("after 5.5 s: %+v", got)
		}
		time.Sleep(20 * time.Second)
		if got := r.Now().Recent; got.Lost != 0 || got.Sent != 100 || got.Seconds != 10 || got.Latency.MaxMs < 20 || got.Latency.MaxMs > 21 {
			t.Errorf("after 25.5 s: %+v", got)
		}
		if got := r.Now(); got.Lost != 100 {
			t.Errorf("lost %d in all, want 100", got.Lost)
		}
		r.Abandon()
		r.Wait()
	})
}

func TestUserOfURLBecomesAuthorization(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		request := Request{Name: "x", Method: "GET", URL: "http://jane:secret@shop.test/"}
		run(t, Load{Requests: []Request{request}, Rate: 1, Duration: time.Second}, func(_ int64, r *http.Request) (*http.Response, error) {
			if user, password, ok := r.BasicAuth(); !ok || user != "jane" || password != "secret" {
				t.Errorf("user %q, password %q", user, password)
			}
			return status(200), nil
		})
	})
	_, err := Start(Load{Requests: []Request{{Name: "x", URL: "http://jane:sec ret@%zz/"}}, Rate: 1, Timeout: 1, Transport: http.DefaultTransport})
	if err == nil || strings.Contains(err.Error(), "sec") {
		t.Errorf("error %v: want one without the password", err)
	}
}

func TestLoadsThatMakeNoSenseAreRefused(t *testing.T) {
	good := Load{Requests: []Request{shop}, Rate: 1, Timeout: 1, Transport: http.DefaultTransport}
	for name, spoil := range map[string]func(*Load){
		"requests": func(l *Load) { l.Requests = nil }, "rate": func(l *Load) { l.Rate = 0 },
		"timeout": func(l *Load) { l.Timeout = 0 }, "transport": func(l *Load) { l.Transport = nil },
	} {
		load := good
		spoil(&load)
		if _, err := Start(load); err == nil || !strings.Contains(err.Error(), strings.TrimSuffix(name, "s")) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
