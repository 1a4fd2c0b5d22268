package elbv2_test

import (
	"strings"
	"testing"
	"time"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/lb"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/lb/elbv2"
	aws "github.com/ingress-migrate/kubectl-ingress-migrate/test/sandbox/elbv2"
)

// nodesOf is an account whose load balancer forwards to the groups, all of them.
func nodesOf(t *testing.T, groups ...aws.Group) *aws.Fake {
	t.Helper()
	account := aws.New([]aws.Balancer{{Name: "edge", Type: "application"}}, groups)
	t.Cleanup(func() {
		account.Close()
		for _, problem := range account.Problems() {
			t.Error(problem)
		}
	})
	for name, value := range account.Environment() {
		t.Setenv(name, value)
	}
	for i, g := range groups {
		account.AddListener("edge", 80+i, aws.Forward(g.Name))
	}
	return account
}

var first = lb.Target{Node: "edge-1", Address: "10.0.0.1", Ports: []int32{8000, 8443}, ProviderID: "aws:///eu-central-1a/i-1"}

func TestDrains(t *testing.T) {
	for name, test := range map[string]struct {
		kind, id string
	}{"instances": {"", "i-1"}, "addresses": {"ip", "10.0.0.1"}} {
		t.Run(name, func(t *testing.T) {
			account := nodesOf(t,
				aws.Group{Name: "http", Type: test.kind, Targets: map[string]string{test.id + ":8000": "healthy", "i-2:8000": "healthy"}},
				aws.Group{Name: "https", Type: test.kind, Targets: map[string]string{test.id + ":8443": "healthy"}})
			target := first
			want := func(state lb.State) {
				t.Helper()
				// Made anew, as on another machine.
				got, why, err := elbv2.NewDrainer([]string{"http", "https"}).State(t.Context(), target)
				if err != nil || got != state {
					t.Errorf("%s (%s) %v, want %s", got, why, err, state)
				}
			}
			want(lb.InService)
			d := elbv2.NewDrainer([]string{"http", aws.GroupArn("https")})
			original, err := d.Remember(t.Context(), target)
			if err != nil {
				t.Fatal(err)
			}
			target.Original = original
			for range 2 { // idempotent
				if err := d.Drain(t.Context(), target); err != nil {
					t.Fatal(err)
				}
				want(lb.Draining)
			}
			account.Settle()
			want(lb.Out)
			if got := account.Targets("http"); got != "i-2:8000 healthy" {
				t.Errorf("left: %s", got)
			}
			d = elbv2.NewDrainer([]string{"http", "https"})
			for range 2 {
				if err := d.Undrain(t.Context(), target); err != nil {
					t.Fatal(err)
				}
				want(lb.Initial)
			}
			account.Settle()
			want(lb.InService)
			if got := account.Targets("http") + "; " + account.Targets("https"); !strings.Contains(got, test.id+":8000 healthy") || !strings.HasSuffix(got, "; "+test.id+":8443 healthy") {
				t.Errorf("in the end: %s", got)
			}
		})
	}
}

// TestDrainedHalf: a command that died between two groups is finished, either way.
func TestDrainedHalf(t *testing.T) {
	account := nodesOf(t, aws.Group{Name: "http", Targets: map[string]string{"i-1:8000": "healthy"}}, aws.Group{Name: "https", Targets: map[string]string{"i-1:8443": "healthy"}})
	d := elbv2.NewDrainer([]string{"http", "https"})
	target := first
	var err error
	if target.Original, err = d.Remember(t.Context(), target); err != nil {
		t.Fatal(err)
	}
	refuse := func(nth int, action string) {
		account.Before(func(called string) *aws.Error {
			if called != action {
				return nil
			}
			if nth--; nth >= 0 {
				return nil
			}
			return &aws.Error{Status: 403, Code: "AccessDenied", Message: "no"}
		})
	}
	refuse(1, "DeregisterTargets")
	if err := d.Drain(t.Context(), target); err == nil || !strings.Contains(err.Error(), "the credentials lack the action elasticloadbalancing:DeregisterTargets") {
		t.Fatal(err)
	}
	account.Settle()
	if state, why, err := d.State(t.Context(), target); state != lb.Unknown || err != nil || !strings.Contains(why, "is not in target group http") {
		t.Errorf("half: %s (%s) %v", state, why, err)
	}
	refuse(1, "DeregisterTargets")
	if err := d.Drain(t.Context(), target); err != nil {
		t.Fatal(err)
	}
	account.Settle()
	refuse(1, "RegisterTargets")
	if err := d.Undrain(t.Context(), target); err == nil {
		t.Fatal("registered in both")
	}
	account.Before(nil)
	if err := d.Undrain(t.Context(), target); err != nil {
		t.Fatal(err)
	}
	account.Settle()
	if state, why, err := d.State(t.Context(), target); state != lb.InService || err != nil {
		t.Errorf("in the end: %s (%s) %v", state, why, err)
	}
}

// TestRegisteredOtherwise: what somebody else does meanwhile is neither undone nor added to.
func TestRegisteredOtherwise(t *testing.T) {
	account := nodesOf(t, aws.Group{Name: "http", Targets: map[string]string{"i-1:8000": "healthy"}})
	d := elbv2.NewDrainer([]string{"http"})
	target := first
	if err := d.Drain(t.Context(), target); err == nil || !strings.Contains(err.Error(), "nothing is remembered") {
		t.Errorf("drained without memory: %v", err)
	}
	var err error
	if target.Original, err = d.Remember(t.Context(), target); err != nil {
		t.Fatal(err)
	}
	account.SetHealth("http", "i-1:9000", "healthy")
	for name, do := range map[string]func() error{
		"drain": func() error { return d.Drain(t.Context(), target) }, "undrain": func() error { return d.Undrain(t.Context(), target) },
	} {
		if err := do(); err == nil || !strings.Contains(err.Error(), "somebody else has registered i-1:9000 in target group http since: nothing was written") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if got := account.Targets("http"); got != "i-1:8000 healthy, i-1:9000 healthy" {
		t.Errorf("written: %s", got)
	}
}

func TestTargetsThatAreNotThere(t *testing.T) {
	nodesOf(t, aws.Group{Name: "http", Targets: map[string]string{"i-1:30080": "healthy"}}, aws.Group{Name: "functions", Type: "lambda"}, aws.Group{Name: "ips", Type: "ip"})
	for name, test := range map[string]struct {
		group  string
		target lb.Target
		want   string
	}{
		"another port": {"http", first, "has node edge-1 with port 30080, which is none of the proxies' host ports"},
		"no instance":  {"http", lb.Target{Node: "edge-1", ProviderID: "kind://docker/kind/edge-1"}, `node edge-1 tells no instance of AWS (spec.providerID is "kind://docker/kind/edge-1")`},
		"no address":   {"ips", lb.Target{Node: "edge-1"}, "node edge-1 has no internal address"},
		"functions":    {"functions", first, "of type lambda"},
		"no group":     {"nosuch", first, "could not look for target group nosuch"},
	} {
		t.Run(name, func(t *testing.T) {
			if state, _, err := elbv2.NewDrainer([]string{test.group}).State(t.Context(), test.target); state != lb.Unknown || err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("%s %v, want %q", state, err, test.want)
			}
		})
	}
	other := lb.Target{Node: "edge-2", ProviderID: "aws:///eu-central-1a/i-2"}
	d := elbv2.NewDrainer([]string{"http"})
	if state, why, err := d.State(t.Context(), other); state != lb.Out || err != nil {
		t.Errorf("%s (%s) %v", state, why, err)
	}
	if _, err := d.Remember(t.Context(), other); err == nil || !strings.Contains(err.Error(), "is in none of the target groups http") {
		t.Errorf("remembered: %v", err)
	}
}

// TestTargetGroupFacts: owners are named by the tags of groups as by those of balancers.
func TestTargetGroupFacts(t *testing.T) {
	nodesOf(t, aws.Group{Name: "http", Sticky: true, Targets: map[string]string{}}, aws.Group{Name: "https", Tags: map[string]string{"elbv2.k8s.aws/cluster": "prod"}, Targets: map[string]string{}})
	facts, err := elbv2.NewDrainer([]string{"http", "https"}).Describe(t.Context())
	want := lb.Facts{
		Name: "ELB target groups http, https", Interval: 30 * time.Second, Timeout: 6 * time.Second, Healthy: 5, Unhealthy: 2,
		DeregistrationDelay: 2 * time.Minute, Sticky: true, Owner: "the AWS Load Balancer Controller (tag elbv2.k8s.aws/cluster=prod)", Reverts: true,
	}
	if err != nil || facts != want {
		t.Errorf("%+v %v", facts, err)
	}
}
