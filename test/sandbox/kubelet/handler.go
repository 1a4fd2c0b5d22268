package kubelet

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// handler is what probes and hooks have in common.
type handler struct {
	http  *corev1.HTTPGetAction
	tcp   *corev1.TCPSocketAction
	exec  *corev1.ExecAction
	sleep *corev1.SleepAction
}

func hookHandler(h *corev1.LifecycleHandler) handler {
	return handler{http: h.HTTPGet, tcp: h.TCPSocket, exec: h.Exec, sleep: h.Sleep}
}

func probeHandler(p *corev1.Probe) handler {
	return handler{http: p.HTTPGet, tcp: p.TCPSocket, exec: p.Exec}
}

// handle does it once; an error means failure.
func (w *worker) handle(ctx context.Context, c *container, h handler) error {
	switch {
	case h.sleep != nil:
		sleep(ctx, time.Duration(h.sleep.Seconds)*time.Second)
		return nil
	case h.http != nil:
		return w.httpGet(ctx, c, h.http)
	case h.tcp != nil:
		return w.tcpSocket(ctx, c, h.tcp)
	case h.exec != nil:
		return w.exec(ctx, c, h.exec)
	}
	return fmt.Errorf("empty handler")
}

func (w *worker) httpGet(ctx context.Context, c *container, get *corev1.HTTPGetAction) error {
	port, err := portNumber(&c.spec, get.Port)
	if err != nil {
		return err
	}
	scheme, host := "http", get.Host
	if get.Scheme == corev1.URISchemeHTTPS {
		scheme = "https"
	}
	if host == "" {
		host = w.record.address
	}
	target, err := url.Parse(get.Path)
	if err != nil {
		return fmt.Errorf("path of the request: %w", err)
	}
	target.Scheme, target.Host = scheme, net.JoinHostPort(host, strconv.Itoa(port))
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, target.String(), nil)
	if err != nil {
		return err
	}
	req.Header.Set("User-Agent", "kube-probe/1.36")
	for _, h := range get.HTTPHeaders {
		if http.CanonicalHeaderKey(h.Name) == "Host" {
			req.Host = h.Value
			continue
		}
		req.Header.Add(h.Name, h.Value)
	}
	client := &http.Client{
		// Probes do not verify certificates, and each is a new connection.
		Transport: &http.Transport{
			TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, DisableKeepAlives: true,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 10<<10))
	if resp.StatusCode < 200 || resp.StatusCode >= 400 {
		return fmt.Errorf("HTTP probe failed with statuscode: %d", resp.StatusCode)
	}
	return nil
}

func (w *worker) tcpSocket(ctx context.Context, c *container, action *corev1.TCPSocketAction) error {
	port, err := portNumber(&c.spec, action.Port)
	if err != nil {
		return err
	}
	host := action.Host
	if host == "" {
		host = w.record.address
	}
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", net.JoinHostPort(host, strconv.Itoa(port)))
	if err != nil {
		return err
	}
	return conn.Close()
}

// exec runs a command with the container's environment. A command that is named
// like the container's own program is that program; any other is looked for on
// this machine, /bin/sh above all.
func (w *worker) exec(ctx context.Context, c *container, action *corev1.ExecAction) error {
	command, _, err := w.command(ctx, c)
	if err != nil {
		return err
	}
	if len(action.Command) == 0 {
		return fmt.Errorf("exec without a command")
	}
	name := action.Command[0]
	own := len(c.spec.Command) > 0 && name == c.spec.Command[0]
	if !own && filepath.Base(name) != filepath.Base(command.Path) {
		if command.Path, err = exec.LookPath(name); err != nil {
			return err
		}
	}
	mounts, err := w.mounts(c)
	if err != nil {
		return err
	}
	command.Args = nil
	for _, arg := range action.Command[1:] {
		command.Args = append(command.Args, mounts.rewrite(arg))
	}
	p, err := w.agent.machine.run(command)
	if err != nil {
		return err
	}
	select {
	case <-p.Done():
	case <-ctx.Done():
		p.Kill()
		return ctx.Err()
	}
	if code := p.Exit().Code; code != 0 {
		return fmt.Errorf("command %q exited with %d", name, code)
	}
	return nil
}

func portNumber(c *corev1.Container, port intstr.IntOrString) (int, error) {
	if port.Type == intstr.Int {
		return port.IntValue(), nil
	}
	for _, p := range c.Ports {
		if p.Name == port.StrVal {
			return int(p.ContainerPort), nil
		}
	}
	return 0, fmt.Errorf("container %s has no port named %q", c.Name, port.StrVal)
}
