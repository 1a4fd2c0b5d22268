package lb_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/lb"
)

// program writes a program that keeps what it is asked in a file and then does as told.
func program(t *testing.T, script string) (command []string, asked func() string) {
	t.Helper()
	dir := t.TempDir()
	path, log := filepath.Join(dir, "lb"), filepath.Join(dir, "asked")
	if err := os.WriteFile(path, []byte("#!/bin/sh\ncat >'"+log+"'\n"+script+"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	return []string{path}, func() string {
		text, err := os.ReadFile(log)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
}

var node = lb.Target{Node: "edge-1", Address: "10.0.0.1", Ports: []int32{80, 443}}

func TestExecRequests(t *testing.T) {
	const target = `"target":{"node":"edge-1","address":"10.0.0.1","ports":[80,443]}`
	for verb, tc := range map[string]struct {
		script string
		call   func(*lb.Exec) error
		rest   string
	}{
		"drain":    {"", func(e *lb.Exec) error { return e.Drain(t.Context(), node) }, "," + target},
		"undrain":  {"echo '{}'", func(e *lb.Exec) error { return e.Undrain(t.Context(), node) }, "," + target},
		"state":    {`echo '{"state":"Out"}'`, func(e *lb.Exec) error { _, _, err := e.State(t.Context(), node); return err }, "," + target},
		"describe": {"echo '{}'", func(e *lb.Exec) error { _, err := e.Describe(t.Context()); return err }, ""},
	} {
		t.Run(verb, func(t *testing.T) {
			command, asked := program(t, tc.script)
			if err := tc.call(lb.NewExec(command)); err != nil {
				t.Fatal(err)
			}
			want := `{"apiVersion":"loadbalancer.ingress-migrate.io/v1alpha1","verb":"` + verb + `"` + tc.rest + `}`
			if got := asked(); got != want {
				t.Errorf("asked %s, want %s", got, want)
			}
		})
	}
}

func TestExecAnswers(t *testing.T) {
	command, _ := program(t, `echo '{"state":"Draining","why":"3 \u001b[31mrequests","name":"big iron","interval":"5s","deregistrationDelay":"1m","unhealthy":2,"owner":"terraform"}'`)
	e := lb.NewExec(command)
	state, why, err := e.State(t.Context(), node)
	if err != nil || state != lb.Draining || why != "3 [31mrequests" {
		t.Errorf("state %q %q %v", state, why, err)
	}
	facts, err := e.Describe(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := lb.Facts{Name: "big iron", Interval: 5 * time.Second, Unhealthy: 2, DeregistrationDelay: time.Minute, Owner: "terraform"}
	if diff := cmp.Diff(want, facts); diff != "" {
		t.Errorf("facts (-want +got): %s", diff)
	}
}

func TestExecFailures(t *testing.T) {
	for name, tc := range map[string]struct{ script, want string }{
		"status":           {"echo 'pool is \033[1mlocked' >&2; exit 3", "asked to state: exit status 3: pool is [1mlocked"},
		"no output":        {"", "not one JSON object"},
		"no JSON":          {"echo ok", "not one JSON object"},
		"two objects":      {`echo '{"state":"Out"}{}'`, "more than one JSON object"},
		"unknown state":    {`echo '{"state":"fine"}'`, `state is "fine"`},
		"too much":         {"yes | head -c 2000000", "more than 1048576 bytes"},
		"no such program":  {"", "no such file"},
		"lower-case state": {`echo '{"state":"out"}'`, `state is "out"`},
	} {
		t.Run(name, func(t *testing.T) {
			command, _ := program(t, tc.script)
			if name == "no such program" {
				command = []string{"/nonexistent/lb"}
			}
			state, _, err := lb.NewExec(command).State(t.Context(), node)
			if err == nil || !strings.Contains(err.Error(), tc.want) || state != lb.Unknown {
				t.Errorf("%s, %v; want an error with %q", state, err, tc.want)
			}
		})
	}
}

func TestParse(t *testing.T) {
	for value, want := range map[string]string{
		"":                           "",
		"passive":                    "",
		"passive:x":                  "takes nothing",
		"haproxy":                    "name the runtime socket",
		"haproxy:":                   "name the runtime socket",
		"haproxy:10.0.0.1:9999,":     "name the runtime socket",
		"haproxy:unix:/run/a.sock":   "",
		"haproxy:10.0.0.1:1,unix:/b": "",
		"exec:":                      "name the program",
		"exec:./lb --pool edge":      "",
		"node-label:90s":             "",
		"node-label":                 "say how long the cloud takes",
		"node-label:-1s":             "say how long the cloud takes",
		"f5:x":                       `unknown load balancer "f5"`,
	} {
		drainer, err := lb.Parse(value, nil)
		switch {
		case want == "" && err != nil:
			t.Errorf("%s: %v", value, err)
		case want != "" && (err == nil || !strings.Contains(err.Error(), want)):
			t.Errorf("%s: %v, want %q", value, err, want)
		case want == "" && (drainer == nil) != (value == "" || value == "passive"):
			t.Errorf("%s: %v", value, drainer)
		}
	}
}
