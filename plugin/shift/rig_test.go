package shift_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/fake"
	clienttesting "k8s.io/client-go/testing"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/lb"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/lb/elbv2"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/shift"
	aws "github.com/ingress-migrate/kubectl-ingress-migrate/test/sandbox/elbv2"
)

// rig is a load balancer of AWS with two listeners and some rules, and where records go.
type rig struct {
	*testing.T
	aws         *aws.Fake
	client      *fake.Clientset
	http, https string // listeners
	shop, admin string // rules
	original    string
	// left is how many calls may still be made before everything fails; negative: all.
	left atomic.Int64
	// spent counts them.
	spent atomic.Int64
}

const unlimited = -1

var errKilled = errors.New("killed")

func newRig(t *testing.T) *rig {
	t.Helper()
	r := &rig{T: t, client: fake.NewClientset()}
	r.aws = aws.New([]aws.Balancer{{Name: "edge", Type: "application"}}, []aws.Group{
		{Name: "v1", Targets: map[string]string{"i-1": "healthy", "i-2": "healthy"}},
		{Name: "v2", Targets: map[string]string{"i-1": "healthy", "i-2": "healthy"}},
		{Name: "api", Targets: map[string]string{}},
	})
	t.Cleanup(func() {
		r.aws.Close()
		for _, problem := range r.aws.Problems() {
			t.Error(problem)
		}
	})
	for name, value := range r.aws.Environment() {
		t.Setenv(name, value)
	}
	r.http = r.aws.AddListener("edge", 80, map[string]string{"Actions.member.1.Type": "redirect", "Actions.member.1.RedirectConfig.Protocol": "HTTPS", "Actions.member.1.RedirectConfig.StatusCode": "HTTP_301"})
	r.https = r.aws.AddListener("edge", 443, aws.Forward("v1"))
	r.aws.AddRule(r.https, 5, with(aws.Forward("api"), "Conditions.member.1.Field", "path-pattern", "Conditions.member.1.PathPatternConfig.Values.member.1", "/api/*"))
	r.shop = r.aws.AddRule(r.https, 10, with(aws.Forward("v1"), "Conditions.member.1.Field", "host-header", "Conditions.member.1.HostHeaderConfig.Values.member.1", "shop.test"))
	r.admin = r.aws.AddRule(r.https, 20, map[string]string{
		"Conditions.member.1.Field": "host-header", "Conditions.member.1.HostHeaderConfig.Values.member.1": "admin.test",
		"Actions.member.1.Type": "authenticate-cognito", "Actions.member.1.Order": "1",
		"Actions.member.1.AuthenticateCognitoConfig.UserPoolArn":      "arn:aws:cognito-idp:eu-central-1:123456789012:userpool/x",
		"Actions.member.1.AuthenticateCognitoConfig.UserPoolClientId": "c", "Actions.member.1.AuthenticateCognitoConfig.UserPoolDomain": "d",
		"Actions.member.2.Type": "forward", "Actions.member.2.Order": "2", "Actions.member.2.TargetGroupArn": aws.GroupArn("v1"),
	})
	r.original = r.aws.Dump()
	r.left.Store(unlimited)
	r.client.PrependReactor("*", "*", func(clienttesting.Action) (bool, runtime.Object, error) {
		if !r.spend() {
			return true, nil, errKilled
		}
		return false, nil, nil
	})
	r.aws.Before(func(string) *aws.Error {
		if !r.spend() {
			return &aws.Error{Status: 403, Code: "Killed", Message: "killed"}
		}
		return nil
	})
	return r
}

func with(fields map[string]string, more ...string) map[string]string {
	for i := 0; i < len(more); i += 2 {
		fields[more[i]] = more[i+1]
	}
	return fields
}

func (r *rig) spend() bool {
	r.spent.Add(1)
	switch r.left.Load() {
	case unlimited:
		return true
	case 0:
		return false
	}
	r.left.Add(-1)
	return true
}

// lease is held until its patience, if it has one, is at an end.
type lease struct{ patience *int }

func (l lease) Check(context.Context) error {
	if l.patience == nil {
		return nil
	}
	if *l.patience--; *l.patience < 0 {
		return errLost
	}
	return nil
}

func (lease) Release(context.Context) {}

var errLost = errors.New("lost the lease")

// engine is made anew for every command, as on another machine.
func (r *rig) engine() *shift.Engine {
	sides := lb.Sides{Old: "v1", New: "v2"}
	balancer, err := elbv2.New(r.Context(), sides)
	if err != nil {
		r.Fatal(err)
	}
	return &shift.Engine{
		Shifter: balancer, Store: &shift.Store{Client: r.client, Namespace: "edge"}, LoadBalancer: "aws", Identity: "aws", Sides: sides,
		Holder: "ops@bastion", Now: func() time.Time { return time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC) },
		Acquire: func(context.Context) (shift.Lease, error) { return lease{}, nil },
	}
}

func (r *rig) do(request shift.Request) (*shift.Plan, error) {
	if request.MinHealthy == 0 {
		request.MinHealthy = 100
	}
	e := r.engine()
	plan, err := e.Plan(r.Context(), request)
	if err != nil {
		return nil, err
	}
	_, err = e.Do(r.Context(), request, plan)
	return plan, err
}

func (r *rig) must(request shift.Request) {
	r.Helper()
	if _, err := r.do(request); err != nil {
		r.Fatal(err)
	}
}

func weight(n int) shift.Request { return shift.Request{Weight: &n} }

var (
	header = shift.Request{Header: &lb.Header{Name: "X-Migrate", Value: "new"}}
	undo   = shift.Request{Undo: true}
)

// rules are those of the HTTPS listener in a few words.
func (r *rig) rules() []string {
	var out []string
	for _, rule := range r.aws.Rules(r.https) {
		text := fmt.Sprint(rule.Priority)
		for i := 1; i < 4; i++ {
			condition := fmt.Sprintf("Conditions.member.%d.", i)
			text += strings.TrimRight(" "+rule.Fields.Get(condition+"HostHeaderConfig.Values.member.1")+rule.Fields.Get(condition+"PathPatternConfig.Values.member.1"), " ")
			if name := rule.Fields.Get(condition + "HttpHeaderConfig.HttpHeaderName"); name != "" {
				text += " " + name + "=" + rule.Fields.Get(condition+"HttpHeaderConfig.Values.member.1")
			}
		}
		for i := 1; i < 3; i++ {
			action := fmt.Sprintf("Actions.member.%d.", i)
			if kind := rule.Fields.Get(action + "Type"); kind != "" && kind != "forward" {
				text += " " + kind
			}
			for j := 1; j < 3; j++ {
				group := fmt.Sprintf("%sForwardConfig.TargetGroups.member.%d.", action, j)
				if arn := rule.Fields.Get(group + "TargetGroupArn"); arn != "" {
					text += " " + strings.Split(arn, "/")[1] + ":" + rule.Fields.Get(group+"Weight")
				}
			}
		}
		out = append(out, text)
	}
	return out
}

func (r *rig) wantRules(want ...string) {
	r.Helper()
	if got := r.rules(); !slices.Equal(got, want) {
		r.Errorf("rules are\n  %s\nwant\n  %s", strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
}

func (r *rig) wantOriginal() {
	r.Helper()
	if got := r.aws.Dump(); got != r.original {
		r.Errorf("not as it was:\n%s\nwant\n%s", got, r.original)
	}
}

// forget deletes the record, as somebody else would.
func (r *rig) forget() {
	name := "ingress-migrate-shift-" + shift.ID("aws", lb.Sides{Old: "v1", New: "v2"})
	if err := r.client.CoreV1().ConfigMaps("edge").Delete(r.Context(), name, metav1.DeleteOptions{}); err != nil {
		r.Error(err)
	}
}
