// Command sandbox-backend runs echo applications in a process of their own:
//
//	sandbox-backend web/myapp=127.0.9.1:8080 web/myapp-canary=127.0.9.2:8080
package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"

	"github.com/ingress-migrate/kubectl-ingress-migrate/test/sandbox/backend"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintf(os.Stderr, "sandbox-backend: %v\n", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	if len(args) == 0 {
		return errors.New("usage: sandbox-backend NAMESPACE/NAME=ADDRESS:PORT…")
	}
	var services []backend.Service
	for _, arg := range args {
		service, err := parse(arg)
		if err != nil {
			return fmt.Errorf("argument %q: %w", arg, err)
		}
		services = append(services, service)
	}
	set, err := backend.Start(ctx, services)
	if err != nil {
		return err
	}
	fmt.Printf("serving %d backends\n", len(services))
	<-ctx.Done()
	return set.Close()
}

func parse(arg string) (backend.Service, error) {
	name, address, ok := strings.Cut(arg, "=")
	namespace, name, both := strings.Cut(name, "/")
	if !ok || !both || namespace == "" || name == "" {
		return backend.Service{}, errors.New("want NAMESPACE/NAME=ADDRESS:PORT")
	}
	host, text, err := net.SplitHostPort(address)
	if err != nil {
		return backend.Service{}, err
	}
	port, err := strconv.ParseUint(text, 10, 16)
	if err != nil || port == 0 {
		return backend.Service{}, fmt.Errorf("port %q: want 1 to 65535", text)
	}
	return backend.Service{Namespace: namespace, Name: name, Address: host, Port: int32(port)}, nil
}
