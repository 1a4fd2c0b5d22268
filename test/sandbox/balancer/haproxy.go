package balancer

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/ingress-migrate/kubectl-ingress-migrate/test/sandbox/process"
)

// haproxy is a HAProxy process of ours, spoken to over its runtime socket.
type haproxy struct {
	options Options
	dir     string // short: a unix socket's path has at most 107 bytes
	starter *process.Starter
	process *process.Process
}

// StartHAProxy starts the HAProxy program at path and returns when it serves
// and has checked every target.
func StartHAProxy(ctx context.Context, path string, o Options) (Balancer, error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, err
	}
	if o.Listen, err = withPort(o.Listen); err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "igm-lb-")
	if err != nil {
		return nil, fmt.Errorf("directory of HAProxy: %w", err)
	}
	h := &haproxy{options: o, dir: dir, starter: process.NewStarter()}
	if err := h.start(ctx, path); err != nil {
		return nil, errors.Join(fmt.Errorf("starting HAProxy: %w\n%s", err, process.LogTail(h.file("log"), 20)), h.Stop())
	}
	return h, nil
}

func (h *haproxy) start(ctx context.Context, path string) error {
	if err := os.WriteFile(h.file("haproxy.cfg"), []byte(renderConfig(h.options, h.file("socket"))), 0o600); err != nil {
		return err
	}
	var err error
	h.process, err = h.starter.Start(process.Command{
		Path: path, Args: []string{"-db", "-f", h.file("haproxy.cfg")}, Env: os.Environ(), LogFile: h.file("log"),
	})
	if err != nil {
		return err
	}
	ticker := time.NewTicker(50 * time.Millisecond)
	defer ticker.Stop()
	for {
		stats, err := h.Stats(ctx)
		if err == nil && !containsState(stats, Initial) {
			return nil
		}
		select {
		case <-ctx.Done():
			return errors.Join(ctx.Err(), err)
		case <-h.process.Done():
			return errors.New("it ended at once")
		case <-ticker.C:
		}
	}
}

func containsState(stats []Stat, state State) bool {
	for _, stat := range stats {
		if stat.State == state {
			return true
		}
	}
	return false
}

// withPort chooses a free port for port 0: HAProxy does not tell its own choice.
func withPort(address string) (string, error) {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return "", fmt.Errorf("balancer: %w", err)
	}
	defer listener.Close()
	return listener.Addr().String(), nil
}

func (h *haproxy) file(name string) string { return filepath.Join(h.dir, name) }

func (h *haproxy) Address() string { return h.options.Listen }

func (h *haproxy) Stop() error {
	if h.process != nil {
		h.process.Stop(context.Background(), 5*time.Second)
	}
	h.starter.Close()
	return os.RemoveAll(h.dir)
}

func (h *haproxy) Deregister(ctx context.Context, target string) error {
	return h.setState(ctx, target, "drain")
}

func (h *haproxy) Register(ctx context.Context, target string) error {
	return h.setState(ctx, target, "ready")
}

func (h *haproxy) setState(ctx context.Context, target, state string) error {
	for _, backend := range backends(h.options) {
		answer, err := h.command(ctx, fmt.Sprintf("set server %s/%s state %s", backend, target, state))
		if err != nil {
			return err
		}
		if answer != "" { // success is silent
			return fmt.Errorf("haproxy: target %s: %s", target, answer)
		}
	}
	return nil
}

// Stats adds up the plain and the TLS side of each target; its state is that of
// the plain side, which is what the check asks.
func (h *haproxy) Stats(ctx context.Context) ([]Stat, error) {
	text, err := h.command(ctx, "show stat")
	if err != nil {
		return nil, err
	}
	rows, err := parseStats(text)
	if err != nil {
		return nil, fmt.Errorf("haproxy: show stat: %w", err)
	}
	stats := make([]Stat, len(h.options.Targets))
	for i, target := range h.options.Targets {
		stats[i] = Stat{Target: target.Name, State: Unused}
		for _, backend := range backends(h.options) {
			row, ok := rows[backend+"/"+target.Name]
			if !ok {
				return nil, fmt.Errorf("haproxy: show stat does not list target %s", target.Name)
			}
			stats[i].Requests += row.number("stot")
			stats[i].InFlight += row.number("scur")
			stats[i].Errors += row.number("econ") + row.number("eresp")
		}
		stats[i].State = rows[plainBackend+"/"+target.Name].state(stats[i].InFlight)
	}
	return stats, nil
}

// command sends one line to the runtime socket and returns the answer.
func (h *haproxy) command(ctx context.Context, line string) (string, error) {
	var dialer net.Dialer
	connection, err := dialer.DialContext(ctx, "unix", h.file("socket"))
	if err != nil {
		return "", fmt.Errorf("haproxy: %w", err)
	}
	defer connection.Close()
	if err := connection.SetDeadline(time.Now().Add(5 * time.Second)); err != nil {
		return "", fmt.Errorf("haproxy: %w", err)
	}
	if _, err := io.WriteString(connection, line+"\n"); err != nil {
		return "", fmt.Errorf("haproxy: %s: %w", line, err)
	}
	answer, err := io.ReadAll(connection)
	if err != nil {
		return "", fmt.Errorf("haproxy: %s: %w", line, err)
	}
	return strings.TrimSpace(string(answer)), nil
}

// statRow is a line of "show stat" by column name.
type statRow map[string]string

func parseStats(text string) (map[string]statRow, error) {
	reader := csv.NewReader(strings.NewReader(strings.TrimPrefix(text, "# ")))
	reader.FieldsPerRecord = -1
	records, err := reader.ReadAll()
	if err != nil {
		return nil, err
	}
	if len(records) == 0 {
		return nil, errors.New("empty")
	}
	rows := map[string]statRow{}
	for _, record := range records[1:] {
		row := statRow{}
		for i, name := range records[0] {
			if i < len(record) {
				row[name] = record[i]
			}
		}
		rows[row["pxname"]+"/"+row["svname"]] = row
	}
	return rows, nil
}

func (r statRow) number(column string) int64 {
	n, _ := strconv.ParseInt(r[column], 10, 64) // empty where it does not apply
	return n
}

// state reads columns whose text HAProxy's manual gives: status is UP, DOWN,
// DRAIN or MAINT, with the progress of a change ("UP 1/2", "DOWN 1/2");
// check_status is INI before the first check and starts with "* " during one.
func (r statRow) state(inFlight int64) State {
	status, check := r["status"], strings.TrimPrefix(r["check_status"], "* ")
	switch {
	case strings.HasPrefix(status, "DRAIN") && inFlight > 0:
		return Draining
	case strings.HasPrefix(status, "DRAIN"), strings.HasPrefix(status, "MAINT"):
		return Unused
	case check == "INI" || check == "":
		return Initial
	case strings.HasPrefix(status, "UP"):
		return Healthy
	default:
		return Unhealthy
	}
}

// RuntimeSocket is the path of the unix socket of a HAProxy's runtime API; empty for
// other balancers.
func RuntimeSocket(b Balancer) string {
	if h, ok := b.(*haproxy); ok {
		return h.file("socket")
	}
	return ""
}
