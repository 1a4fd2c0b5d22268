package plugin_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"

	"github.com/rogpeppe/go-internal/testscript"
)

// serve starts a web server for the rest of a script: $SERVER and $TLSSERVER are
// its addresses.
func serve(ts *testscript.TestScript, _ bool, _ []string) {
	handler := probed()
	plain, secure := httptest.NewServer(handler), httptest.NewTLSServer(handler)
	ts.Defer(plain.Close)
	ts.Defer(secure.Close)
	ts.Setenv("SERVER", strings.TrimPrefix(plain.URL, "http://"))
	ts.Setenv("TLSSERVER", strings.TrimPrefix(secure.URL, "https://"))
}

// probed answers in all the ways that a probe tells apart.
func probed() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Team", "ops")
		fmt.Fprintf(w, "hello from %s\n", r.Host)
	})
	var requests atomic.Int64
	mux.HandleFunc("/turns", func(w http.ResponseWriter, _ *http.Request) {
		switch requests.Add(1) % 4 {
		case 2:
			w.WriteHeader(http.StatusNotFound)
		case 3:
			w.WriteHeader(http.StatusBadGateway)
		case 0:
			panic(http.ErrAbortHandler)
		}
	})
	mux.HandleFunc("/secret", func(w http.ResponseWriter, r *http.Request) {
		_, password, _ := r.BasicAuth()
		if r.Header.Get("Authorization") != "Bearer s3cret" && password != "s3cret" {
			w.WriteHeader(http.StatusUnauthorized)
		}
		w.Header().Set("Set-Cookie", "id=s3cret")
	})
	mux.HandleFunc("/hang", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	mux.HandleFunc("/method", func(w http.ResponseWriter, r *http.Request) { w.Header().Set("X-Method", r.Method) })
	return mux
}
