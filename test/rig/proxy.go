package rig

import (
	"context"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover/gate"
)

// proxyEnv makes the test binary a proxy: what the sandbox's nodes run in place
// of Traefik, with faults that can be had by a flag.
const proxyEnv = "INGRESS_MIGRATE_TEST_PROXY"

// proxy serves until SIGTERM and then, as Traefik does, says so on /ping while it
// goes on serving for a while.
func proxy(side string, args []string) error {
	if len(args) == 1 && args[0] == "version" {
		return nil // what fetches an image runs it so
	}
	flags := flag.NewFlagSet("proxy", flag.ContinueOnError)
	address := flags.String("address", "", "where to listen")
	unready := flags.Bool("unready", false, "never be ready")
	wrong := flags.Bool("wrong", false, "answer routes with 404")
	impostor := flags.Bool("impostor", false, "do not know the gate's route")
	grace := flags.Duration("grace", 100*time.Millisecond, "go on serving after SIGTERM")
	if err := flags.Parse(args); err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()

	var leaving atomic.Bool
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host, _, _ := strings.Cut(r.Host, ":")
		id, isGate := strings.CutPrefix(host, "gate-")
		id, _, _ = strings.Cut(id, ".")
		switch {
		case r.URL.Path == "/ping" && (*unready || leaving.Load()):
			w.WriteHeader(http.StatusServiceUnavailable)
		case r.URL.Path == "/ping":
		case isGate && side == "new" && !*impostor:
			w.Header().Set(gate.Header, id)
			w.WriteHeader(http.StatusTeapot)
		case isGate || *wrong || host != "shop.test":
			w.WriteHeader(http.StatusNotFound)
		}
		fmt.Fprintln(w, side)
	})
	listener, err := net.Listen("tcp", *address)
	if err != nil {
		return err
	}
	server := &http.Server{Handler: handler}
	go func() {
		<-ctx.Done()
		leaving.Store(true)
		time.Sleep(*grace)
		_ = server.Shutdown(context.Background())
	}()
	if err := server.Serve(listener); err != http.ErrServerClosed {
		return err
	}
	return nil
}

func runProxy(side string) int {
	if err := proxy(side, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}
