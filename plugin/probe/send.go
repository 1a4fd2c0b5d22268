package probe

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"sync"
	"time"
)

// sender sends one kind of request, again and again.
type sender struct {
	load     *Load
	template *http.Request
	judge    func(Answer) Verdict
}

// result is what became of one request.
type result struct {
	Verdict
	due time.Time
	// took is from due to the last byte of the answer, or to the failure.
	took time.Duration
	// status is 0 without an answer.
	status int
	// address is who the connection was to; empty when there was none.
	address string
	// retries are what the transport sent again because a connection that it had
	// kept was closed under it.
	retries int
}

func (s *sender) send(ctx context.Context, due time.Time) result {
	ctx, cancel := context.WithTimeout(ctx, s.load.Timeout)
	defer cancel()
	var way way
	r := result{due: due}
	answer, err := s.ask(httptrace.WithClientTrace(ctx, way.trace()))
	r.took = time.Since(due)
	r.address, r.retries = way.summary()
	switch {
	case err == nil:
		r.status, r.Verdict = answer.Status, s.judge(answer)
	case errors.Is(err, context.Canceled):
		// Nobody else cancels than Abandon.
		r.Verdict = Verdict{Outcome: unanswered}
	default:
		r.Verdict = Verdict{Outcome: Lost, Cause: causeOf(err), Detail: detail(err)}
		switch r.Cause {
		case Timeout:
			r.Detail = fmt.Sprintf("%s within %s", way.missing(), s.load.Timeout)
		case Closed:
			r.Detail = "closed by the server: " + way.missing()
		}
	}
	return r
}

func (s *sender) ask(ctx context.Context) (Answer, error) {
	response, err := s.load.Transport.RoundTrip(s.template.WithContext(ctx))
	if err != nil {
		return Answer{}, err
	}
	defer response.Body.Close()
	answer := Answer{Status: response.StatusCode, Header: response.Header}
	if response.StatusCode == http.StatusSwitchingProtocols {
		return answer, nil // what follows is no body and has no end
	}
	if answer.Body, err = io.ReadAll(io.LimitReader(response.Body, s.load.Body)); err == nil {
		_, err = io.Copy(io.Discard, response.Body)
	}
	return answer, err
}

// way is how far a request has come. A transport may still call its trace after it
// has given up.
type way struct {
	mu          sync.Mutex
	connections int
	address     string
	securing    bool
	answering   bool
}

func (w *way) trace() *httptrace.ClientTrace {
	locked := func(change func()) {
		w.mu.Lock()
		defer w.mu.Unlock()
		change()
	}
	return &httptrace.ClientTrace{
		ConnectDone: func(_, address string, err error) {
			if err == nil {
				locked(func() { w.address = address })
			}
		},
		TLSHandshakeStart: func() { locked(func() { w.securing = true }) },
		TLSHandshakeDone:  func(tls.ConnectionState, error) { locked(func() { w.securing = false }) },
		GotConn: func(info httptrace.GotConnInfo) {
			locked(func() {
				w.connections++
				w.answering = false
				w.address = info.Conn.RemoteAddr().String()
			})
		},
		GotFirstResponseByte: func() { locked(func() { w.answering = true }) },
	}
}

func (w *way) summary() (address string, retries int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.address, max(0, w.connections-1)
}

// missing names what a request was waiting for.
func (w *way) missing() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case w.answering:
		return "no complete answer"
	case w.connections > 0:
		return "no answer"
	case w.securing:
		return "no end of the TLS handshake"
	}
	return "no connection"
}
