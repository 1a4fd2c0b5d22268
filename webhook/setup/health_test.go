package setup

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/go-logr/logr"
	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/client-go/rest"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/emit"
	"github.com/ingress-migrate/kubectl-ingress-migrate/webhook/decide"
)

// A cluster without Traefik's custom resource definitions: the replica lives and is
// not ready, so nothing restarts it and nobody is sent to it.
func TestAliveWhileKindsAreMissing(t *testing.T) {
	asked := make(chan struct{}, 1)
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "not found", http.StatusNotFound)
		select {
		case asked <- struct{}{}:
		default:
		}
	}))
	defer api.Close()
	port := freePort(t)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		ended <- Run(ctx, Config{
			REST: &rest.Config{Host: api.URL}, Namespace: "ingress-migrate", Address: "127.0.0.1", HealthPort: port,
			Mode: decide.Mirror, FullPass: time.Hour, Workers: 1, Registry: prometheus.NewRegistry(), Log: logr.Discard(),
			Conversion: convert.Options{From: convert.FromTraefikV1, Target: emit.Target{Version: emit.V2, APIGroup: emit.Group}},
		})
	}()
	<-asked
	for path, want := range map[string]struct {
		status int
		text   string
	}{"/healthz": {http.StatusOK, "ok"}, "/readyz": {http.StatusInternalServerError, "webhook failed"}} {
		response, err := http.Get("http://" + (Config{Address: "127.0.0.1"}).listen(port) + path)
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(response.Body)
		response.Body.Close()
		if err != nil || response.StatusCode != want.status || !strings.Contains(string(text), want.text) {
			t.Errorf("%s: %d %s %v", path, response.StatusCode, text, err)
		}
	}
	cancel()
	if err := <-ended; err == nil || !strings.Contains(err.Error(), "IngressRoute") {
		t.Errorf("it ends with %v", err)
	}
}

func freePort(t *testing.T) int {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().(*net.TCPAddr).Port
}
