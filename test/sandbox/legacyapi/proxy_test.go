package legacyapi

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

// seen is what reached the API server.
type seen struct{ Method, Path, Query, Authorization, Accept, Body string }

// fake answers like an API server that is asked one thing.
type fake struct {
	*httptest.Server
	requests []seen
	answer   func(w http.ResponseWriter, r *http.Request)
}

func newFake(t *testing.T) *fake {
	f := &fake{}
	f.Server = httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		f.requests = append(f.requests, seen{r.Method, r.URL.Path, r.URL.RawQuery, r.Header.Get("Authorization"), r.Header.Get("Accept"), string(body)})
		w.Header().Set("Content-Type", "application/json")
		f.answer(w, r)
	}))
	t.Cleanup(f.Close)
	return f
}

// start returns the proxy and a client that trusts it and sends a token.
func (f *fake) start(t *testing.T) (*Proxy, *http.Client) {
	t.Helper()
	upstream := &rest.Config{
		Host:            f.URL,
		BearerToken:     "the-proxy-must-not-use-this",
		TLSClientConfig: rest.TLSClientConfig{CAData: pemOf(f.Certificate())},
	}
	proxy, err := Start(t.Context(), Options{Upstream: upstream})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { proxy.Close() })
	client, err := rest.HTTPClientFor(proxy.Config("the-caller's"))
	if err != nil {
		t.Fatal(err)
	}
	return proxy, client
}

func do(t *testing.T, client *http.Client, method, url, contentType, body string) (int, string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if contentType != "" {
		request.Header.Set("Content-Type", contentType)
	}
	response, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	got, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, strings.TrimSpace(string(got))
}

const (
	oldShop = `{"apiVersion":"extensions/v1beta1","kind":"Ingress","metadata":{"name":"shop","resourceVersion":"7"},"spec":{"backend":{"serviceName":"myapp","servicePort":80}}}`
	newShop = `{"apiVersion":"networking.k8s.io/v1","kind":"Ingress","metadata":{"name":"shop","resourceVersion":"7"},"spec":{"defaultBackend":{"service":{"name":"myapp","port":{"number":80}}}}}`
	oldPath = "/apis/extensions/v1beta1/namespaces/web/ingresses"
	newPath = "/apis/networking.k8s.io/v1/namespaces/web/ingresses"
)

func TestRequests(t *testing.T) {
	const bearer = "Bearer the-caller's"
	cases := map[string]struct {
		method, path, contentType, body string
		answer                          string
		want                            seen
		wantAnswer                      string
	}{
		"get": {
			method: "GET", path: oldPath + "/shop", answer: newShop,
			want: seen{"GET", newPath + "/shop", "", bearer, "application/json", ""}, wantAnswer: oldShop,
		},
		"create from YAML": {
			method: "POST", path: oldPath + "?dryRun=All", contentType: "application/yaml",
			body:   "apiVersion: extensions/v1beta1\nkind: Ingress\nmetadata: {name: shop, resourceVersion: '7'}\nspec: {backend: {serviceName: myapp, servicePort: 80}}\n",
			answer: newShop,
			want:   seen{"POST", newPath, "dryRun=All", bearer, "application/json", newShop}, wantAnswer: oldShop,
		},
		"update of the status": {
			method: "PUT", path: oldPath + "/shop/status", contentType: "application/json", body: oldShop, answer: newShop,
			want: seen{"PUT", newPath + "/shop/status", "", bearer, "application/json", newShop}, wantAnswer: oldShop,
		},
		"delete without options": {
			method: "DELETE", path: oldPath + "/shop", answer: `{"kind":"Status","status":"Success"}`,
			want: seen{"DELETE", newPath + "/shop", "", bearer, "application/json", ""}, wantAnswer: `{"kind":"Status","status":"Success"}`,
		},
		"server-side apply": {
			method: "PATCH", path: oldPath + "/shop?fieldManager=me", contentType: "application/apply-patch+yaml",
			body:   "apiVersion: extensions/v1beta1\nkind: Ingress\nmetadata: {name: shop, resourceVersion: '7'}\nspec: {backend: {serviceName: myapp, servicePort: 80}}\n",
			answer: newShop,
			want:   seen{"PATCH", newPath + "/shop", "fieldManager=me", bearer, "application/json", newShop}, wantAnswer: oldShop,
		},
		"anything else is not touched": {
			method: "PATCH", path: "/apis/networking.k8s.io/v1/namespaces/web/ingresses/shop?x=1", contentType: "application/merge-patch+json", body: `{"a": 1}`, answer: newShop,
			want: seen{"PATCH", newPath + "/shop", "x=1", bearer, "", `{"a": 1}`}, wantAnswer: newShop,
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			server := newFake(t)
			server.answer = func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, c.answer) }
			proxy, client := server.start(t)
			code, got := do(t, client, c.method, proxy.URL()+c.path, c.contentType, c.body)
			if code != http.StatusOK {
				t.Errorf("status %d: %s", code, got)
			}
			if diff := cmp.Diff([]seen{c.want}, server.requests); diff != "" {
				t.Errorf("at the API server (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(c.wantAnswer, got); diff != "" {
				t.Errorf("answer (-want +got):\n%s", diff)
			}
		})
	}
}

func TestProtobufIsRefused(t *testing.T) {
	server := newFake(t)
	proxy, client := server.start(t)
	code, _ := do(t, client, "POST", proxy.URL()+oldPath, "application/vnd.kubernetes.protobuf", "k8s\x00")
	if code != http.StatusBadRequest || len(server.requests) > 0 {
		t.Errorf("status %d, %d requests went through", code, len(server.requests))
	}
}

// TestPatches starts from oldShop; the fake stores what it is sent.
func TestPatches(t *testing.T) {
	cases := map[string]struct{ contentType, patch, want string }{
		"strategic merge": {
			contentType: "application/strategic-merge-patch+json",
			patch:       `{"metadata":{"annotations":{"a":"b"}},"spec":{"backend":{"serviceName":"other"}}}`,
			want:        `{"apiVersion":"networking.k8s.io/v1","kind":"Ingress","metadata":{"annotations":{"a":"b"},"name":"shop","resourceVersion":"7"},"spec":{"defaultBackend":{"service":{"name":"other","port":{"number":80}}}}}`,
		},
		"merge that removes the default backend": {
			contentType: "application/merge-patch+json",
			patch:       `{"spec":{"backend":null,"rules":[{"host":"a.test"}]}}`,
			want:        `{"apiVersion":"networking.k8s.io/v1","kind":"Ingress","metadata":{"name":"shop","resourceVersion":"7"},"spec":{"rules":[{"host":"a.test"}]}}`,
		},
		"JSON patch by a path of the old shape": {
			contentType: "application/json-patch+json",
			patch:       `[{"op":"replace","path":"/spec/backend/servicePort","value":"web"}]`,
			want:        `{"apiVersion":"networking.k8s.io/v1","kind":"Ingress","metadata":{"name":"shop","resourceVersion":"7"},"spec":{"defaultBackend":{"service":{"name":"myapp","port":{"name":"web"}}}}}`,
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			server := newFake(t)
			server.answer = func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, newShop) }
			proxy, client := server.start(t)
			code, got := do(t, client, "PATCH", proxy.URL()+oldPath+"/shop?fieldManager=me", c.contentType, c.patch)
			if code != http.StatusOK || got != oldShop {
				t.Errorf("answer %d %s", code, got)
			}
			want := []seen{
				{"GET", newPath + "/shop", "", "Bearer the-caller's", "application/json", ""},
				{"PUT", newPath + "/shop", "fieldManager=me", "Bearer the-caller's", "application/json", c.want},
			}
			if diff := cmp.Diff(want, server.requests); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestPatchConflicts(t *testing.T) {
	cases := map[string]struct {
		patch    string
		wantCode int
		wantPuts int
	}{
		"starts again": {`{"metadata":{"labels":{"a":"b"}}}`, http.StatusOK, 3},
		"is the answer to a patch of a given state": {`{"metadata":{"resourceVersion":"5"}}`, http.StatusConflict, 1},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			server := newFake(t)
			puts := 0
			server.answer = func(w http.ResponseWriter, r *http.Request) {
				if r.Method == http.MethodPut {
					if puts++; puts < 3 {
						w.WriteHeader(http.StatusConflict)
						io.WriteString(w, `{"kind":"Status","code":409,"reason":"Conflict"}`)
						return
					}
				}
				io.WriteString(w, newShop)
			}
			proxy, client := server.start(t)
			code, _ := do(t, client, "PATCH", proxy.URL()+oldPath+"/shop", "application/merge-patch+json", c.patch)
			if code != c.wantCode || puts != c.wantPuts {
				t.Errorf("status %d after %d writes, want %d after %d", code, puts, c.wantCode, c.wantPuts)
			}
		})
	}
}

func TestBadPatches(t *testing.T) {
	cases := map[string]struct {
		contentType, patch string
		stored             int
		want               int
	}{
		"no such object":      {"application/merge-patch+json", `{}`, http.StatusNotFound, http.StatusNotFound},
		"not JSON":            {"application/merge-patch+json", `{`, http.StatusOK, http.StatusUnprocessableEntity},
		"unknown kind":        {"application/xml", `<a/>`, http.StatusOK, http.StatusUnsupportedMediaType},
		"path that is absent": {"application/json-patch+json", `[{"op":"remove","path":"/spec/rules"}]`, http.StatusOK, http.StatusUnprocessableEntity},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			server := newFake(t)
			server.answer = func(w http.ResponseWriter, r *http.Request) {
				w.WriteHeader(c.stored)
				io.WriteString(w, newShop)
			}
			proxy, client := server.start(t)
			code, body := do(t, client, "PATCH", proxy.URL()+oldPath+"/shop", c.contentType, c.patch)
			if code != c.want {
				t.Errorf("status %d, want %d: %s", code, c.want, body)
			}
			for _, request := range server.requests {
				if request.Method == http.MethodPut {
					t.Errorf("wrote %s", request.Body)
				}
			}
		})
	}
}

// TestWatchComesFrameByFrame reads the first frame while the server holds the
// second one back.
func TestWatchComesFrameByFrame(t *testing.T) {
	server := newFake(t)
	next := make(chan string)
	ended := make(chan struct{})
	server.answer = func(w http.ResponseWriter, r *http.Request) {
		defer close(ended)
		for {
			select {
			case frame := <-next:
				fmt.Fprintln(w, frame)
				w.(http.Flusher).Flush()
			case <-r.Context().Done():
				return
			}
		}
	}
	proxy, client := server.start(t)
	go func() { next <- `{"type":"ADDED","object":` + newShop + `}` }()
	response, err := client.Get(proxy.URL() + "/apis/extensions/v1beta1/ingresses?watch=true")
	if err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(response.Body)
	for range 3 {
		if !lines.Scan() {
			t.Fatal(lines.Err())
		}
		if want := `{"type":"ADDED","object":` + oldShop + `}`; lines.Text() != want {
			t.Errorf("frame\n%s\nwant\n%s", lines.Text(), want)
		}
		go func() {
			select {
			case next <- `{"type":"ADDED","object":` + newShop + `}`:
			case <-ended:
			}
		}()
	}
	response.Body.Close()
	<-ended // the client's end is the end of the watch behind the proxy
}

func TestDiscovery(t *testing.T) {
	server := newFake(t)
	server.answer = func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, `{"kind":"APIGroupList","groups":[{"name":"apps"}]}`)
	}
	proxy, client := server.start(t)

	_, groups := do(t, client, "GET", proxy.URL()+"/apis", "", "")
	if want := `{"groups":[{"name":"apps"},{"apiVersion":"v1","kind":"APIGroup","name":"extensions","preferredVersion":{"groupVersion":"extensions/v1beta1","version":"v1beta1"},"versions":[{"groupVersion":"extensions/v1beta1","version":"v1beta1"}]}],"kind":"APIGroupList"}`; groups != want {
		t.Errorf("groups %s", groups)
	}
	if accept := server.requests[0].Accept; accept != "application/json" {
		t.Errorf("the list was asked for as %q: an aggregated one cannot be translated", accept)
	}
	_, resources := do(t, client, "GET", proxy.URL()+"/apis/extensions/v1beta1", "", "")
	var list struct{ Resources []struct{ Name string } }
	if err := json.Unmarshal([]byte(resources), &list); err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, resource := range list.Resources {
		names = append(names, resource.Name)
	}
	if want := []string{"ingresses", "ingresses/status"}; !slices.Equal(names, want) {
		t.Errorf("resources %v, want %v", names, want)
	}
}

func TestKubeconfig(t *testing.T) {
	server := newFake(t)
	server.answer = func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, newShop) }
	proxy, _ := server.start(t)
	text, err := proxy.Kubeconfig("abc")
	if err != nil {
		t.Fatal(err)
	}
	config, err := clientcmd.RESTConfigFromKubeConfig(text)
	if err != nil {
		t.Fatal(err)
	}
	client, err := rest.HTTPClientFor(config)
	if err != nil {
		t.Fatal(err)
	}
	if code, _ := do(t, client, "GET", proxy.URL()+oldPath+"/shop", "", ""); code != http.StatusOK {
		t.Errorf("status %d", code)
	}
	if got := server.requests[0].Authorization; got != "Bearer abc" {
		t.Errorf("the API server saw %q", got)
	}
}

func TestUnreachableServer(t *testing.T) {
	server := newFake(t)
	proxy, client := server.start(t)
	server.Close()
	code, body := do(t, client, "GET", proxy.URL()+oldPath, "", "")
	if code != http.StatusBadGateway || !bytes.Contains([]byte(body), []byte(`"kind":"Status"`)) {
		t.Errorf("answer %d %s", code, body)
	}
}
