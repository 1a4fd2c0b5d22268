package kube

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/labels"
)

// Server is a running fake API.
type Server struct {
	store    *store
	server   *http.Server
	listener net.Listener
}

// Start serves an empty API on a free port of address, which is a loopback one.
func Start(address string) (*Server, error) {
	listener, err := net.Listen("tcp", net.JoinHostPort(address, "0"))
	if err != nil {
		return nil, fmt.Errorf("starting the fake API: %w", err)
	}
	s := &Server{store: newStore(), listener: listener}
	s.server = &http.Server{Handler: http.HandlerFunc(s.serve)}
	go s.server.Serve(listener) // ends with Close
	return s, nil
}

// URL is the API's endpoint.
func (s *Server) URL() string { return "http://" + s.listener.Addr().String() }

// Close ends the server and every watch.
func (s *Server) Close() error { return s.server.Close() }

// Set makes objects the whole content of the API and reports the difference to
// all watches. Within one resource, watches see deletions first and then the
// objects in the given order. Every object has apiVersion and kind.
func (s *Server) Set(objects []any) error { return s.store.replace(objects) }

// request is what a path of the API asks for.
type request struct {
	resource  int
	namespace string
	name      string
}

// parse reads /api/v1/…, /apis/GROUP/VERSION/…, then [namespaces/NS/]PLURAL[/NAME].
func (s *Server) parse(path string) (request, bool) {
	parts := strings.Split(strings.Trim(path, "/"), "/")
	var group string
	switch {
	case parts[0] == "api" && len(parts) >= 3:
		parts = parts[1:]
	case parts[0] == "apis" && len(parts) >= 4:
		group, parts = parts[1], parts[2:]
	default:
		return request{}, false
	}
	version, parts := parts[0], parts[1:]
	out := request{resource: -1}
	if len(parts) >= 3 && parts[0] == "namespaces" {
		out.namespace, parts = parts[1], parts[2:]
	}
	for i, r := range s.store.resources {
		if r.Group == group && r.Version == version && r.Plural == parts[0] {
			out.resource = i
		}
	}
	if len(parts) > 1 {
		out.name = parts[1]
	}
	return out, out.resource >= 0
}

func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/version" {
		reply(w, http.StatusOK, map[string]string{"major": "1", "minor": "21", "gitVersion": "v1.21.14"})
		return
	}
	if s.discover(w, r) {
		return
	}
	req, ok := s.parse(r.URL.Path)
	query := r.URL.Query()
	switch {
	case !ok:
		status(w, http.StatusNotFound, "the fake API has nothing at "+r.URL.Path)
	case r.Method != http.MethodGet:
		status(w, http.StatusMethodNotAllowed, "the fake API is read-only")
	case query.Get("sendInitialEvents") == "true":
		// client-go falls back to LIST and WATCH.
		status(w, http.StatusUnprocessableEntity, "sendInitialEvents is forbidden for watch: the WatchList feature is off")
	case query.Get("watch") == "true" || query.Get("watch") == "1":
		s.watch(w, r, req)
	case req.name != "":
		s.get(w, req)
	default:
		s.list(w, req, query)
	}
}

func (s *Server) get(w http.ResponseWriter, req request) {
	events, _ := s.store.list(req.resource)
	for _, e := range events {
		if e.Metadata.Namespace == req.namespace && e.Metadata.Name == req.name {
			reply(w, http.StatusOK, e.at(e.rv))
			return
		}
	}
	status(w, http.StatusNotFound, req.name+" not found")
}

func (s *Server) list(w http.ResponseWriter, req request, query url.Values) {
	events, rv := s.store.list(req.resource)
	slices.SortFunc(events, func(a, b event) int { return cmp.Compare(a.rv, b.rv) })
	selected := selector(req, query)
	items := []any{}
	for _, e := range events {
		if selected(e) {
			items = append(items, e.at(e.rv))
		}
	}
	resource := s.store.resources[req.resource]
	reply(w, http.StatusOK, map[string]any{
		"apiVersion": resource.apiVersion(), "kind": resource.Kind + "List",
		"metadata": map[string]any{"resourceVersion": strconv.FormatInt(rv, 10)},
		"items":    items,
	})
}

// watch sends every event after resourceVersion until the client goes or its
// timeoutSeconds are over.
func (s *Server) watch(w http.ResponseWriter, r *http.Request, req request) {
	query := r.URL.Query()
	rv, err := strconv.ParseInt(query.Get("resourceVersion"), 10, 64)
	if err != nil {
		rv = 0
	}
	var timeout <-chan time.Time
	if seconds, err := strconv.Atoi(query.Get("timeoutSeconds")); err == nil {
		timer := time.NewTimer(time.Duration(seconds) * time.Second)
		defer timer.Stop()
		timeout = timer.C
	}
	selected := selector(req, query)
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusOK)
	flusher := http.NewResponseController(w)
	encoder := json.NewEncoder(w)
	for {
		events, more := s.store.since(req.resource, rv)
		for _, e := range events {
			rv = e.rv
			if !selected(e) {
				continue
			}
			if err := encoder.Encode(map[string]any{"type": e.kind, "object": e.at(e.rv)}); err != nil {
				return // the client is gone
			}
		}
		if err := flusher.Flush(); err != nil {
			return
		}
		select {
		case <-more:
		case <-timeout:
			return
		case <-r.Context().Done():
			return
		}
	}
}

// selector tells which objects a request is about.
func selector(req request, query url.Values) func(event) bool {
	byLabel, err := labels.Parse(query.Get("labelSelector"))
	if err != nil {
		byLabel = labels.Nothing()
	}
	return func(e event) bool {
		return (req.namespace == "" || e.Metadata.Namespace == req.namespace) && byLabel.Matches(labels.Set(e.Metadata.Labels))
	}
}

func reply(w http.ResponseWriter, code int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	json.NewEncoder(w).Encode(body)
}

func status(w http.ResponseWriter, code int, message string) {
	reply(w, code, map[string]any{
		"apiVersion": "v1", "kind": "Status", "status": "Failure", "code": code, "message": message, "reason": http.StatusText(code),
	})
}
