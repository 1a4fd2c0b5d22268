package load

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/probe"
)

// answers is a server whose behaviour a test changes while it is under load.
func answers(t *testing.T, behave func(n int64, w http.ResponseWriter, r *http.Request)) string {
	t.Helper()
	var n atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		behave(n.Add(1), w, r)
	}))
	t.Cleanup(server.Close)
	return strings.TrimPrefix(server.URL, "http://")
}

// sendAtLeast runs the load until n requests have been answered.
func sendAtLeast(t *testing.T, address string, requests []Request, rounds int, n int64) *probe.Report {
	t.Helper()
	client := Client(address, address)
	baseline, err := Record(t.Context(), client, requests, rounds)
	if err != nil {
		t.Fatal(err)
	}
	run, err := Start(client, 500, baseline)
	if err != nil {
		t.Fatal(err)
	}
	for run.Now().Sent < n {
		time.Sleep(5 * time.Millisecond)
	}
	return run.Stop()
}

var one = []Request{{Name: "one", Method: "GET", URL: "http://shop.test/a"}}

func TestSameAnswersAreFine(t *testing.T) {
	address := answers(t, func(n int64, w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Date", fmt.Sprint(n))
		fmt.Fprintf(w, `{"service":"a","headers":{"X-Forwarded-For":"%d","X-Team":"ops"}}`, n)
	})
	report := sendAtLeast(t, address, one, 1, 50)
	if report.Lost != 0 || report.Changed != 0 || report.Sent < 50 {
		t.Errorf("sent %d, lost %d, changed %d: %v", report.Sent, report.Lost, report.Changed, report.Events)
	}
	if got := report.Latency.Count; got != report.Sent {
		t.Errorf("%d latencies for %d requests", got, report.Sent)
	}
}

func TestChangedAnswersAreCounted(t *testing.T) {
	address := answers(t, func(n int64, w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Team", "ops")
		if n == 10 {
			w.Header().Set("X-Team", "shop")
		}
	})
	report := sendAtLeast(t, address, one, 1, 20)
	if report.Lost != 0 || report.Changed != 1 {
		t.Errorf("lost %d, changed %d, want 0 and 1", report.Lost, report.Changed)
	}
	if want := `want "X-Team: ops", got "X-Team: shop"`; len(report.Events) != 1 || report.Events[0].Detail != want {
		t.Errorf("events %v, want the cause %s", report.Events, want)
	}
}

func TestBadGatewayAndBrokenConnectionsAreLost(t *testing.T) {
	address := answers(t, func(n int64, w http.ResponseWriter, r *http.Request) {
		switch n {
		case 10:
			w.WriteHeader(http.StatusBadGateway)
		case 12:
			panic(http.ErrAbortHandler)
		}
	})
	report := sendAtLeast(t, address, one, 1, 20)
	if report.Lost != 2 || report.Changed != 0 {
		t.Errorf("lost %d, changed %d, want 2 and 0: %v", report.Lost, report.Changed, report.Events)
	}
}

func TestEveryRecordedAnswerCounts(t *testing.T) {
	address := answers(t, func(n int64, w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, `{"service":"%d"}`, n%2)
	})
	if report := sendAtLeast(t, address, one, 4, 20); report.Changed != 0 {
		t.Errorf("an answer of a weighted service counts as changed: %v", report.Events)
	}
}

func TestInterchangeableBackendsAreOneAnswer(t *testing.T) {
	address := answers(t, func(n int64, w http.ResponseWriter, r *http.Request) {
		service := []string{"pay/myapp", "pay/myapp-canary"}[n%2]
		if n == 20 {
			service = "pay/other"
		}
		w.Header().Set("X-Service", service)
		fmt.Fprintf(w, `{"service":%q}`, service)
	})
	divided := []Request{{Name: "divided", Method: "GET", URL: "http://myapp.test/", Interchangeable: []string{"pay/myapp", "pay/myapp-canary"}}}
	if report := sendAtLeast(t, address, divided, 1, 25); report.Changed != 1 {
		t.Errorf("%d changed answers, want only the one of pay/other: %v", report.Changed, report.Events)
	}
}

// Of what is told, only that is left out: headers for backends, and pages where no
// backend answered.
func TestWhatIsToldIsNoChange(t *testing.T) {
	address := answers(t, func(n int64, w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/denied" {
			w.WriteHeader(http.StatusForbidden)
			fmt.Fprintf(w, "denied for the %dth time", n)
			return
		}
		fmt.Fprintf(w, `{"headers":{"X-Request-Id":"%d","X-Team":"%d"}}`, n, n/10)
	})
	told := Told{Echoed: []string{"X-Request-Id"}, Pages: true}
	denied := []Request{{Name: "denied", Method: "GET", URL: "http://shop.test/denied", Told: told}}
	if report := sendAtLeast(t, address, denied, 1, 20); report.Changed != 0 {
		t.Errorf("pages of the proxy count as changed: %v", report.Events)
	}
	echoed := []Request{{Name: "echoed", Method: "GET", URL: "http://shop.test/", Told: told}}
	report := sendAtLeast(t, address, echoed, 1, 20)
	if report.Changed == 0 || strings.Contains(report.Events[0].Detail, "X-Request-Id") {
		t.Errorf("%d changed, want X-Team alone to count: %v", report.Changed, report.Events)
	}
}

func TestBaselineOfNotFoundIsRefused(t *testing.T) {
	address := answers(t, func(_ int64, w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotFound) })
	_, err := Record(context.Background(), Client(address, address), one, 1)
	if err == nil || !strings.Contains(err.Error(), "one (http://shop.test/a): status 404 proves nothing") {
		t.Errorf("error %v, want one that names the request and the status", err)
	}
}
