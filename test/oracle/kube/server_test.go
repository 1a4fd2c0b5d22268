package kube

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func service(namespace, name, port string) map[string]any {
	return map[string]any{
		"apiVersion": "v1", "kind": "Service", "metadata": map[string]any{"namespace": namespace, "name": name, "labels": map[string]string{"l": name}},
		"spec": map[string]any{"port": port},
	}
}

func start(t *testing.T) *Server {
	t.Helper()
	server, err := Start("127.0.0.1")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Close() })
	return server
}

func set(t *testing.T, server *Server, objects ...any) {
	t.Helper()
	if err := server.Set(objects); err != nil {
		t.Fatal(err)
	}
}

func get(t *testing.T, url string) (int, []byte) {
	t.Helper()
	response, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, body
}

type list struct {
	Kind     string
	Metadata struct{ ResourceVersion string }
	Items    []struct {
		Metadata struct{ Namespace, Name string }
	}
}

func TestListsAreFiltered(t *testing.T) {
	server := start(t)
	set(t, server, service("one", "a", "80"), service("two", "b", "80"))
	for path, want := range map[string]string{
		"/api/v1/services":                     "ServiceList one/a two/b",
		"/api/v1/namespaces/two/services":      "ServiceList two/b",
		"/api/v1/services?labelSelector=l%3Da": "ServiceList one/a",
		"/api/v1/secrets":                      "SecretList",
		"/apis/extensions/v1beta1/ingresses":   "IngressList",
		"/apis/traefik.io/v1alpha1/tlsstores":  "TLSStoreList",
	} {
		_, body := get(t, server.URL()+path)
		var got list
		if err := json.Unmarshal(body, &got); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		text := got.Kind
		for _, item := range got.Items {
			text += " " + item.Metadata.Namespace + "/" + item.Metadata.Name
		}
		if text != want {
			t.Errorf("%s: %s, want %s", path, text, want)
		}
	}
	for path, want := range map[string]int{
		"/api/v1/pods": 404, "/api/v1/namespaces/one/services/a": 200, "/api/v1/namespaces/two/services/a": 404,
		"/api/v1/services?watch=true&sendInitialEvents=true": 422, "/apis/traefik.io/v1alpha1": 200,
	} {
		if got, body := get(t, server.URL()+path); got != want {
			t.Errorf("%s: %d %s, want %d", path, got, body, want)
		}
	}
}

// A watch that begins where a list ended misses nothing, and sees deletions
// before additions and these in the given order.
func TestWatchReportsDifferences(t *testing.T) {
	server := start(t)
	set(t, server, service("one", "a", "80"), service("one", "b", "80"), service("one", "same", "80"))
	_, body := get(t, server.URL()+"/api/v1/services")
	var before list
	if err := json.Unmarshal(body, &before); err != nil {
		t.Fatal(err)
	}
	set(t, server, service("one", "same", "80"), service("one", "z", "80"), service("one", "b", "81"), service("one", "c", "80"))

	response, err := http.Get(server.URL() + "/api/v1/services?watch=true&resourceVersion=" + before.Metadata.ResourceVersion)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	lines := bufio.NewScanner(response.Body)
	next := func() string {
		if !lines.Scan() {
			t.Fatalf("the watch ended: %v", lines.Err())
		}
		var event struct {
			Type   string
			Object struct{ Metadata struct{ Name string } }
		}
		if err := json.Unmarshal(lines.Bytes(), &event); err != nil {
			t.Fatal(err)
		}
		return event.Type + " " + event.Object.Metadata.Name
	}
	var got []string
	for range 4 {
		got = append(got, next())
	}
	if diff := cmp.Diff([]string{"DELETED a", "ADDED z", "MODIFIED b", "ADDED c"}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	set(t, server)
	left := map[string]bool{}
	for range 4 {
		left[next()] = true
	}
	if diff := cmp.Diff(map[string]bool{"DELETED b": true, "DELETED c": true, "DELETED same": true, "DELETED z": true}, left); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestUnknownObjectsAreRefused(t *testing.T) {
	server := start(t)
	for name, object := range map[string]any{
		"no kind":          map[string]any{"metadata": map[string]any{"name": "a"}},
		"unknown resource": map[string]any{"apiVersion": "v1", "kind": "Pod"},
		"not JSON":         func() {},
	} {
		if err := server.Set([]any{object}); err == nil {
			t.Error(fmt.Sprint(name, ": accepted"))
		}
	}
}
