package elbv2_test

import (
	"strings"
	"testing"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/lb"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/lb/elbv2"
	aws "github.com/ingress-migrate/kubectl-ingress-migrate/test/sandbox/elbv2"
)

// account is one load balancer that forwards to v1.
func account(t *testing.T, balancer aws.Balancer, sticky bool) (*aws.Fake, string, *elbv2.Balancer) {
	t.Helper()
	fake := aws.New([]aws.Balancer{balancer}, []aws.Group{
		{Name: "v1", Sticky: sticky, Targets: map[string]string{"i-1": "healthy"}}, {Name: "v2", Targets: map[string]string{}}, {Name: "api"},
	})
	t.Cleanup(func() {
		fake.Close()
		for _, problem := range fake.Problems() {
			t.Error(problem)
		}
	})
	for name, value := range fake.Environment() {
		t.Setenv(name, value)
	}
	b, err := elbv2.New(t.Context(), lb.Sides{Old: "v1", New: aws.GroupArn("v2")})
	if err != nil {
		t.Fatal(err)
	}
	return fake, fake.AddListener(balancer.Name, 80, aws.Forward("v1")), b
}

var edge = aws.Balancer{Name: "edge", Type: "application"}

func host(name, group string) map[string]string {
	fields := aws.Forward(group)
	fields["Conditions.member.1.Field"], fields["Conditions.member.1.Values.member.1"] = "host-header", name
	return fields
}

// shift makes every change that leads from the original to a split.
func shift(t *testing.T, b *elbv2.Balancer, split lb.Split) error {
	t.Helper()
	original, err := b.Read(t.Context(), nil)
	if err != nil {
		return err
	}
	target, err := b.Plan(original, split)
	if err != nil {
		return err
	}
	for _, name := range lb.Names(original, target) {
		if err := b.Write(t.Context(), lb.Change{Part: name, From: original[name], To: target[name]}); err != nil {
			return err
		}
	}
	return nil
}

var tester = &lb.Header{Name: "X-Migrate", Value: "new"}

func TestWhatCannotBeShifted(t *testing.T) {
	oidc := host("a.test", "v1")
	for key, value := range map[string]string{
		"Type": "authenticate-oidc", "Order": "1", "AuthenticateOidcConfig.ClientId": "c", "AuthenticateOidcConfig.Issuer": "https://i",
		"AuthenticateOidcConfig.AuthorizationEndpoint": "https://i/a", "AuthenticateOidcConfig.TokenEndpoint": "https://i/t", "AuthenticateOidcConfig.UserInfoEndpoint": "https://i/u",
	} {
		oidc["Actions.member.2."+key] = oidc["Actions.member.1."+key]
		oidc["Actions.member.1."+key] = value
	}
	delete(oidc, "Actions.member.1.TargetGroupArn")
	oidc["Actions.member.2.TargetGroupArn"], oidc["Actions.member.2.Order"] = aws.GroupArn("v1"), "2"
	for key, value := range oidc {
		if value == "" {
			delete(oidc, key)
		}
	}
	two := host("a.test", "v1")
	delete(two, "Actions.member.1.TargetGroupArn")
	for i, group := range []string{"v1", "api"} {
		two["Actions.member.1.ForwardConfig.TargetGroups.member."+string(rune('1'+i))+".TargetGroupArn"] = aws.GroupArn(group)
	}
	for name, tc := range map[string]struct {
		balancer aws.Balancer
		sticky   bool
		rule     map[string]string
		priority int
		split    lb.Split
		want     string // empty: it can
	}{
		"as it is":              {balancer: edge, rule: host("a.test", "v1"), priority: 2, split: lb.Split{Header: tester, Weight: 5}},
		"network balancer":      {balancer: aws.Balancer{Name: "edge", Type: "network"}, want: "is of type network"},
		"sticky":                {balancer: edge, sticky: true, want: "target group v1 is sticky"},
		"divided already":       {balancer: edge, rule: two, priority: 2, want: "divides requests between v1 and other target groups"},
		"goes to both":          {balancer: edge, rule: host("a.test", "v2"), priority: 2, want: "names target group v2 already"},
		"no priority before":    {balancer: edge, rule: host("a.test", "v1"), priority: 1, split: lb.Split{Header: tester}, want: "has no free priority before it"},
		"weight without header": {balancer: edge, rule: host("a.test", "v1"), priority: 1, split: lb.Split{Weight: 5}},
		"login by OIDC":         {balancer: edge, rule: oidc, priority: 2, split: lb.Split{Header: tester}, want: "logs people in by OIDC"},
		"OIDC with weights":     {balancer: edge, rule: oidc, priority: 2, split: lb.Split{Weight: 5}},
		"wildcard":              {balancer: edge, split: lb.Split{Header: &lb.Header{Name: "X", Value: "a*"}}, want: "in which * and ? stand for others"},
	} {
		t.Run(name, func(t *testing.T) {
			fake, listener, b := account(t, tc.balancer, tc.sticky)
			if tc.rule != nil {
				fake.AddRule(listener, tc.priority, tc.rule)
			}
			before := fake.Dump()
			err := shift(t, b, tc.split)
			if tc.want == "" {
				if err != nil || fake.Dump() == before {
					t.Error("not shifted", err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("%v; want %q", err, tc.want)
			}
			if got := fake.Dump(); got != before {
				t.Errorf("something was written: %s", got)
			}
		})
	}
}

func TestDescribe(t *testing.T) {
	owned := edge
	owned.Tags = map[string]string{"elbv2.k8s.aws/cluster": "prod"}
	_, _, b := account(t, owned, false)
	facts, err := b.Describe(t.Context())
	if err != nil || facts.Owner != "the AWS Load Balancer Controller (tag elbv2.k8s.aws/cluster=prod)" || facts.Name != "ELB target groups v1 and v2" || facts.Unhealthy != 2 || facts.Interval.Seconds() != 30 {
		t.Errorf("%+v %v", facts, err)
	}
}

// A few throttled calls are tried again by the SDK, and nobody hears of it; when it does
// not end, the error says so.
func TestThrottling(t *testing.T) {
	fake, _, b := account(t, edge, false)
	throttled := 0
	fake.Before(func(action string) *aws.Error {
		if action == "ModifyListener" && throttled < 2 {
			throttled++
			return &aws.Error{Status: 400, Code: "Throttling", Message: "Rate exceeded"}
		}
		return nil
	})
	if err := shift(t, b, lb.Split{Weight: 5}); err != nil || throttled != 2 {
		t.Errorf("throttled %d times: %v", throttled, err)
	}
	fake.Before(func(string) *aws.Error { return &aws.Error{Status: 400, Code: "Throttling", Message: "Rate exceeded"} })
	if _, err := b.Health(t.Context(), lb.OldSide); err == nil || !strings.Contains(err.Error(), "retries did not help") {
		t.Errorf("throttled for ever: %v", err)
	}
}

// What is not allowed is named as policies name it.
func TestDenied(t *testing.T) {
	for _, denied := range []string{"DescribeTargetGroups", "DescribeTargetGroupAttributes", "DescribeLoadBalancers", "DescribeListeners", "DescribeRules", "ModifyListener", "ModifyRule", "CreateRule"} {
		t.Run(denied, func(t *testing.T) {
			fake, listener, b := account(t, edge, false)
			fake.AddRule(listener, 2, host("a.test", "v1"))
			fake.Before(func(action string) *aws.Error {
				if action != denied {
					return nil
				}
				return &aws.Error{Status: 403, Code: "AccessDenied", Message: "User: arn:aws:iam::123456789012:user/ops is not authorized to perform: elasticloadbalancing:" + action}
			})
			err := shift(t, b, lb.Split{Header: tester, Weight: 5})
			if err == nil || !strings.Contains(err.Error(), "the credentials lack the action elasticloadbalancing:"+denied+";") {
				t.Error(err)
			}
		})
	}
}

// Between the plan and the write somebody was quicker.
func TestRaces(t *testing.T) {
	fake, listener, b := account(t, edge, false)
	rule := fake.AddRule(listener, 7, host("a.test", "v1"))
	original, err := b.Read(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	target, err := b.Plan(original, lb.Split{Header: tester, Weight: 5})
	if err != nil {
		t.Fatal(err)
	}
	fake.Change(rule, map[string]string{"Conditions.member.1.Values.member.1": "b.test"})
	fake.Before(func(action string) *aws.Error {
		if action == "CreateRule" {
			return &aws.Error{Status: 400, Code: "PriorityInUse", Message: "Priority '6' is currently in use"}
		}
		return nil
	})
	for _, name := range lb.Names(target) {
		want := ""
		switch {
		case strings.HasPrefix(name, "rule "):
			want = "somebody else is changing it"
		case strings.HasPrefix(name, "header rule "):
			want = "another rule has that priority by now"
		default:
			continue
		}
		if err := b.Write(t.Context(), lb.Change{Part: name, From: original[name], To: target[name]}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v; want %q", name, err, want)
		}
	}
}

func TestNoRegion(t *testing.T) {
	for _, name := range []string{"AWS_REGION", "AWS_DEFAULT_REGION"} {
		t.Setenv(name, "")
	}
	t.Setenv("AWS_CONFIG_FILE", "/nonexistent")
	if _, err := elbv2.New(t.Context(), lb.Sides{Old: "v1", New: "v2"}); err == nil || !strings.Contains(err.Error(), "AWS_REGION") {
		t.Error(err)
	}
}
