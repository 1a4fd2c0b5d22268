package load

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
	vegeta "github.com/tsenart/vegeta/v12/lib"
)

// kept is how many examples of lost and changed requests a report keeps.
const kept = 50

// Report says what became of the requests of a Run.
type Report struct {
	Began, Ended time.Time
	Sent         int
	// Lost requests got no answer, or a 502, 503 or 504 that the baseline does not have.
	Lost int
	// Changed requests got an answer that the baseline does not have.
	Changed int
	// Latency is in microseconds, from the moment a request was sent to the last byte of its answer.
	Latency *hdrhistogram.Histogram
	// Events are the first lost and changed requests, with time and cause.
	Events []Event
}

// Event is one request that was lost or whose answer changed.
type Event struct {
	When  time.Time
	Lost  bool
	Name  string
	Cause string
}

// String renders an event on one line.
func (e Event) String() string {
	what := "changed"
	if e.Lost {
		what = "lost"
	}
	return fmt.Sprintf("%s %-7s %s: %s", e.When.Format("15:04:05.000"), what, e.Name, e.Cause)
}

func (r *Run) count(result *vegeta.Result) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.report.Sent++
	// Values above the histogram's range can not happen: the client gives up before.
	_ = r.report.Latency.RecordValue(result.Latency.Microseconds())

	i, err := index(result.URL)
	if err != nil || i >= len(r.baseline.requests) {
		r.event(result, "unknown request", true, fmt.Sprintf("%s: %v", result.URL, err))
		return
	}
	request := r.baseline.requests[i]
	name := request.Name
	if result.Code == 0 {
		r.event(result, name, true, result.Error)
		return
	}
	answer := request.answer(int(result.Code), result.Headers, result.Body)
	if slices.Contains(r.baseline.answers[i], answer) {
		return
	}
	if result.Code >= 502 && result.Code <= 504 {
		r.event(result, name, true, fmt.Sprintf("status %d", result.Code))
		return
	}
	r.event(result, name, false, firstDifference(r.baseline.answers[i][0], answer))
}

func (r *Run) event(result *vegeta.Result, name string, lost bool, cause string) {
	if lost {
		r.report.Lost++
	} else {
		r.report.Changed++
	}
	if len(r.report.Events) < kept {
		r.report.Events = append(r.report.Events, Event{When: result.Timestamp, Lost: lost, Name: name, Cause: cause})
	}
}

func index(address string) (int, error) {
	u, err := url.Parse(address)
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(u.Query().Get(indexParameter))
}

// firstDifference names the first line that differs.
func firstDifference(want, got string) string {
	wanted, gotten := strings.Split(want, "\n"), strings.Split(got, "\n")
	for i, line := range gotten {
		if i >= len(wanted) {
			return fmt.Sprintf("unexpected %q", line)
		}
		if line != wanted[i] {
			return fmt.Sprintf("want %q, got %q", wanted[i], line)
		}
	}
	return fmt.Sprintf("answer ends after %d lines, want %d", len(gotten), len(wanted))
}
