package legacyapi

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strconv"
	"strings"

	"k8s.io/client-go/rest"
	"sigs.k8s.io/yaml"
)

const (
	oldRoot = "/apis/" + oldVersion
	newRoot = "/apis/" + newVersion
)

// handler sorts requests: discovery, Ingresses of the old shape, the rest.
type handler struct {
	server    *url.URL
	transport http.RoundTripper
	untouched *httputil.ReverseProxy
	ingresses *httputil.ReverseProxy
}

func newHandler(config *rest.Config) (*handler, error) {
	server, transport, err := upstream(config)
	if err != nil {
		return nil, err
	}
	h := &handler{server: server, transport: transport}
	h.untouched = &httputil.ReverseProxy{
		Transport: transport, FlushInterval: -1, ErrorHandler: unreachable,
		Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(server) },
	}
	h.ingresses = &httputil.ReverseProxy{
		Transport: transport, FlushInterval: -1, ErrorHandler: unreachable,
		Rewrite: func(r *httputil.ProxyRequest) {
			r.Out.URL.Path = newRoot + strings.TrimPrefix(r.In.URL.Path, oldRoot)
			r.Out.URL.RawPath = "" // names of Kubernetes objects need no escapes
			r.SetURL(server)
			askForJSON(r.Out.Header)
			r.Out.Header.Del("Connection") // no upgrade: a watch comes as plain frames
			r.Out.Header.Del("Upgrade")
		},
		ModifyResponse: answerOld,
	}
	return h, nil
}

// askForJSON forbids what cannot be translated: protobuf, tables, compression.
func askForJSON(header http.Header) {
	header.Set("Accept", "application/json")
	header.Del("Accept-Encoding")
}

func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch path := strings.TrimSuffix(r.URL.Path, "/"); {
	case path == "/apis":
		h.serveGroups(w, r)
	case path == "/apis/extensions":
		writeJSON(w, http.StatusOK, extensionsGroup())
	case path == oldRoot:
		writeJSON(w, http.StatusOK, extensionsResources())
	case strings.HasPrefix(path, oldRoot+"/"):
		h.serveIngresses(w, r)
	default:
		h.untouched.ServeHTTP(w, r)
	}
}

func (h *handler) serveIngresses(w http.ResponseWriter, r *http.Request) {
	switch r.Method {
	case http.MethodPatch:
		h.patch(w, r)
		return
	case http.MethodPost, http.MethodPut, http.MethodDelete:
		body, err := bodyToNew(r)
		if err != nil {
			writeStatus(w, http.StatusBadRequest, "BadRequest", err.Error())
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		r.ContentLength = int64(len(body))
		r.Header.Set("Content-Length", strconv.Itoa(len(body)))
		r.Header.Set("Content-Type", "application/json")
	}
	h.ingresses.ServeHTTP(w, r)
}

// bodyToNew reads a request's JSON or YAML body and translates the Ingress in
// it. An empty body stays empty: DELETE may come without options.
func bodyToNew(r *http.Request) ([]byte, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, fmt.Errorf("reading the request: %w", err)
	}
	if len(bytes.TrimSpace(body)) == 0 {
		return nil, nil
	}
	media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil && r.Header.Get("Content-Type") != "" {
		return nil, fmt.Errorf("content type %q: %w", r.Header.Get("Content-Type"), err)
	}
	switch media {
	case "", "application/json":
	case "application/yaml", "application/apply-patch+yaml":
		if body, err = yaml.YAMLToJSON(body); err != nil {
			return nil, fmt.Errorf("reading the request's YAML: %w", err)
		}
	default:
		return nil, fmt.Errorf("content type %q: send extensions/v1beta1 Ingresses as JSON or YAML", media)
	}
	return translate(body, toNew)
}

// answerOld translates what the API server answers; a watch frame by frame.
func answerOld(response *http.Response) error {
	media, _, _ := mime.ParseMediaType(response.Header.Get("Content-Type"))
	if media != "application/json" {
		return nil
	}
	watch := response.Request.URL.Query().Get("watch")
	if response.StatusCode == http.StatusOK && (watch == "true" || watch == "1") {
		response.Body = framesToOld(response.Body)
		return nil
	}
	body, err := io.ReadAll(response.Body)
	response.Body.Close()
	if err != nil {
		return fmt.Errorf("reading the API server's answer: %w", err)
	}
	if body, err = translate(body, toOld); err != nil {
		return err
	}
	response.Body = io.NopCloser(bytes.NewReader(body))
	response.ContentLength = int64(len(body))
	response.Header.Set("Content-Length", strconv.Itoa(len(body)))
	return nil
}

// translate decodes a JSON object, lets change work on it and encodes it.
func translate(body []byte, change func(object)) ([]byte, error) {
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	var o object
	if err := decoder.Decode(&o); err != nil {
		return nil, fmt.Errorf("reading JSON: %w", err)
	}
	change(o)
	return json.Marshal(o)
}

func unreachable(w http.ResponseWriter, _ *http.Request, err error) {
	writeStatus(w, http.StatusBadGateway, "ServiceUnavailable", "legacy API: "+err.Error())
}

func writeStatus(w http.ResponseWriter, code int, reason, message string) {
	writeJSON(w, code, object{
		"kind": "Status", "apiVersion": "v1", "metadata": object{},
		"status": "Failure", "code": code, "reason": reason, "message": message,
	})
}

func writeJSON(w http.ResponseWriter, code int, o object) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	json.NewEncoder(w).Encode(o) // a client that went away needs no answer
}
