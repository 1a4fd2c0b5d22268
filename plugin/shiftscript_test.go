package plugin_test

import (
	"strings"
	"sync"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/ingress-migrate/kubectl-ingress-migrate/test/sandbox/elbv2"
)

// elb starts an account of AWS for the rest of a script: load balancer edge, whose
// listener 443 forwards to target group v1 and has a rule for shop.test. Afterwards
//
//	elb health GROUP STATE   sets the state of the group's target
//	elb weight N             changes v2's weight in the rule, as somebody else would
//	elb deny ACTION          is not allowed any more; none: all is
//	elb original             wants that everything is as it was
func elb() func(*testscript.TestScript, bool, []string) {
	var accounts sync.Map // by script: they run side by side
	return func(ts *testscript.TestScript, _ bool, args []string) {
		if len(args) == 0 {
			accounts.Store(ts, newAccount(ts))
			return
		}
		found, ok := accounts.Load(ts)
		if !ok {
			ts.Fatalf("elb without arguments comes first")
		}
		a := found.(*account)
		switch args[0] {
		case "health":
			a.SetHealth(args[1], "i-1", args[2])
		case "weight":
			a.Change(a.rule, map[string]string{"Actions.member.1.ForwardConfig.TargetGroups.member.2.Weight": args[1]})
		case "deny":
			a.Before(func(action string) *elbv2.Error {
				if action != args[1] {
					return nil
				}
				return &elbv2.Error{Status: 403, Code: "AccessDenied", Message: "User: arn:aws:iam::123456789012:user/ops is not authorized to perform: elasticloadbalancing:" + action}
			})
		case "original":
			if got := a.Dump(); got != a.original {
				ts.Fatalf("not as it was:\n%s\nwant\n%s", got, a.original)
			}
		default:
			ts.Fatalf("elb %s?", args[0])
		}
		if problems := a.Problems(); len(problems) > 0 {
			ts.Fatalf("%s", strings.Join(problems, "\n"))
		}
	}
}

type account struct {
	*elbv2.Fake
	rule, original string
}

func newAccount(ts *testscript.TestScript) *account {
	fake := elbv2.New([]elbv2.Balancer{{Name: "edge", Type: "application"}}, []elbv2.Group{
		{Name: "v1", Targets: map[string]string{"i-1": "healthy"}}, {Name: "v2", Targets: map[string]string{"i-1": "healthy"}},
	})
	ts.Defer(fake.Close)
	for name, value := range fake.Environment() {
		ts.Setenv(name, value)
	}
	listener := fake.AddListener("edge", 443, elbv2.Forward("v1"))
	shop := elbv2.Forward("v1")
	shop["Conditions.member.1.Field"], shop["Conditions.member.1.HostHeaderConfig.Values.member.1"] = "host-header", "shop.test"
	a := &account{Fake: fake, rule: fake.AddRule(listener, 10, shop)}
	a.original = fake.Dump()
	return a
}
