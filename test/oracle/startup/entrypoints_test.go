package startup

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/static"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/sandbox/binaries"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/sandbox/process"
)

// asked is a request to entry point http, with the answer of Traefik 1.7 and, where
// the report announces another one, that of the targets. $IP is who is asked.
type asked struct {
	method, path string
	before       string
	code         diag.Code
	after        string
}

// TestEntryPoints asks what the measured cases T93 and T94 ask: what an entry point
// answers before any route, in Traefik 1.7 and with its configuration converted.
func TestEntryPoints(t *testing.T) {
	const head = "[entryPoints]\n  [entryPoints.http]\n  address = \"$IP:8000\"\n"
	const tail = "  [entryPoints.https]\n  address = \"$IP:8443\"\n    [entryPoints.https.tls]\n[ping]\nentryPoint = \"http\"\n[kubernetes]\nendpoint = \"http://127.0.0.1:9\"\ntoken = \"none\"\n"
	for name, test := range map[string]struct {
		section string
		asked   []asked
	}{
		"T93": {"    [entryPoints.http.redirect]\n    entryPoint = \"https\"\n", []asked{
			{method: "GET", path: "/x?a=1", before: "302 https://$IP:8443/x?a=1"},
			{method: "POST", path: "/x", before: "307 https://$IP:8443/x"},
			{method: "GET", path: "/ping", before: "200"},
			{method: "POST", path: "/ping", before: "307 https://$IP:8443/ping", code: diag.WInternalPaths, after: "200"},
		}},
		"T94": {"    [entryPoints.http.auth.basic]\n    users = [\"alice:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=\"]\n", []asked{
			{method: "GET", path: "/x", before: "401", code: diag.WStaticMiddleware, after: "404"},
			{method: "GET", path: "/ping", before: "200", code: diag.EStaticExempt, after: "404"},
		}},
	} {
		t.Run(name, func(t *testing.T) { answersAlike(t, head+test.section+tail, test.asked) })
	}
}

func answersAlike(t *testing.T, toml string, questions []asked) {
	starter, slot := workplace(t)
	at := func(n int) (ip, text string) { return slot.Extra(n), strings.ReplaceAll(toml, "$IP", slot.Extra(n)) }

	ip, text := at(1)
	file := filepath.Join(t.TempDir(), "traefik.toml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	path, err := binaries.Ensure(t.Context(), os.Stderr, binaries.Traefik1)
	if err != nil {
		t.Fatal(err)
	}
	log := filepath.Join(filepath.Dir(file), "traefik.log")
	running, err := starter.Start(process.Command{Path: path, Args: []string{"--configFile=" + file}, Dir: filepath.Dir(file), LogFile: log, Env: []string{"PATH=" + os.Getenv("PATH")}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { running.Kill() })
	for _, q := range questions {
		want := strings.ReplaceAll(q.before, "$IP", ip)
		if got := answer(t, running, q, ip, want); got != want {
			t.Errorf("Traefik 1.7: %s %s: %s, want %s\n%s", q.method, q.path, got, want, process.LogTail(log, 10))
		}
	}
	for n, target := range []static.Version{static.V2, static.V3} {
		ip, text := at(2 + n)
		config, err := static.Read(static.Input{File: "traefik.toml", Content: []byte(text)})
		if err != nil {
			t.Fatal(err)
		}
		result := static.Convert(config, static.Options{Source: static.V1, Target: target, Namespace: "edge"})
		yaml, err := result.Tree.Encode(static.YAML)
		if err != nil {
			t.Fatal(err)
		}
		running, log := start(t, starter, converted{target: target, format: static.YAML, ip: ip}, string(yaml))
		for _, q := range questions {
			want := q.before
			if q.code != "" {
				want = q.after
				if !slices.ContainsFunc(result.Diagnostics, func(d diag.Diagnostic) bool { return d.Code == q.code }) {
					t.Errorf("%s does not announce %s %s", target, q.method, q.path)
				}
			}
			want = strings.ReplaceAll(want, "$IP", ip)
			if got := answer(t, running, q, ip, want); got != want {
				t.Errorf("%s: %s %s: %s, want %s\n%s\n%s", target, q.method, q.path, got, want, yaml, process.LogTail(log, 10))
			}
		}
	}
}

// answer is the status and the Location of an answer. While Traefik starts there is
// none yet, or another one than is wanted.
func answer(t *testing.T, running *process.Process, q asked, ip, want string) string {
	t.Helper()
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		request, err := http.NewRequestWithContext(t.Context(), q.method, "http://"+ip+":8000"+q.path, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		if response, err := client.Do(request); err != nil {
			got = err.Error()
		} else {
			response.Body.Close()
			got = strings.TrimSpace(fmt.Sprint(response.StatusCode, " ", response.Header.Get("Location")))
		}
		if got == want || !running.Running() || time.Now().After(deadline) {
			return got
		}
	}
}
