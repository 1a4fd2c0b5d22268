package lb

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"
)

// HAProxy takes nodes out of rotation over HAProxy's runtime API (management guide,
// section 9.3 "Unix Socket commands"), of one instance or several with the same servers.
// Its socket must have "level admin". A node's servers are those with its address and one
// of its ports, or else those that are called as the node.
type HAProxy struct {
	addresses []string // unix:/path or host:port
}

// runtimeTimeout bounds one command.
const runtimeTimeout = 5 * time.Second

// NewHAProxy returns the HAProxies whose runtime sockets are at the given addresses.
func NewHAProxy(addresses []string) *HAProxy { return &HAProxy{addresses} }

// server is one of HAProxy's, in one backend of one instance.
type server struct {
	instance, backend, name, address string
	port                             int32
	admin                            adminState
	weight                           int // as set, not as slow start has it
}

func (s server) path() string { return s.backend + "/" + s.name }

// adminState are bits of srv_admin_state (HAProxy, include/haproxy/server-t.h).
type adminState int

const (
	forcedMaintenance adminState = 0x01
	forcedDrain       adminState = 0x08
)

// Describe implements Drainer. The interval of checks cannot be asked for.
func (h *HAProxy) Describe(ctx context.Context) (Facts, error) {
	facts := Facts{Name: "HAProxy at " + strings.Join(h.addresses, ", ")}
	for _, instance := range h.addresses {
		rows, err := h.stats(ctx, instance)
		if err != nil {
			return facts, err
		}
		for _, row := range rows {
			// The slowest of all: whoever waits for it has waited for the others.
			facts.Healthy = max(facts.Healthy, int(row.number("check_rise")))
			facts.Unhealthy = max(facts.Unhealthy, int(row.number("check_fall")))
		}
	}
	return facts, nil
}

// Drain implements Drainer.
func (h *HAProxy) Drain(ctx context.Context, target Target) error {
	servers, err := h.of(ctx, target)
	if err != nil {
		return err
	}
	for _, s := range servers {
		if s.admin&forcedMaintenance != 0 {
			return fmt.Errorf("server %s of HAProxy at %s is in maintenance, which is not ours to end: set it ready, or leave node %s out", s.path(), s.instance, target.Node)
		}
	}
	return h.setAll(ctx, servers, "drain")
}

// Undrain implements Drainer.
func (h *HAProxy) Undrain(ctx context.Context, target Target) error {
	servers, err := h.of(ctx, target)
	if err != nil {
		return err
	}
	servers = slices.DeleteFunc(servers, func(s server) bool { return s.admin&forcedDrain == 0 })
	return h.setAll(ctx, servers, "ready")
}

func (h *HAProxy) setAll(ctx context.Context, servers []server, state string) error {
	var problems []error // of one instance: the others must hear of it all the same
	for _, s := range servers {
		problems = append(problems, h.set(ctx, s, state))
	}
	return errors.Join(problems...)
}

func (h *HAProxy) set(ctx context.Context, s server, state string) error {
	answer, err := h.command(ctx, s.instance, "set server "+s.path()+" state "+state)
	if err != nil {
		return err
	}
	if answer != "" { // success is silent
		return fmt.Errorf("HAProxy at %s does not set server %s to %s: %s", s.instance, s.path(), state, printable(answer))
	}
	return nil
}

// State implements Drainer: that of all servers of the node, if they agree.
func (h *HAProxy) State(ctx context.Context, target Target) (State, string, error) {
	states, err := h.States(ctx, []Target{target})
	if err != nil {
		return Unknown, "", err
	}
	return states[0].State, states[0].Why, states[0].Err
}

// States implements Lister: two commands to each instance, however many targets.
func (h *HAProxy) States(ctx context.Context, targets []Target) ([]TargetState, error) {
	all, err := h.servers(ctx)
	if err != nil {
		return nil, err
	}
	rows := map[string]statRow{} // by path in an instance
	for _, instance := range h.addresses {
		some, err := h.stats(ctx, instance)
		if err != nil {
			return nil, err
		}
		for _, row := range some {
			rows[instance+" "+row["pxname"]+"/"+row["svname"]] = row
		}
	}
	states := make([]TargetState, 0, len(targets))
	for _, target := range targets {
		states = append(states, h.stateOf(target, all, rows))
	}
	return states, nil
}

func (h *HAProxy) stateOf(target Target, all []server, rows map[string]statRow) TargetState {
	servers, err := h.among(all, target)
	if err != nil {
		return TargetState{State: Unknown, Err: err}
	}
	state, why := State(""), ""
	for _, s := range servers {
		row, ok := rows[s.instance+" "+s.path()]
		if !ok {
			return TargetState{State: Unknown, Err: fmt.Errorf("HAProxy at %s lists server %s and has no statistics of it", s.instance, s.path())}
		}
		one, text := row.state()
		text = s.path() + " " + text
		switch {
		case state == "" || state == one:
			if state, why = one, text; one == Draining {
				return TargetState{State: one, Why: why}
			}
		case one == Draining:
			return TargetState{State: one, Why: text}
		default:
			return TargetState{State: Unknown, Why: why + ", " + text}
		}
	}
	return TargetState{State: state, Why: why}
}

// of finds the servers of a node in every instance.
func (h *HAProxy) of(ctx context.Context, target Target) ([]server, error) {
	all, err := h.servers(ctx)
	if err != nil {
		return nil, err
	}
	return h.among(all, target)
}

// among finds the servers of a node in every instance; none in one is an error.
func (h *HAProxy) among(all []server, target Target) ([]server, error) {
	var found []server
	for _, instance := range h.addresses {
		own := func(s server) bool { return s.instance == instance }
		some := only(all, func(s server) bool {
			return own(s) && s.address == target.Address && (len(target.Ports) == 0 || slices.Contains(target.Ports, s.port))
		})
		if len(some) == 0 {
			some = only(all, func(s server) bool { return own(s) && s.name == target.Node })
		}
		if len(some) == 0 {
			return nil, fmt.Errorf("HAProxy at %s has no server with address %s and a port of %v, and none called %s: is it the load balancer of this node?", instance, target.Address, target.Ports, target.Node)
		}
		found = append(found, some...)
	}
	return found, nil
}

func only(all []server, wanted func(server) bool) []server {
	var some []server
	for _, s := range all {
		if wanted(s) {
			some = append(some, s)
		}
	}
	return some
}

// servers lists those of every instance.
func (h *HAProxy) servers(ctx context.Context) ([]server, error) {
	var servers []server
	for _, instance := range h.addresses {
		text, err := h.command(ctx, instance, "show servers state")
		if err != nil {
			return nil, err
		}
		some, err := parseServers(instance, text)
		if err != nil {
			return nil, fmt.Errorf("HAProxy at %s, asked for its servers: %w", instance, err)
		}
		servers = append(servers, some...)
	}
	return servers, nil
}

// parseServers reads the answer to "show servers state": a version, a line of column
// names and one line per server, separated by blanks.
func parseServers(instance, text string) ([]server, error) {
	lines := strings.Split(text, "\n")
	if len(lines) < 2 || !strings.HasPrefix(lines[1], "# ") {
		return nil, fmt.Errorf("unknown answer: %s", printable(text))
	}
	columns := strings.Fields(lines[1][2:])
	var servers []server
	for _, line := range lines[2:] {
		fields := strings.Fields(line)
		if len(fields) == 0 {
			continue
		}
		row := map[string]string{}
		for i, name := range columns {
			if i < len(fields) {
				row[name] = fields[i]
			}
		}
		port, errPort := strconv.ParseInt(row["srv_port"], 10, 32)
		admin, errAdmin := strconv.Atoi(row["srv_admin_state"])
		weight, errWeight := strconv.Atoi(row["srv_uweight"])
		if row["be_name"] == "" || row["srv_name"] == "" || errPort != nil || errAdmin != nil || errWeight != nil {
			return nil, fmt.Errorf("unknown line: %s", printable(line))
		}
		servers = append(servers, server{instance, row["be_name"], row["srv_name"], row["srv_addr"], int32(port), adminState(admin), weight})
	}
	return servers, nil
}

// statRow is a line of "show stat" by column name.
type statRow map[string]string

func (h *HAProxy) stats(ctx context.Context, instance string) ([]statRow, error) {
	text, err := h.command(ctx, instance, "show stat")
	if err != nil {
		return nil, err
	}
	reader := csv.NewReader(strings.NewReader(strings.TrimPrefix(text, "# ")))
	reader.FieldsPerRecord = -1
	records, err := reader.ReadAll()
	if err != nil || len(records) == 0 {
		return nil, fmt.Errorf("HAProxy at %s, asked for its statistics: unknown answer: %s", instance, printable(text))
	}
	var rows []statRow
	for _, record := range records[1:] {
		row := statRow{}
		for i, name := range records[0] {
			if i < len(record) {
				row[name] = record[i]
			}
		}
		rows = append(rows, row)
	}
	return rows, nil
}

func (r statRow) number(column string) int64 {
	n, _ := strconv.ParseInt(r[column], 10, 64) // empty where it does not apply
	return n
}

// state reads columns whose texts the management guide gives, section 9.1: status is UP,
// DOWN, NOLB, MAINT, DRAIN or "no check", with the progress of a change ("UP 1/2");
// check_status is INI before the first check and begins with "* " during one.
func (r statRow) state() (State, string) {
	status, check := r["status"], strings.TrimPrefix(r["check_status"], "* ")
	underWay := r.number("scur") + r.number("qcur")
	switch {
	case (strings.HasPrefix(status, "DRAIN") || strings.HasPrefix(status, "MAINT")) && underWay > 0:
		return Draining, fmt.Sprintf("has %d requests under way", underWay)
	case strings.HasPrefix(status, "DRAIN"), strings.HasPrefix(status, "MAINT"):
		return Out, "is " + status
	case status == "no check":
		return InService, "is not checked"
	case check == "INI":
		return Initial, "is not checked yet"
	case strings.HasPrefix(status, "UP"):
		return InService, "is " + status
	}
	return Unhealthy, "is " + status + " " + check
}

// command sends one line to a runtime socket and returns the answer.
func (h *HAProxy) command(ctx context.Context, instance, line string) (string, error) {
	answer, err := h.converse(ctx, instance, line)
	if err != nil {
		return "", fmt.Errorf("ask HAProxy at %s to %q: %w", instance, line, err)
	}
	if strings.HasPrefix(answer, "Unknown command") || strings.HasPrefix(answer, "Permission denied") {
		return "", fmt.Errorf("HAProxy at %s refuses %q: its socket needs \"level admin\" (%s)", instance, line, printable(answer))
	}
	return answer, nil
}

func (h *HAProxy) converse(ctx context.Context, instance, line string) (string, error) {
	network, address := "tcp", instance
	if path, ok := strings.CutPrefix(instance, "unix:"); ok {
		network, address = "unix", path
	}
	ctx, cancel := context.WithTimeout(ctx, runtimeTimeout)
	defer cancel()
	var dialer net.Dialer
	connection, err := dialer.DialContext(ctx, network, address)
	if err != nil {
		return "", err
	}
	defer connection.Close()
	stop := context.AfterFunc(ctx, func() { _ = connection.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	if _, err := io.WriteString(connection, line+"\n"); err != nil {
		return "", err
	}
	answer, err := io.ReadAll(connection)
	return strings.TrimSpace(string(answer)), err
}
