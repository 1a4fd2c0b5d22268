package backend

import (
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"time"
)

// HeaderService names the answering application, as NAMESPACE/NAME, in every
// answer.
const HeaderService = "X-Service"

// maxDelay keeps a mistaken request from holding a test up.
const maxDelay = time.Minute

// Answer is the body of every answer: the request as the application saw it.
type Answer struct {
	Service string      `json:"service"` // NAMESPACE/NAME
	Method  string      `json:"method"`
	Host    string      `json:"host"`
	Path    string      `json:"path"` // as on the wire, escapes included
	Query   string      `json:"query"`
	Headers http.Header `json:"headers"`
	Bytes   int64       `json:"bytes"` // length of the request's body
	Remote  string      `json:"remote"`
}

// echo answers with the request. Two query parameters change the answer:
// sleep=1s delays it, status=503 sets its status.
func echo(service Service, counted *counts) http.Handler {
	name := key(service.Namespace, service.Name)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		counted.inFlight.Add(1)
		defer counted.inFlight.Add(-1)
		size, err := io.Copy(io.Discard, r.Body)
		if err != nil {
			return // the caller went away
		}
		status, delay, err := wishes(r)
		if err != nil {
			w.Header().Set(HeaderService, name)
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		select {
		case <-time.After(delay):
		case <-r.Context().Done():
			return
		}
		counted.served.Add(1)
		w.Header().Set(HeaderService, name)
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		json.NewEncoder(w).Encode(Answer{
			Service: name, Method: r.Method, Host: r.Host, Path: r.URL.EscapedPath(), Query: r.URL.RawQuery,
			Headers: r.Header, Bytes: size, Remote: r.RemoteAddr,
		})
	})
}

func wishes(r *http.Request) (status int, delay time.Duration, err error) {
	status = http.StatusOK
	query := r.URL.Query()
	if text := query.Get("status"); text != "" {
		if status, err = strconv.Atoi(text); err != nil || status < 200 || status > 599 {
			return 0, 0, &badWish{"status", text}
		}
	}
	if text := query.Get("sleep"); text != "" {
		if delay, err = time.ParseDuration(text); err != nil || delay < 0 || delay > maxDelay {
			return 0, 0, &badWish{"sleep", text}
		}
	}
	return status, delay, nil
}

type badWish struct{ name, value string }

func (b *badWish) Error() string {
	return "query parameter " + b.name + "=" + strconv.Quote(b.value) + ": want status=200..599, sleep=0s..1m"
}
