// Command sandbox runs the project's test cluster in the background, for people
// who want to try things by hand: `make sandbox` and `make sandbox-stop`.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/ingress-migrate/kubectl-ingress-migrate/test/sandbox"
)

const usage = `usage: sandbox COMMAND [flags] [NODE]

  start          start a cluster in the background and print its KUBECONFIG
  stop           end exactly what start started
  status         say whether a cluster runs, and where
  kill-node      lose a node at once, with everything on it
  stop-kubelet   stop a node's agent; its processes live on
  start-node     bring a node back
  add-node       add a node
  remove-node    remove a node for good

flags:
  -dir DIR       files of the cluster (default: in the user's cache directory)
  -nodes N       start: how many nodes (default 4)
  -edge=false    start: no Traefik, a bare cluster
`

// config is what the command line says.
type config struct {
	command string
	dir     string
	nodes   int
	edge    bool
	args    []string
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
		os.Exit(2)
	case err != nil:
		fmt.Fprintln(os.Stderr, "sandbox:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out, progress io.Writer) error {
	c, err := parse(args, progress)
	if err != nil {
		return err
	}
	switch c.command {
	case "start":
		return start(ctx, c, out, progress)
	case "serve":
		return serve(ctx, c, progress)
	case "stop":
		return stop(ctx, c, out)
	case "status":
		return status(c, out)
	case "kill-node", "stop-kubelet", "start-node", "add-node", "remove-node":
		return order(ctx, c, out)
	}
	fmt.Fprint(progress, usage)
	return flag.ErrHelp
}

func parse(args []string, errors io.Writer) (config, error) {
	var c config
	if len(args) > 0 {
		c.command, args = args[0], args[1:]
	}
	flags := flag.NewFlagSet("sandbox", flag.ContinueOnError)
	flags.SetOutput(errors)
	flags.Usage = func() { fmt.Fprint(errors, usage) }
	flags.StringVar(&c.dir, "dir", "", "")
	flags.IntVar(&c.nodes, "nodes", 4, "")
	flags.BoolVar(&c.edge, "edge", true, "")
	if err := flags.Parse(args); err != nil {
		return c, flag.ErrHelp
	}
	c.args = flags.Args()
	if c.dir == "" {
		cache, err := os.UserCacheDir()
		if err != nil {
			return c, fmt.Errorf("find a directory for the sandbox: %w; give one with -dir", err)
		}
		c.dir = filepath.Join(cache, "ingress-migrate", "sandbox")
	}
	dir, err := filepath.Abs(c.dir)
	if err != nil {
		return c, fmt.Errorf("find the sandbox's directory: %w", err)
	}
	c.dir = dir
	return c, nil
}

func stop(ctx context.Context, c config, out io.Writer) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	err := sandbox.StopOther(ctx, c.dir)
	if errors.Is(err, sandbox.ErrNoState) {
		fmt.Fprintln(out, "no sandbox runs")
		return nil
	}
	if err == nil {
		fmt.Fprintln(out, "sandbox stopped")
	}
	return err
}

func status(c config, out io.Writer) error {
	state, err := sandbox.ReadState(c.dir)
	if errors.Is(err, sandbox.ErrNoState) {
		fmt.Fprintln(out, "no sandbox runs")
		return nil
	}
	if err != nil {
		return err
	}
	if !state.Owner.Alive() {
		fmt.Fprintln(out, "a sandbox was killed; clear up what is left with: make sandbox-stop")
		return nil
	}
	introduce(c, state, out)
	return nil
}
