package plugin_test

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"strings"
	"testing"

	"k8s.io/cli-runtime/pkg/genericiooptions"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/sandbox"
)

// serveStatus opens the page of status --serve, follows its events, and interrupts it.
func serveStatus(t *testing.T, cluster *sandbox.Sandbox) {
	ctx, interrupt := context.WithCancel(t.Context())
	defer interrupt()
	out, in := io.Pipe()
	ended := make(chan int, 1)
	go func() {
		ended <- plugin.Run(ctx, []string{"status", "--serve", "--interval", "50ms", "--kubeconfig", cluster.Kubeconfig()},
			genericiooptions.IOStreams{In: strings.NewReader(""), Out: in, ErrOut: io.Discard})
		in.Close()
	}()
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatalf("no address: %v; exit status %d", err, <-ended)
	}
	url := strings.TrimSpace(line)
	if !strings.HasPrefix(url, "http://127.0.0.1:") {
		t.Errorf("address %q", url)
	}
	get := func(url string) *http.Response {
		t.Helper()
		response, err := http.Get(url)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { response.Body.Close() })
		return response
	}
	page, err := io.ReadAll(get(url).Body)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(page), `data-live="1"`) || !strings.Contains(string(page), `id="ingresses"`) {
		t.Errorf("page %.300s", page)
	}
	events := bufio.NewScanner(get(url + "events").Body)
	for seen := 0; seen < 3 && events.Scan(); {
		if strings.HasPrefix(events.Text(), "data: ") {
			seen++
		}
	}
	if err := events.Err(); err != nil {
		t.Error(err)
	}
	interrupt()
	if status := <-ended; status != plugin.StatusOK {
		t.Errorf("exit status %d after an interrupt", status)
	}
}
