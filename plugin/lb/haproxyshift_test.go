package lb_test

import (
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/lb"
)

// say gives the real HAProxy a command, as its operator would.
func (e *edge) say(command string) {
	e.t.Helper()
	connection, err := net.Dial("unix", strings.TrimPrefix(e.socket, "unix:"))
	if err != nil {
		e.t.Fatal(err)
	}
	defer connection.Close()
	if _, err := io.WriteString(connection, command+"\n"); err != nil {
		e.t.Fatal(err)
	}
	if answer, err := io.ReadAll(connection); err != nil || strings.TrimSpace(string(answer)) != "" {
		e.t.Fatalf("%s: %s %v", command, answer, err)
	}
}

// shares counts who answers so many requests.
func (e *edge) shares(n int) map[string]int {
	e.t.Helper()
	counts := map[string]int{}
	for range n {
		name, err := e.who("/")
		if err != nil {
			e.t.Fatal(err)
		}
		counts[name]++
	}
	return counts
}

func (e *edge) shifter(old, fresh string) *lb.HAProxyShifter {
	e.t.Helper()
	h, err := lb.NewHAProxyShifter([]string{e.socket}, lb.Sides{Old: old, New: fresh})
	if err != nil {
		e.t.Fatal(err)
	}
	return h
}

func TestHAProxyShifts(t *testing.T) {
	e := newEdge(t)
	h := e.shifter("plain/srv-edge-1", "plain/srv-edge-2")
	e.await(h.HAProxy, e.targets[0], lb.InService)
	e.await(h.HAProxy, e.targets[1], lb.InService)
	if _, err := h.Read(t.Context(), nil); err == nil || !strings.Contains(err.Error(), "the new side gets requests already") {
		t.Errorf("begun while both get requests: %v", err)
	}
	e.say("set weight plain/srv-edge-2 0")
	original, err := h.Read(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	current := original
	move := func(to lb.Parts) {
		t.Helper()
		for range 2 { // idempotent
			for _, name := range lb.Names(to) {
				if err := h.Write(t.Context(), lb.Change{Part: name, From: current[name], To: to[name]}); err != nil {
					t.Fatal(err)
				}
			}
		}
		if current, err = h.Read(t.Context(), to); err != nil {
			t.Fatal(err)
		}
		for _, name := range lb.Names(current, to) {
			if d := lb.Differences(to[name], current[name]); len(d) > 0 {
				t.Errorf("%s: %v", name, d)
			}
		}
	}
	for _, want := range []struct{ percent, old, fresh int }{{0, 40, 0}, {25, 30, 10}, {100, 0, 40}} {
		target, err := h.Plan(original, lb.Split{Weight: want.percent})
		if err != nil {
			t.Fatal(err)
		}
		move(target)
		if got := e.shares(40); got["edge-1"] != want.old || got["edge-2"] != want.fresh {
			t.Errorf("%d%%: %v", want.percent, got)
		}
	}
	move(original)
	if got := e.shares(8); got["edge-1"] != 8 {
		t.Errorf("after the way back: %v", got)
	}
	if _, err := h.Plan(original, lb.Split{Header: &lb.Header{Name: "X", Value: "y"}}); err == nil || !strings.Contains(err.Error(), "no rules for headers") {
		t.Errorf("a header: %v", err)
	}
}

// Without weight HAProxy calls a server draining, whose checks tell the truth.
func TestHAProxySideHealth(t *testing.T) {
	e := newEdge(t)
	h := e.shifter("plain/srv-edge-1", "plain/srv-edge-2")
	e.say("set weight plain/srv-edge-2 0")
	await := func(want lb.State) {
		t.Helper()
		deadline := time.Now().Add(time.Minute)
		for {
			targets, err := h.Health(t.Context(), lb.NewSide)
			if err != nil || len(targets) != 1 || targets[0].Target != "plain/srv-edge-2" {
				t.Fatalf("%v %v", targets, err)
			}
			if targets[0].State == want {
				return
			}
			if time.Now().After(deadline) {
				t.Fatalf("%v, not %s", targets, want)
			}
			time.Sleep(20 * time.Millisecond)
		}
	}
	await(lb.InService)
	e.sick.Store(true)
	await(lb.Unhealthy)
}

func TestHAProxySides(t *testing.T) {
	e := newEdge(t)
	for name, tc := range map[string]struct{ old, fresh, want string }{
		"both":     {"plain/srv-*", "plain/srv-edge-2", "is of both sides"},
		"none new": {"plain/srv-*", "plain/v2-*", "has no server of the new side"},
		"none old": {"plain/v1-*", "plain/srv-edge-9", ""},
	} {
		t.Run(name, func(t *testing.T) {
			parts, err := e.shifter(tc.old, tc.fresh).Read(t.Context(), nil)
			if tc.want == "" {
				if err != nil || len(parts) != 0 {
					t.Errorf("%v %v", parts, err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("%v; want %q", err, tc.want)
			}
		})
	}
	for _, bad := range []string{"", "web", "web/[", "a/b/c"} {
		if _, err := lb.NewHAProxyShifter(nil, lb.Sides{Old: bad, New: "web/x"}); err == nil {
			t.Errorf("%q is taken for a pattern", bad)
		}
	}
}

// TestHAProxyWeights: what weights come of servers and a percentage.
func TestHAProxyWeights(t *testing.T) {
	e := newEdge(t)
	h := e.shifter("web/o*", "web/n*")
	for name, tc := range map[string]struct {
		old     []string // weights
		news    int
		percent int
		want    string
	}{
		"one to one":          {[]string{"1"}, 1, 5, "o0=19 n0=1"},
		"nothing":             {[]string{"100"}, 1, 0, "o0=1 n0=0"},
		"everything":          {[]string{"100", "100"}, 1, 100, "o0=0 o1=0 n0=1"},
		"three to two":        {[]string{"1", "1", "1"}, 2, 10, "o0=6 o1=6 o2=6 n0=1 n1=1"},
		"proportions stay":    {[]string{"10", "30"}, 1, 50, "o0=1 o1=3 n0=4"},
		"as near as possible": {[]string{"256", "255"}, 1, 1, "o0=256 o1=255 n0=5"},
		"never none":          {[]string{"256", "255", "1"}, 1, 50, "o0=128 o1=128 o2=1 n0=256"},
	} {
		t.Run(name, func(t *testing.T) {
			original := lb.Parts{}
			var order []string
			add := func(server, side, weight string) {
				part := "server web/" + server + " of x"
				order = append(order, part)
				original[part] = []byte(`{"instance":"x","backend":"web","server":"` + server + `","side":"` + side + `","weight":` + weight + `}`)
			}
			for i, weight := range tc.old {
				add("o"+string(rune('0'+i)), "old", weight)
			}
			for i := range tc.news {
				add("n"+string(rune('0'+i)), "new", "0")
			}
			target, err := h.Plan(original, lb.Split{Weight: tc.percent})
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, part := range order {
				weight := string(target[part])
				weight = weight[strings.Index(weight, `"weight":`)+9 : len(weight)-1]
				got = append(got, strings.TrimSuffix(strings.TrimPrefix(part, "server web/"), " of x")+"="+weight)
			}
			if diff := cmp.Diff(tc.want, strings.Join(got, " ")); diff != "" {
				t.Errorf("-want +got: %s", diff)
			}
		})
	}
}
