package sandbox

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/ingress-migrate/kubectl-ingress-migrate/test/sandbox/process"
)

const (
	// startTimeout is generous: a machine that also compiles needs it.
	startTimeout = 2 * time.Minute
	// stopGrace is how long a component may take to end on SIGTERM. An API server
	// that still has watchers takes longer than anybody wants to wait, and needs no
	// clean end: etcd has everything.
	stopGrace = 5 * time.Second
	logLines  = 15
)

// component is one program of the control plane. It can be stopped and started
// again with the same command line.
type component struct {
	name    string
	starter *process.Starter
	command process.Command
	// readyURL answers 200 when the component is ready to work.
	readyURL string
	log      io.Writer

	mu   sync.Mutex
	proc *process.Process
}

// start runs the component and waits until it is ready.
func (c *component) start(ctx context.Context) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.proc != nil && c.proc.Running() {
		return nil
	}
	began := time.Now()
	proc, err := c.starter.Start(c.command)
	if err != nil {
		return fmt.Errorf("start %s: %w", c.name, err)
	}
	c.proc = proc
	if err := c.waitReady(ctx, proc); err != nil {
		proc.Kill()
		return fmt.Errorf("start %s: %w; the end of %s:\n%s", c.name, err, proc.LogFile(), proc.LogTail(logLines))
	}
	fmt.Fprintf(c.log, "%s is ready after %.1f s\n", c.name, time.Since(began).Seconds())
	return nil
}

func (c *component) waitReady(ctx context.Context, proc *process.Process) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	// Whether it is ready is all that is asked, and nothing secret is sent.
	transport := &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport, Timeout: 5 * time.Second}
	ticker := time.NewTicker(100 * time.Millisecond)
	defer ticker.Stop()
	for {
		if answersOK(ctx, client, c.readyURL) {
			return nil
		}
		select {
		case <-proc.Done():
			return fmt.Errorf("it ended with status %d", proc.Exit().Code)
		case <-ctx.Done():
			return fmt.Errorf("not ready at %s: %w", c.readyURL, ctx.Err())
		case <-ticker.C:
		}
	}
}

func answersOK(ctx context.Context, client *http.Client, url string) bool {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return false
	}
	resp, err := client.Do(req)
	if err != nil {
		return false
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, resp.Body)
	return resp.StatusCode == http.StatusOK
}

// stop ends the component if it runs.
func (c *component) stop(ctx context.Context) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.proc == nil || !c.proc.Running() {
		return
	}
	if !c.proc.Stop(ctx, stopGrace) {
		fmt.Fprintf(c.log, "%s did not end within %s and was killed\n", c.name, stopGrace)
	}
}

// identity names the running process; false if there is none.
func (c *component) identity() (process.Identity, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.proc == nil || !c.proc.Running() {
		return process.Identity{}, false
	}
	return c.proc.Identity(), true
}

// writeFiles writes files beneath dir, readable by the owner alone: keys are
// among them.
func writeFiles(dir string, files map[string][]byte) error {
	for name, data := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return fmt.Errorf("make directory for %s: %w", name, err)
		}
		if err := os.WriteFile(path, data, 0o600); err != nil {
			return fmt.Errorf("write %s: %w", name, err)
		}
	}
	return nil
}
