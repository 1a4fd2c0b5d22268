package sandbox_test

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/ingress-migrate/kubectl-ingress-migrate/test/sandbox/kubelet"
)

// runAs makes the test binary a program that pods run.
const runAs = "SANDBOX_TEST_PROGRAM"

func TestMain(m *testing.M) {
	switch os.Getenv(runAs) {
	case "":
		os.Exit(m.Run())
	case "server":
		os.Exit(serve(os.Args[1:]))
	case "webhook":
		os.Exit(serveWebhook(os.Args[1:]))
	case "owner":
		os.Exit(ownSandbox())
	default:
		fmt.Fprintln(os.Stderr, "unknown test program")
		os.Exit(2)
	}
}

// program returns the test binary as a pod's program.
func program(t *testing.T, role string) kubelet.Program {
	t.Helper()
	path, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return kubelet.Program{Path: path, Env: []string{runAs + "=" + role}}
}

// answer is what a test server says of itself.
type answer struct {
	PID  int
	Args []string
	Env  map[string]string
}

// serve is a server with the habits of an edge proxy: /ready fails from SIGTERM
// on, requests are served for a while longer, then it ends with status 0.
func serve(args []string) int {
	flags := flag.NewFlagSet("server", flag.ContinueOnError)
	listen := flags.String("listen", "", "address")
	linger := flags.Duration("linger", 0, "time to serve after SIGTERM")
	exit := flags.Int("exit", -1, "exit at once with this status")
	ignore := flags.Bool("ignore-term", false, "do not end on SIGTERM")
	sick := flags.Bool("sick", false, "/live answers 500")
	if err := flags.Parse(args); err != nil {
		return 2
	}
	fmt.Println("started")
	if *exit >= 0 {
		return *exit
	}
	terms := make(chan os.Signal, 1)
	signal.Notify(terms, syscall.SIGTERM)
	var draining atomic.Bool
	status := func(bad func() bool) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			if bad() {
				w.WriteHeader(http.StatusServiceUnavailable)
			}
		}
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/ready", status(draining.Load))
	mux.HandleFunc("/live", status(func() bool { return *sick }))
	mux.HandleFunc("/hook", func(http.ResponseWriter, *http.Request) { fmt.Println("hook") })
	mux.HandleFunc("/file", func(w http.ResponseWriter, r *http.Request) {
		data, err := os.ReadFile(r.URL.Query().Get("path"))
		if err != nil {
			http.Error(w, err.Error(), http.StatusNotFound)
			return
		}
		_, _ = w.Write(data)
	})
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		a := answer{PID: os.Getpid(), Args: args, Env: map[string]string{}}
		for _, e := range os.Environ() {
			name, value, _ := strings.Cut(e, "=")
			a.Env[name] = value
		}
		_ = json.NewEncoder(w).Encode(a)
	})
	server := &http.Server{Addr: *listen, Handler: mux}
	failed := make(chan error, 1)
	go func() { failed <- server.ListenAndServe() }()
	for {
		select {
		case err := <-failed:
			fmt.Println(err)
			return 1
		case <-terms:
			fmt.Println("SIGTERM")
			draining.Store(true)
			if *ignore {
				continue
			}
			time.Sleep(*linger)
			_ = server.Shutdown(context.Background())
			fmt.Println("ended")
			return 0
		}
	}
}

// serveWebhook answers every AdmissionReview with a refusal that says who spoke.
func serveWebhook(args []string) int {
	flags := flag.NewFlagSet("webhook", flag.ContinueOnError)
	listen := flags.String("listen", "", "address")
	certs := flags.String("certs", "", "directory with tls.crt and tls.key")
	if err := flags.Parse(args); err != nil {
		return 2
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/ready", func(http.ResponseWriter, *http.Request) {})
	mux.HandleFunc("/admit", func(w http.ResponseWriter, r *http.Request) {
		var review struct {
			APIVersion string `json:"apiVersion"`
			Kind       string `json:"kind"`
			Request    struct {
				UID string `json:"uid"`
			} `json:"request"`
		}
		body, _ := io.ReadAll(r.Body)
		if err := json.Unmarshal(body, &review); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		_ = json.NewEncoder(w).Encode(map[string]any{
			"apiVersion": review.APIVersion, "kind": review.Kind,
			"response": map[string]any{
				"uid": review.Request.UID, "allowed": false,
				"status": map[string]any{"message": "refused by " + *listen},
			},
		})
	})
	server := &http.Server{Addr: *listen, Handler: mux, TLSConfig: &tls.Config{MinVersion: tls.VersionTLS12}}
	if err := server.ListenAndServeTLS(*certs+"/tls.crt", *certs+"/tls.key"); err != nil {
		fmt.Println(err)
	}
	return 1
}
