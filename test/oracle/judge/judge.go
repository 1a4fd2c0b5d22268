package judge

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/ingress-migrate/kubectl-ingress-migrate/test/oracle/kube"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/sandbox/binaries"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/sandbox/pki"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/sandbox/process"
)

// ErrRefused is what Load answers when the controller keeps its previous
// configuration instead of taking the new one.
var ErrRefused = errors.New("the controller refuses the configuration")

// Limits of waiting. They are for what has gone wrong: loads take milliseconds.
const (
	startTimeout = 60 * time.Second
	loadTimeout  = 90 * time.Second
	// refusalPatience is how long a load is waited for after the controller said
	// that it cannot read its own configuration.
	refusalPatience = 500 * time.Millisecond
)

// Version is one of the Traefiks.
type Version string

// The versions that are compared.
const (
	V1 Version = "1.7"
	V2 Version = "2.11"
	V3 Version = "3"
	// Nginx is the community controller ingress-nginx with its nginx.
	Nginx Version = "ingress-nginx"
)

// Config says where a judge runs and how it is configured.
type Config struct {
	Version Version
	// Address is the loopback address it listens on, at PortHTTP, PortHTTPS and PortAPI.
	Address string
	// SentinelAddress is the address of a pod that answers sentinels.
	SentinelAddress string
	// Certificate is the default one of the entry point that ends TLS.
	Certificate pki.Pair
	// Dir takes its configuration and its log.
	Dir string
	// Static is put at the top of the static configuration, Sections at the end of
	// that of Traefik 1.7.
	Static, Sections string
	// IngressClass of Traefik 1.7.
	IngressClass string
	// Ingresses are the options of the Ingress provider of Traefik 2 and 3, which
	// runs when there are some; Routes those of the CRD provider. In YAML's flow style.
	Ingresses, Routes string
	// Settings are the ConfigMap of ingress-nginx.
	Settings map[string]string
	// Distrust makes Traefik 2 and 3 believe no client's X-Forwarded headers, as
	// ingress-nginx does by default.
	Distrust bool
}

// Ports of every judge.
const (
	PortHTTP  = 8000
	PortHTTPS = 8443
	PortAPI   = 9000
)

// Judge is one running Traefik. It is not safe for parallel Loads.
type Judge struct {
	config     Config
	command    process.Command
	api        *kube.Server
	starter    *process.Starter
	process    *process.Process
	client     *client
	generation int
	// held are objects of the load before, see settleNginx.
	held []any
	// refused is true while the objects of a refused load are still there.
	refused bool
	// loaded is how much was logged before the last load.
	loaded int64
}

// Start finds or builds the program, runs it on an empty API and waits until it
// serves. log is told of builds.
func Start(ctx context.Context, log io.Writer, config Config) (*Judge, error) {
	j := &Judge{config: config, starter: process.NewStarter()}
	if err := j.find(ctx, log); err != nil {
		return nil, err
	}
	err := j.start(ctx)
	for attempt := 1; err != nil && attempt < 4 && config.Version == Nginx && strings.Contains(j.LogTail(5), portTaken); attempt++ {
		j.stop()
		err = j.start(ctx)
	}
	if err != nil {
		j.Close()
		return nil, fmt.Errorf("starting %s: %w\n%s", config.Version, err, process.LogTail(j.logFile(), 20))
	}
	return j, nil
}

// find sees to the program and what it needs beside its configuration.
func (j *Judge) find(ctx context.Context, log io.Writer) error {
	if j.config.Version == Nginx {
		return j.findNginx(ctx, log)
	}
	program := map[Version]binaries.Program{V1: binaries.Traefik1, V2: binaries.Traefik2, V3: binaries.Traefik3}[j.config.Version]
	path, err := binaries.Ensure(ctx, log, program)
	j.command = process.Command{Path: path, Env: []string{"HOME=" + j.config.Dir, "PATH=" + os.Getenv("PATH")}}
	return err
}

// String names the controller.
func (v Version) String() string {
	if v == Nginx {
		return string(v)
	}
	return "Traefik " + string(v)
}

// pollInterval is a fraction of what a load takes: nginx has to be loaded twice,
// and asking takes its time from that.
func (v Version) pollInterval() time.Duration {
	if v == Nginx {
		return 20 * time.Millisecond
	}
	return 2 * time.Millisecond
}

func (j *Judge) logFile() string { return filepath.Join(j.config.Dir, "controller.log") }

// start runs the process on an API of its own.
func (j *Judge) start(ctx context.Context) error {
	var err error
	if j.api, err = kube.Start(j.config.Address); err != nil {
		return err
	}
	command := j.command
	command.Dir, command.LogFile = j.config.Dir, j.logFile()
	if command.Args, err = j.arguments(); err != nil {
		return err
	}
	if err := os.WriteFile(j.logFile(), nil, 0o644); err != nil {
		return err
	}
	if j.process, err = j.starter.Start(command); err != nil {
		return err
	}
	j.client = newClient(hostPort(j.config.Address, PortHTTP), hostPort(j.config.Address, PortHTTPS))
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	return j.load(ctx, nil)
}

// arguments writes what the process reads, and says how it is told.
func (j *Judge) arguments() ([]string, error) {
	if j.config.Version == Nginx {
		return j.config.nginxArguments(j.api.URL())
	}
	file, err := j.config.writeFiles(j.api.URL())
	return []string{"--configFile=" + file}, err
}

// Close ends the process and its API.
func (j *Judge) Close() {
	j.stop()
	j.starter.Close()
}

func (j *Judge) stop() {
	if j.client != nil {
		j.client.close()
	}
	if j.process != nil {
		j.process.Kill()
	}
	if j.api != nil {
		j.api.Close()
	}
}

// Restart begins anew, for a controller that does not recover by itself.
func (j *Judge) Restart(ctx context.Context) error {
	j.stop()
	j.refused = false
	return j.start(ctx)
}

// Load makes objects everything there is in the cluster and returns when the
// controller serves them. It answers ErrRefused when the controller keeps
// serving what it had.
func (j *Judge) Load(ctx context.Context, objects []any) error {
	if j.refused {
		if err := j.recover(ctx); err != nil {
			return err
		}
	}
	ctx, cancel := context.WithTimeout(ctx, loadTimeout)
	defer cancel()
	err := j.load(ctx, objects)
	j.refused = err != nil
	j.client.close() // a connection keeps the certificate that it was opened with
	return err
}

// recover takes away the objects of a refused load.
func (j *Judge) recover(ctx context.Context) error {
	if !j.process.Running() {
		return j.Restart(ctx)
	}
	patience := 5 * time.Second
	if j.config.Version == Nginx {
		patience = loadTimeout // which is nothing to its start
	}
	short, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	// Errors are about what was there before: only the sentinel counts.
	if err := j.settle(short, nil, func() bool { return false }); err != nil {
		return j.Restart(ctx)
	}
	j.refused = false
	return nil
}

func (j *Judge) load(ctx context.Context, objects []any) error {
	j.loaded = j.logSize()
	var since time.Time
	return j.settle(ctx, objects, func() bool {
		if since.IsZero() && j.saysUnreadable(j.loaded) {
			since = time.Now()
		}
		return !since.IsZero() && time.Since(since) > refusalPatience
	})
}

// settle makes objects the content of the API and waits until they are served.
//
// The controllers read their caches one after the other while these change, so a
// configuration can have the sentinel and still miss what came before it. But it
// shows that all caches are complete now: a configuration with what is added
// after that was made of complete caches.
func (j *Judge) settle(ctx context.Context, objects []any, refused func() bool) error {
	j.generation++
	if j.config.Version == Nginx {
		return j.settleNginx(ctx, objects, refused)
	}
	name := sentinelName(j.generation)
	all := append(append([]any{}, objects...), sentinelBackend(name, j.config.SentinelAddress)...)
	for step := 1; step <= 2; step++ {
		hosts := []string{sentinelHost(j.generation, step)}
		switch {
		case j.config.Version == V1:
			all = append(all, sentinelIngress(name, hosts[0], j.config.IngressClass))
		case j.config.Ingresses != "":
			hosts = append(hosts, "ingress-"+hosts[0])
			all = append(all, sentinelIngresses(name, hosts[1])...)
			fallthrough
		default:
			all = append(all, sentinelRoutes(name, hosts[0])...)
		}
		if err := j.api.Set(all); err != nil {
			return err
		}
		for _, host := range hosts {
			if err := j.await(ctx, host, refused); err != nil {
				return err
			}
		}
	}
	return nil
}

// await polls a sentinel's host on both entry points until it answers, refused
// reports true or ctx ends.
func (j *Judge) await(ctx context.Context, host string, refused func() bool) error {
	for _, secure := range []bool{false, true} {
		for {
			answer, err := j.client.ask(ctx, sentinelRequest(host, secure))
			if err == nil && answer.Seen != nil && answer.Seen.Pod == SentinelPod {
				break
			}
			if refused() {
				return ErrRefused
			}
			if !j.process.Running() {
				ended := fmt.Errorf("%s ended:\n%s", j.config.Version, j.process.LogTail(20))
				if j.config.Version == Nginx { // canaries without paths make it panic
					ended = fmt.Errorf("%w: %w", ErrRefused, ended)
				}
				return ended
			}
			select {
			case <-ctx.Done():
				return fmt.Errorf("%w: %s does not serve a new configuration (%v, status %d)\n%s",
					ErrRefused, j.config.Version, err, answer.Status, j.process.LogTail(5))
			case <-time.After(j.config.Version.pollInterval()):
			}
		}
	}
	return nil
}

// Ask sends one request. Parallel calls are fine, but not during a Load.
// What nginx does not answer is sent once more: a worker of the load before may have
// closed the connection.
func (j *Judge) Ask(ctx context.Context, r Request) (Answer, error) {
	answer, err := j.client.ask(ctx, r)
	if j.config.Version == Nginx && err == nil && answer.Failure != "" {
		return j.client.ask(ctx, r)
	}
	return answer, err
}

// LogTail returns the last lines that the controller logged.
func (j *Judge) LogTail(lines int) string { return process.LogTail(j.logFile(), lines) }
