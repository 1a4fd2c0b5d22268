package probe

import (
	"errors"
	"fmt"
	"math"
	"net/http"
	"time"
)

// Load says what to send, how often and how.
type Load struct {
	// Requests are sent in turn.
	Requests []Request
	// Rate is how many requests are due per second, all together.
	Rate float64
	// Duration ends the sending; 0: only Stop does.
	Duration time.Duration
	// Timeout bounds one request, from the moment it is sent to the last byte of
	// its answer.
	Timeout time.Duration
	// Transport carries the requests, see Wire.
	Transport http.RoundTripper
	// Body is how much of an answer's body a Judge gets, in bytes.
	Body int64
}

// Request is one kind of request.
type Request struct {
	// Name says in events what was asked. It holds no secret.
	Name   string
	Method string
	URL    string
	Header http.Header
	// Host is asked for instead of the URL's, unless empty.
	Host string
	// Judge says whether an answer is as it should be; nil: unless it is a 5xx. It
	// is called by many goroutines at once.
	Judge func(Answer) Verdict
}

// Answer is what a Judge sees.
type Answer struct {
	Status int
	Header http.Header
	// Body is cut at Load.Body bytes.
	Body []byte
}

// Outcome of a request.
type Outcome string

// The outcomes.
const (
	// Fine: answered as expected.
	Fine Outcome = "fine"
	// Changed: answered, but not as expected.
	Changed Outcome = "changed"
	// Lost: no answer, or one that says that the server failed.
	Lost Outcome = "lost"
	// unanswered: under way when the run was told to wait no longer.
	unanswered Outcome = "unanswered"
)

// Verdict is what became of one request, and why.
type Verdict struct {
	Outcome Outcome
	// Cause is one word, to count by. Detail is for people.
	Cause  Cause
	Detail string
}

// noServerError is the Judge of requests without one.
func noServerError(a Answer) Verdict {
	if a.Status >= http.StatusInternalServerError {
		return serverError(a.Status)
	}
	return Verdict{Outcome: Fine}
}

func serverError(status int) Verdict {
	return Verdict{Outcome: Lost, Cause: ServerError, Detail: fmt.Sprintf("status %d", status)}
}

// due is when request n is to be sent, after the beginning. Each is computed from
// the beginning, so that roundings never add up to another rate.
func (l *Load) due(n int64) time.Duration {
	return time.Duration(math.Round(float64(n) / l.Rate * float64(time.Second)))
}

// count is how many requests are due within the duration.
func (l *Load) count() int64 {
	if l.Duration <= 0 {
		return math.MaxInt64
	}
	n := int64(math.Ceil(l.Rate * l.Duration.Seconds()))
	// Rate and duration may not be exact in binary.
	for n > 0 && l.due(n-1) >= l.Duration {
		n--
	}
	return n
}

func (l *Load) check() error {
	switch {
	case len(l.Requests) == 0:
		return errors.New("a load needs at least one request")
	case l.Rate <= 0 || math.IsInf(l.Rate, 0) || math.IsNaN(l.Rate):
		return fmt.Errorf("a load needs a rate above 0, not %v", l.Rate)
	case l.Timeout <= 0:
		return fmt.Errorf("a load needs a timeout, or its memory has no bound, not %v", l.Timeout)
	case l.Transport == nil:
		return errors.New("a load needs a transport")
	}
	return nil
}

// templates are the HTTP requests, made once.
func (l *Load) templates() ([]*http.Request, error) {
	out := make([]*http.Request, len(l.Requests))
	for i, r := range l.Requests {
		request, err := http.NewRequest(r.Method, r.URL, http.NoBody)
		if err != nil {
			// The error would quote the URL, which may have a password.
			return nil, fmt.Errorf("request %q has no valid method and URL", r.Name)
		}
		if r.Header != nil {
			request.Header = r.Header.Clone()
		}
		if r.Host != "" {
			request.Host = r.Host
		}
		// What http.Client does; the load speaks to the transport itself, because a
		// client follows redirects.
		if user := request.URL.User; user != nil && request.Header.Get("Authorization") == "" {
			password, _ := user.Password()
			request.SetBasicAuth(user.Username(), password)
		}
		out[i] = request
	}
	return out, nil
}
