// Package pods are the servers behind the Traefiks that are compared: each
// tells who it is and what reached it.
package pods

import (
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
)

// Ports that every pod listens on.
const (
	Port    = 8080 // HTTP/1.1 and cleartext HTTP/2
	PortTLS = 8443
)

// HeaderPod names the answering pod, so that answers of a pod can be told from
// those of a proxy.
const HeaderPod = "X-Oracle-Pod"

// OwnAddress is what a pod says in place of a Host that is its own address and port.
const OwnAddress = "(pod)"

// Seen is the body of every answer: the request as it reached the pod.
type Seen struct {
	Pod    string      `json:"pod"`
	Proto  string      `json:"proto"`
	TLS    bool        `json:"tls"`
	Method string      `json:"method"`
	Host   string      `json:"host"`
	URI    string      `json:"uri"` // as on the wire
	Header http.Header `json:"header"`
	Bytes  int64       `json:"bytes"` // length of the body
}

// Pod is one address and what it is called.
type Pod struct{ Name, Address string }

// Set is a number of running pods.
type Set struct{ servers []*http.Server }

// Start listens for every pod until Close.
func Start(pods []Pod, certificate tls.Certificate) (*Set, error) {
	s := &Set{}
	for _, pod := range pods {
		for _, port := range []int{Port, PortTLS} {
			listener, err := net.Listen("tcp", net.JoinHostPort(pod.Address, strconv.Itoa(port)))
			if err != nil {
				return nil, errors.Join(fmt.Errorf("starting pod %s: %w", pod.Name, err), s.Close())
			}
			handler := echo(pod.Name)
			if port == PortTLS {
				handler = onlyTLS(handler)
			}
			server := &http.Server{Handler: handler, Protocols: &http.Protocols{}}
			server.Protocols.SetHTTP1(true)
			server.Protocols.SetUnencryptedHTTP2(true)
			if port == PortTLS {
				listener = listenEither(listener, &tls.Config{Certificates: []tls.Certificate{certificate}})
			}
			s.servers = append(s.servers, server)
			go server.Serve(listener) // ends with Close
		}
	}
	return s, nil
}

// Close ends all pods.
func (s *Set) Close() error {
	var errs []error
	for _, server := range s.servers {
		errs = append(errs, server.Close())
	}
	return errors.Join(errs...)
}

// onlyTLS answers 400 to clients that do not speak TLS, as servers do.
func onlyTLS(handler http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.TLS == nil {
			http.Error(w, "Client sent an HTTP request to an HTTPS server.", http.StatusBadRequest)
			return
		}
		handler.ServeHTTP(w, r)
	})
}

// echo answers with the request. Query parameters change the answer: status=503
// sets the status, location=URL the header of that name.
func echo(name string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		size, err := io.Copy(io.Discard, r.Body)
		if err != nil {
			return // the caller went away
		}
		w.Header().Set(HeaderPod, name)
		w.Header().Set("Content-Type", "application/json")
		// Headers that response rules may overwrite or remove.
		w.Header().Set("Server", "echo")
		w.Header().Set("X-Powered-By", "oracle")
		query := r.URL.Query()
		if location := query.Get("location"); location != "" {
			w.Header().Set("Location", location)
		}
		if status, err := strconv.Atoi(query.Get("status")); err == nil && status >= 200 && status <= 599 {
			w.WriteHeader(status)
		}
		host := r.Host
		if address, ok := r.Context().Value(http.LocalAddrContextKey).(net.Addr); ok && address.String() == host {
			host = OwnAddress // whichever pod of a Service it is
		}
		json.NewEncoder(w).Encode(Seen{
			Pod: name, Proto: r.Proto, TLS: r.TLS != nil, Method: r.Method, Host: host, URI: r.RequestURI, Header: r.Header, Bytes: size,
		})
	})
}
