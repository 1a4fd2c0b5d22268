package plugin_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestVerifyScripts runs the stories of testdata/verify beside two proxies, $OLD and $NEW,
// which answer alike but below /moved. No cluster.
func TestVerifyScripts(t *testing.T) {
	proxy := func(name string) *httptest.Server {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if strings.HasPrefix(r.URL.Path, "/moved") {
				w.Header().Set("Location", "http://"+name+".test/")
				w.WriteHeader(http.StatusFound)
				return
			}
			fmt.Fprintf(w, "%s%s", r.Host, r.URL.Path)
		}))
		t.Cleanup(server.Close)
		return server
	}
	older, newer := proxy("old"), proxy("new")
	runStories(t, params("verify", func(env *testscript.Env) error {
		env.Setenv("KUBECONFIG", filepath.Join(env.WorkDir, "no-kubeconfig"))
		env.Setenv("OLD", older.URL)
		env.Setenv("NEW", newer.URL)
		return nil
	}))
}
