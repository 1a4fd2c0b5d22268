package lb_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/lb"
)

var sides = lb.Sides{Old: "pool-1", New: "pool-2"}

func TestExecShift(t *testing.T) {
	const head = `{"apiVersion":"loadbalancer.ingress-migrate.io/v1alpha1","verb":`
	const both = `,"sides":{"old":"pool-1","new":"pool-2"}`
	for verb, tc := range map[string]struct {
		script string
		call   func(*lb.ExecShifter) error
		rest   string
	}{
		"split":  {`echo '{"split":{"weight":0}}'`, func(e *lb.ExecShifter) error { _, err := e.Read(t.Context(), nil); return err }, both},
		"health": {`echo '{"targets":[{"target":"a","state":"InService"}]}'`, func(e *lb.ExecShifter) error { _, err := e.Health(t.Context(), lb.NewSide); return err }, both + `,"side":"new"`},
		"shift": {"", func(e *lb.ExecShifter) error {
			from, err := e.Plan(nil, lb.Split{})
			if err != nil {
				return err
			}
			to, err := e.Plan(nil, lb.Split{Header: &lb.Header{Name: "X-New", Value: "1"}, Weight: 5})
			if err != nil {
				return err
			}
			return e.Write(t.Context(), lb.Change{Part: "split", From: from["split"], To: to["split"]})
		}, both + `,"from":{"weight":0},"split":{"header":{"name":"X-New","value":"1"},"weight":5}`},
	} {
		t.Run(verb, func(t *testing.T) {
			command, asked := program(t, tc.script)
			if err := tc.call(lb.NewExecShifter(command, sides)); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(head+`"`+verb+`"`+tc.rest+"}", asked()); diff != "" {
				t.Errorf("-want +got: %s", diff)
			}
		})
	}
}

func TestExecShiftAnswers(t *testing.T) {
	for name, tc := range map[string]struct{ script, want string }{
		"no split":       {"echo '{}'", "its answer has no split"},
		"weight":         {`echo '{"split":{"weight":101}}'`, "weight is 101, not 0 to 100"},
		"begun":          {`echo '{"split":{"weight":5}}'`, "the new side gets requests already"},
		"header already": {`echo '{"split":{"header":{"name":"a","value":"b"},"weight":0}}'`, "0% new, header a=b"},
		"status":         {"echo locked >&2; exit 3", "asked to split: exit status 3: locked"},
	} {
		t.Run(name, func(t *testing.T) {
			command, _ := program(t, tc.script)
			if _, err := lb.NewExecShifter(command, sides).Read(t.Context(), nil); err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("%v; want %q", err, tc.want)
			}
		})
	}
	command, _ := program(t, `echo '{"targets":[{"target":"a","state":"fine"}]}'`)
	if _, err := lb.NewExecShifter(command, sides).Health(t.Context(), lb.OldSide); err == nil || !strings.Contains(err.Error(), `state of target "a" is "fine"`) {
		t.Errorf("an unknown state: %v", err)
	}
}
