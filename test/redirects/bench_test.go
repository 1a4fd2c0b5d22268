package redirects

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/gorilla/mux"
	"github.com/rs/zerolog"
	"github.com/rs/zerolog/log"
	"github.com/sirupsen/logrus"
	dynamic2 "github.com/traefik/traefik/v2/pkg/config/dynamic"
	redirect2 "github.com/traefik/traefik/v2/pkg/middlewares/redirect"
	decorator2 "github.com/traefik/traefik/v2/pkg/middlewares/requestdecorator"
	muxer2 "github.com/traefik/traefik/v2/pkg/muxer/http"
	dynamic3 "github.com/traefik/traefik/v3/pkg/config/dynamic"
	redirect3 "github.com/traefik/traefik/v3/pkg/middlewares/redirect"
	decorator3 "github.com/traefik/traefik/v3/pkg/middlewares/requestdecorator"
	muxer3 "github.com/traefik/traefik/v3/pkg/muxer/http"
)

// served answers what no redirect answers.
var served = http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) { rw.WriteHeader(http.StatusOK) })

// load2 builds the routers of Traefik 2.11.
func load2(t testing.TB, routes []route) http.Handler {
	muxer, err := muxer2.NewMuxer()
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range routes {
		var handler http.Handler = served
		for i := len(r.redirects) - 1; i >= 0; i-- {
			conf := dynamic2.RedirectRegex{Regex: r.redirects[i].regex, Replacement: r.redirects[i].replacement}
			if handler, err = redirect2.NewRedirectRegex(context.Background(), handler, conf, "m"); err != nil {
				t.Fatal(err)
			}
		}
		if err := muxer.AddRoute(r.rule, r.priority, handler); err != nil {
			t.Fatal(err)
		}
	}
	muxer.SortRoutes()
	decorator := decorator2.New(nil)
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		r = r.WithContext(context.WithValue(r.Context(), mux.RoutingPathKey, r.URL.Path))
		decorator.ServeHTTP(rw, r, muxer.ServeHTTP)
	})
}

// load3 builds the routers of Traefik 3.7.
func load3(t testing.TB, routes []route) http.Handler {
	parser, err := muxer3.NewSyntaxParser()
	if err != nil {
		t.Fatal(err)
	}
	muxer := muxer3.NewMuxer(parser, nil)
	for _, r := range routes {
		var handler http.Handler = served
		for i := len(r.redirects) - 1; i >= 0; i-- {
			conf := dynamic3.RedirectRegex{Regex: r.redirects[i].regex, Replacement: r.redirects[i].replacement}
			if handler, err = redirect3.NewRedirectRegex(context.Background(), handler, conf, "m"); err != nil {
				t.Fatal(err)
			}
		}
		if err := muxer.AddRoute(r.rule, "v3", r.priority, "kubernetescrd", handler); err != nil {
			t.Fatal(err)
		}
	}
	decorator := decorator3.New(nil)
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) { decorator.ServeHTTP(rw, r, muxer.ServeHTTP) })
}

// version is a Traefik.
type version struct {
	name string
	v3   bool
	load func(testing.TB, []route) http.Handler
}

var versions = []version{{"2.11", false, load2}, {"3.7", true, load3}}

// requests by what they are held against.
var requests = map[string]struct {
	url  string
	want int
}{
	"first": {"http://h.test" + path(0), http.StatusFound},
	"last":  {"http://h.test" + path(many-1), http.StatusFound},
	"site":  {"http://h.test/shop/cart", http.StatusOK},
	"other": {"http://other.test/", http.StatusOK},
}

func quiet() {
	logrus.SetOutput(io.Discard)
	zerolog.SetGlobalLevel(zerolog.Disabled)
	log.Logger = zerolog.New(io.Discard)
}

func ask(handler http.Handler, url string) int {
	recorder := httptest.NewRecorder()
	handler.ServeHTTP(recorder, httptest.NewRequest(http.MethodGet, url, http.NoBody))
	return recorder.Code
}

// Every form answers alike, or its figures would mean nothing.
func TestFormsAnswerAlike(t *testing.T) {
	quiet()
	for _, v := range versions {
		for _, f := range forms {
			handler := v.load(t, f.routes(t, v.v3))
			for name, r := range requests {
				if got := ask(handler, r.url); got != r.want {
					t.Errorf("Traefik %s, %s: %s request got %d, want %d", v.name, f.name, name, got, r.want)
				}
			}
		}
	}
}

func BenchmarkRequest(b *testing.B) {
	quiet()
	for _, v := range versions {
		for _, f := range forms {
			handler := v.load(b, f.routes(b, v.v3))
			for _, name := range []string{"last", "site", "other"} {
				url := requests[name].url
				b.Run(v.name+"/"+f.name+"/"+name, func(b *testing.B) {
					for b.Loop() {
						ask(handler, url)
					}
				})
			}
		}
	}
}

// BenchmarkLoad is one reload of the configuration; bytes are those allocated.
func BenchmarkLoad(b *testing.B) {
	quiet()
	for _, v := range versions {
		for _, f := range forms {
			routes := f.routes(b, v.v3)
			b.Run(v.name+"/"+f.name, func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					v.load(b, routes)
				}
			})
		}
	}
}
