package verify_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/verify"
)

// side is a proxy that answers as handler does, over HTTP and HTTPS.
func side(t *testing.T, handler http.HandlerFunc) verify.Side {
	t.Helper()
	plain, secure := httptest.NewServer(handler), httptest.NewTLSServer(handler)
	t.Cleanup(plain.Close)
	t.Cleanup(secure.Close)
	return verify.Side{"http": plain.Listener.Addr().String(), "https": secure.Listener.Addr().String()}
}

func get(target string) verify.Request {
	return verify.Request{Method: "GET", Scheme: "http", Host: "shop.test", Target: target}
}

func ask(t *testing.T, o verify.Options) *verify.Report {
	t.Helper()
	o.Timeout, o.Parallel = time.Minute, 4
	report, err := verify.Run(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return report
}

func TestDifferences(t *testing.T) {
	var counter, coin atomic.Int64
	handler := func(w http.ResponseWriter, r *http.Request, isNew bool) {
		pick := func(old, new string) string {
			if isNew {
				return new
			}
			return old
		}
		h := w.Header()
		h.Set("X-Request-Id", fmt.Sprint(counter.Add(1)))
		switch r.URL.Path {
		case "/status":
			if isNew {
				w.WriteHeader(http.StatusForbidden)
			}
		case "/redirect":
			h.Set("Location", pick("https://shop.test:443/a", "https://shop.test/a"))
			w.WriteHeader(http.StatusFound)
		case "/elsewhere":
			h.Set("Location", pick("https://shop.test/a", "https://shop.test/b"))
			w.WriteHeader(http.StatusFound)
		case "/lost-header":
			if !isNew {
				h.Set("Strict-Transport-Security", "max-age=1")
			}
		case "/more-headers":
			if isNew {
				h.Set("X-Powered-By", "x")
			}
		case "/cookie":
			h.Add("Set-Cookie", fmt.Sprintf("id=%d; Path=/; HttpOnly", counter.Add(1)))
		case "/open-cookie":
			h.Add("Set-Cookie", pick("id=1; Path=/; HttpOnly", "id=2; Path=/"))
		case "/vary":
			h.Add("Vary", pick("Origin, Accept-Encoding", "accept-encoding"))
			if isNew {
				h.Add("Vary", "Origin")
			}
		case "/nonce":
			h.Set("Www-Authenticate", fmt.Sprintf(`Digest nonce="%d"`, counter.Add(1)))
			w.WriteHeader(http.StatusUnauthorized)
		case "/body":
			fmt.Fprint(w, pick("old", "new"))
		case "/counter": // says nothing about the proxy, and all but the body is compared
			fmt.Fprint(w, counter.Add(1))
			h.Set("X-Side", pick("same", "same"))
		case "/hangs-up":
			if isNew {
				panic(http.ErrAbortHandler)
			}
		case "/both-hang-up":
			panic(http.ErrAbortHandler)
		case "/coin": // not even the status is steady
			if coin.Add(1)%2 == 0 {
				w.WriteHeader(http.StatusTeapot)
			}
		}
	}
	old := side(t, func(w http.ResponseWriter, r *http.Request) { handler(w, r, false) })
	new := side(t, func(w http.ResponseWriter, r *http.Request) { handler(w, r, true) })
	for target, want := range map[string]string{
		"/same":         "",
		"/status":       "status is 403 instead of 200",
		"/redirect":     "",
		"/elsewhere":    `Location is "https://shop.test/b" instead of "https://shop.test/a"`,
		"/lost-header":  `Strict-Transport-Security is absent instead of "max-age=1"`,
		"/more-headers": `X-Powered-By is "x" instead of absent`,
		"/cookie":       "",
		"/open-cookie":  `Set-Cookie is "id=…;Path=/" instead of "id=…;HttpOnly;Path=/"`,
		"/vary":         "",
		"/nonce":        "",
		"/body":         `body is "3 bytes, `,
		"/counter":      "",
		"/hangs-up":     "no answer (EOF) instead of 200",
		"/both-hang-up": "",
	} {
		t.Run(target, func(t *testing.T) {
			report := ask(t, verify.Options{Old: old, New: new, Requests: []verify.Request{get(target)}})
			var got []string
			for _, d := range report.Different {
				got = append(got, d.How...)
			}
			if text := strings.Join(got, "; "); want == "" && text != "" || !strings.HasPrefix(text, want) {
				t.Errorf("found %q, want %q", text, want)
			}
			if report.Asked != 1 || report.Unsteady != 0 {
				t.Errorf("%+v", report)
			}
		})
	}
	t.Run("unsteady", func(t *testing.T) {
		report := ask(t, verify.Options{Old: old, New: new, Requests: []verify.Request{get("/coin")}})
		if report.Unsteady != 1 || len(report.Different) != 0 || report.Same != 0 {
			t.Errorf("%+v", report)
		}
	})
}

// A backend that is deployed in between is not the new proxy's fault.
func TestSecondLook(t *testing.T) {
	var asked atomic.Int64
	old := side(t, func(w http.ResponseWriter, _ *http.Request) {
		if asked.Add(1) <= 2 {
			w.WriteHeader(http.StatusBadGateway)
		}
	})
	new := side(t, func(http.ResponseWriter, *http.Request) {})
	report := ask(t, verify.Options{Old: old, New: new, Requests: []verify.Request{get("/")}})
	if len(report.Different) != 0 || report.Unsteady != 1 {
		t.Errorf("%+v", report)
	}
}

func TestIgnore(t *testing.T) {
	old := side(t, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "old") })
	new := side(t, func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("X-By", "b"); fmt.Fprint(w, "new") })
	for text, want := range map[string]int{
		"body": 1, "header=x-by": 1, "status": 2, "certificate": 2, "host=shop.test": 0, "host=*.test": 0, "host=*.shop.test": 2, "path=/a": 0, "path=/b": 2,
	} {
		ignore, err := verify.ParseIgnore(text)
		if err != nil {
			t.Fatal(err)
		}
		report := ask(t, verify.Options{Old: old, New: new, Requests: []verify.Request{get("/a")}, Ignore: []verify.Ignore{ignore}})
		got := 0
		for _, d := range report.Different {
			got += len(d.How)
		}
		if got != want {
			t.Errorf("%s: %d differences, want %d", text, got, want)
		}
	}
	for _, text := range []string{"", "bodies", "body=x", "header=", "header", "path=a", "host"} {
		if _, err := verify.ParseIgnore(text); err == nil || !strings.Contains(err.Error(), "header=NAME") {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestHostAndSchemeReachTheProxy(t *testing.T) {
	proxy := side(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Seen", fmt.Sprintf("%s %s %s tls=%v upgrade=%q", r.Method, r.Host, r.RequestURI, r.TLS != nil && r.TLS.ServerName == "a.test", r.Header.Get("Upgrade")))
	})
	silent := side(t, func(http.ResponseWriter, *http.Request) {})
	report := ask(t, verify.Options{Old: silent, New: proxy, Requests: []verify.Request{
		{Method: "HEAD", Scheme: "https", Host: "a.test", Target: "/x?b=c%20d", Upgrade: true},
	}})
	want := `X-Seen is "HEAD a.test /x?b=c%20d tls=true upgrade=\"websocket\"" instead of absent`
	if len(report.Different) != 1 || report.Different[0].How[len(report.Different[0].How)-1] != want {
		t.Errorf("%+v, want %s", report.Different, want)
	}
}

func TestFromIngresses(t *testing.T) {
	ing := &networkingv1.Ingress{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "web", Annotations: map[string]string{"nginx.ingress.kubernetes.io/websocket-services": "chat"}}}
	add := func(host, path, service string) {
		rule := networkingv1.IngressRule{Host: host}
		rule.HTTP = &networkingv1.HTTPIngressRuleValue{Paths: []networkingv1.HTTPIngressPath{{
			Path: path, Backend: networkingv1.IngressBackend{Service: &networkingv1.IngressServiceBackend{Name: service}},
		}}}
		ing.Spec.Rules = append(ing.Spec.Rules, rule)
	}
	add("Shop.test", "/cart", "web")
	add("shop.test", "/cart/", "web") // nothing new
	add("*.shop.test", "", "web")
	add("re.test", `/api/v[0-9]+/x`, "web")
	add("ws.test", "/", "chat")
	add("", "/", "web")
	var got []string
	for _, r := range verify.FromIngresses([]*networkingv1.Ingress{ing}, []string{"http"}) {
		got = append(got, r.String())
	}
	want := []string{
		"http://any-host.ingress-migrate.invalid/",
		"http://any-host.ingress-migrate.invalid/ingress-migrate-verify",
		"http://ingress-migrate-verify.shop.test/",
		"http://ingress-migrate-verify.shop.test/ingress-migrate-verify",
		"http://re.test/api",
		"http://re.test/api/",
		"http://re.test/api/ingress-migrate-verify",
		"http://re.test/apix",
		"http://shop.test/cart",
		"http://shop.test/cart/",
		"http://shop.test/cart/ingress-migrate-verify",
		"http://shop.test/cartx",
		"http://ws.test/",
		"http://ws.test/ (websocket)",
		"http://ws.test/ingress-migrate-verify",
		"http://ws.test/ingress-migrate-verify (websocket)",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got: %s", diff)
	}
}

func TestFromAccessLog(t *testing.T) {
	const log = `{"RequestMethod":"GET","RequestHost":"A.test:8080","RequestPath":"/x?token=secret","RequestScheme":"https"}
{"request_method":"HEAD","http_host":"b.test","request_uri":"/y","scheme":"-"}
{"RequestMethod":"POST","RequestHost":"a.test","RequestPath":"/x"}
10.0.0.1 - - [30/Nov/2026:10:00:00 +0000] "GET /z HTTP/1.1" 200 17 "-" "curl/8" 12 "c.test/z" "http://10.1.1.1:80" 3ms
10.0.0.1 - frank [30/Nov/2026:10:00:00 +0000] "GET /nohost HTTP/1.1" 404 19 "-" "-"
not a line of a log
{"broken":

{"RequestMethod":"GET","RequestHost":"a.test","RequestPath":"/x?token=secret","RequestScheme":"https"}
{"RequestMethod":"GET","RequestHost":"a.test","RequestPath":"http://proxy.test/"}
`
	got, err := verify.FromAccessLog(strings.NewReader(log), "", []string{"http"})
	if err != nil {
		t.Fatal(err)
	}
	want := verify.Log{
		Requests: []verify.Request{
			{Method: "GET", Scheme: "https", Host: "a.test", Target: "/x?token=secret", Of: "line 1 of the access log"},
			{Method: "HEAD", Scheme: "http", Host: "b.test", Target: "/y", Of: "line 2 of the access log"},
			{Method: "GET", Scheme: "http", Host: "c.test", Target: "/z", Of: "line 4 of the access log"},
		},
		Unknown: 3, WithoutHost: 1, Unsafe: 1,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got: %s", diff)
	}
	if text := got.Requests[0].String(); strings.Contains(text, "secret") {
		t.Errorf("a query is shown: %s", text)
	}
	if got, err = verify.FromAccessLog(strings.NewReader(log), "d.test", []string{"http"}); err != nil || got.WithoutHost != 0 || got.Requests[3].Host != "d.test" {
		t.Errorf("with a host for all: %+v, %v", got, err)
	}
	if _, err := verify.FromAccessLog(strings.NewReader(strings.Repeat("x", 2<<20)), "", nil); err == nil || !strings.Contains(err.Error(), "line 1 of the access log") {
		t.Errorf("a line without end: %v", err)
	}
}

func FuzzFromAccessLog(f *testing.F) {
	f.Add(`{"RequestMethod":"GET","RequestHost":"a.test","RequestPath":"/x"}`)
	f.Add(`10.0.0.1 - - [x] "GET /z HTTP/1.1" 200 17 "-" "-" 12 "c.test/z" "u" 3ms`)
	f.Fuzz(func(t *testing.T, text string) {
		log, err := verify.FromAccessLog(strings.NewReader(text), "h.test", []string{"http", "https"})
		if err != nil {
			return
		}
		for _, r := range log.Requests {
			if _, err := http.NewRequest(r.Method, r.Scheme+"://"+r.Host+r.Target, nil); err != nil {
				t.Errorf("%+v cannot be asked: %v", r, err)
			}
		}
	})
}

func TestParseSide(t *testing.T) {
	for text, want := range map[string]verify.Side{
		"10.0.0.1":              {"http": "10.0.0.1:80", "https": "10.0.0.1:443"},
		"fd00::1":               {"http": "[fd00::1]:80", "https": "[fd00::1]:443"},
		"http://10.0.0.1:8080":  {"http": "10.0.0.1:8080"},
		"https://edge.internal": {"https": "edge.internal:443"},
		"10.0.0.1:8080":         nil,
		"ftp://x":               nil,
		"http://x/path":         nil,
		"http://u:secret@x":     nil,
		"":                      nil,
	} {
		got, err := verify.ParseSide([]string{text})
		if diff := cmp.Diff(want, got); diff != "" || (err == nil) != (want != nil) {
			t.Errorf("%q: %v, -want +got: %s", text, err, diff)
		}
		if err != nil && strings.Contains(err.Error(), "secret") {
			t.Errorf("a password is shown: %v", err)
		}
	}
}

func TestSample(t *testing.T) {
	var requests []verify.Request
	for i := range 100 {
		requests = append(requests, get(fmt.Sprintf("/%02d", i)))
	}
	got := verify.Sample(requests, 4)
	if len(got) != 4 || got[0].Target != "/00" || got[3].Target != "/75" || len(verify.Sample(requests, 0)) != 100 || len(verify.Sample(requests, 200)) != 100 {
		t.Errorf("%v", got)
	}
}
