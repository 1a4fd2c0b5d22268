package backend

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// start runs the two services of a canary on addresses that no other test uses.
func start(t *testing.T) *Set {
	t.Helper()
	set, err := Start(t.Context(), []Service{
		{Namespace: "web", Name: "myapp", Address: "127.0.9.201"},
		{Namespace: "web", Name: "myapp-canary", Address: "127.0.9.202", Port: 8081, PortName: "web"},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { set.Close() })
	return set
}

func get(t *testing.T, method, url, body string) (*http.Response, Answer) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Host = "shop.test"
	request.Header.Set("X-Canary", "always")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var answer Answer
	if response.Header.Get("Content-Type") == "application/json" {
		if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
			t.Fatal(err)
		}
	}
	return response, answer
}

func TestAnswerTellsTheRequest(t *testing.T) {
	set := start(t)
	response, answer := get(t, "POST", "http://127.0.9.202:8081/a%2Fb//c?sleep=1ms&x=1", "12345")
	want := Answer{
		Service: "web/myapp-canary", Method: "POST", Host: "shop.test", Path: "/a%2Fb//c", Query: "sleep=1ms&x=1", Bytes: 5,
		Headers: http.Header{"X-Canary": {"always"}, "Content-Length": {"5"}, "Accept-Encoding": {"gzip"}, "User-Agent": {"Go-http-client/1.1"}},
	}
	if diff := cmp.Diff(want, answer, cmpopts.IgnoreFields(Answer{}, "Remote")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := response.Header.Get(HeaderService); got != "web/myapp-canary" {
		t.Errorf("%s: %q", HeaderService, got)
	}
	if one, other := set.Served("web", "myapp-canary"), set.Served("web", "myapp"); one != 1 || other != 0 {
		t.Errorf("served %d and %d, want 1 and 0", one, other)
	}
}

func TestStatusOnDemand(t *testing.T) {
	start(t)
	for query, want := range map[string]int{
		"": 200, "?status=503": 503, "?status=500": 500, "?status=99": 400, "?status=x": 400, "?sleep=forever": 400, "?sleep=2h": 400,
	} {
		response, _ := get(t, "GET", "http://127.0.9.201:8080/"+query, "")
		if response.StatusCode != want {
			t.Errorf("%q: status %d, want %d", query, response.StatusCode, want)
		}
		if response.Header.Get(HeaderService) != "web/myapp" {
			t.Errorf("%q: the answer does not name the service", query)
		}
	}
}

func TestObjects(t *testing.T) {
	set := start(t)
	type service struct {
		Namespace, Name, Type, ExternalName, PortName string
		Port                                          int32
	}
	var got []service
	for _, o := range set.Objects() {
		port := o.Spec.Ports[0]
		got = append(got, service{o.Namespace, o.Name, string(o.Spec.Type), o.Spec.ExternalName, port.Name, port.Port})
	}
	want := []service{
		{"web", "myapp", "ExternalName", "127.0.9.201", "http", 8080},
		{"web", "myapp-canary", "ExternalName", "127.0.9.202", "web", 8081},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestStartFailsWhole(t *testing.T) {
	cases := map[string][]Service{
		"same name twice":    {{Namespace: "a", Name: "b", Address: "127.0.9.203"}, {Namespace: "a", Name: "b", Address: "127.0.9.204"}},
		"same address twice": {{Namespace: "a", Name: "b", Address: "127.0.9.203"}, {Namespace: "a", Name: "c", Address: "127.0.9.203"}},
		"not an address":     {{Namespace: "a", Name: "b", Address: "127.0.9.203"}, {Namespace: "a", Name: "c", Address: "nowhere.invalid"}},
	}
	for name, services := range cases {
		t.Run(name, func(t *testing.T) {
			if set, err := Start(t.Context(), services); err == nil {
				set.Close()
				t.Fatal("started")
			}
			if response, err := http.Get("http://127.0.9.203:8080/"); err == nil {
				response.Body.Close()
				t.Error("the first service still runs")
			}
		})
	}
}
