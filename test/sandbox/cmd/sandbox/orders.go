package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/ingress-migrate/kubectl-ingress-migrate/test/sandbox"
)

// Orders about nodes go to the background process through a unix socket that
// only its user can open.

func ordersSocket(state sandbox.State) string { return filepath.Join(state.RunDir, "orders.sock") }

// listenForOrders serves POST /COMMAND?node=NAME.
func listenForOrders(s *sandbox.Sandbox, log io.Writer) (*http.Server, error) {
	state, err := sandbox.ReadState(s.Dir())
	if err != nil {
		return nil, err
	}
	listener, err := net.Listen("unix", ordersSocket(state))
	if err != nil {
		return nil, fmt.Errorf("listen for orders: %w", err)
	}
	if err := os.Chmod(ordersSocket(state), 0o600); err != nil {
		listener.Close()
		return nil, fmt.Errorf("protect the socket for orders: %w", err)
	}
	server := &http.Server{
		ReadHeaderTimeout: 5 * time.Second,
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			command, node := strings.TrimPrefix(r.URL.Path, "/"), r.URL.Query().Get("node")
			text, err := obey(r.Context(), s, command, node)
			if err != nil {
				http.Error(w, err.Error(), http.StatusUnprocessableEntity)
				return
			}
			fmt.Fprintln(log, text)
			fmt.Fprintln(w, text)
		}),
	}
	go func() {
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			fmt.Fprintf(log, "orders: %v\n", err)
		}
	}()
	return server, nil
}

func obey(ctx context.Context, s *sandbox.Sandbox, command, node string) (string, error) {
	switch command {
	case "kill-node":
		return node + " is lost, with everything on it", s.KillNode(node)
	case "stop-kubelet":
		return "the kubelet of " + node + " is stopped, its processes live on", s.StopKubelet(node)
	case "start-node":
		return node + " is back", s.StartNode(ctx, node)
	case "remove-node":
		return node + " is removed", s.RemoveNode(ctx, node)
	case "add-node":
		added, err := s.AddNode(ctx)
		return fmt.Sprintf("%s is added at %s", added.Name, added.Address), err
	}
	return "", fmt.Errorf("unknown order %q", command)
}

// order sends one to the background process.
func order(ctx context.Context, c config, out io.Writer) error {
	node := ""
	if len(c.args) > 0 {
		node = c.args[0]
	}
	if node == "" && c.command != "add-node" {
		return fmt.Errorf("%s needs the name of a node: kubectl get nodes", c.command)
	}
	state, err := sandbox.ReadState(c.dir)
	if err != nil {
		return fmt.Errorf("%w: start one with: make sandbox", err)
	}
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", ordersSocket(state))
	}
	client := &http.Client{Transport: &http.Transport{DialContext: dial}}
	target := "http://sandbox/" + c.command + "?" + url.Values{"node": {node}}.Encode()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, target, nil)
	if err != nil {
		return err
	}
	resp, err := client.Do(req)
	if err != nil {
		return fmt.Errorf("reach the sandbox: %w; see: sandbox status", err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return fmt.Errorf("read the sandbox's answer: %w", err)
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", c.command, strings.TrimSpace(string(text)))
	}
	_, err = out.Write(text)
	return err
}
