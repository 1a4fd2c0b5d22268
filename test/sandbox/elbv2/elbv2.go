// Package elbv2 stands in for the API of AWS's Elastic Load Balancing (version
// 2015-12-01), for there is no real one to be had: form-encoded requests, XML answers,
// errors with the codes of the API reference. It holds what it is told to the rules that
// matter to whoever changes listeners: one rule a priority, target groups that exist,
// stickiness, the secret of OIDC, health that begins when a rule names a target group.
package elbv2

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// Fake is one account in one region.
type Fake struct {
	*httptest.Server

	mu        sync.Mutex
	balancers []Balancer
	groups    []Group
	listeners []*listener
	number    int
	// Calls are the actions that were asked for, in order.
	calls []string
	// before is asked before each call; an error is the answer.
	before func(action string) *Error
	// Problems are requests that no client should send.
	problems []string
	// asked counts the requests of a Front by the ARN of their rule.
	asked map[string]int
}

// Balancer is a load balancer.
type Balancer struct {
	Name, Type string
	Tags       map[string]string
}

// Group is a target group.
type Group struct {
	Name   string
	Sticky bool
	// Type of the targets, instance if it is empty.
	Type string
	Tags map[string]string
	// Targets are states by id or id:port, as the API writes them. Without a port it is 80.
	Targets map[string]string
}

type listener struct {
	arn, balancer string
	port          int
	rules         []*Rule // the default rule last
}

// Rule is one of a listener. Fields are form values as requests have them, such as
// "Conditions.member.1.Field", without the name of the rule.
type Rule struct {
	Arn      string
	Priority int // 0: the default rule
	Fields   url.Values
}

// Error is one as the API answers it.
type Error struct {
	Status        int
	Code, Message string
}

// Account is the prefix of ARNs.
const Account = "arn:aws:elasticloadbalancing:eu-central-1:123456789012:"

// New starts an account with some load balancers and target groups.
func New(balancers []Balancer, groups []Group) *Fake {
	f := &Fake{balancers: balancers, groups: groups}
	f.Server = httptest.NewServer(http.HandlerFunc(f.serve))
	return f
}

// Environment is what makes the SDK ask the fake, and give up soon.
func (f *Fake) Environment() map[string]string {
	return map[string]string{
		"AWS_ENDPOINT_URL": f.URL, "AWS_REGION": "eu-central-1",
		"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "example",
		"AWS_EC2_METADATA_DISABLED": "true", "AWS_CONFIG_FILE": "/nonexistent", "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent",
	}
}

// GroupArn is the ARN of a target group.
func GroupArn(name string) string { return Account + "targetgroup/" + name + "/0123456789abcdef" }

// BalancerArn is the ARN of a load balancer.
func BalancerArn(name string) string {
	return Account + "loadbalancer/app/" + name + "/50dc6c495c0c9188"
}

// AddListener adds one whose default action forwards to a target group.
func (f *Fake) AddListener(balancer string, port int, fields map[string]string) (arn string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	l := &listener{arn: strings.Replace(BalancerArn(balancer), "loadbalancer/", "listener/", 1) + fmt.Sprintf("/%016x", port), balancer: balancer, port: port}
	f.listeners = append(f.listeners, l)
	f.addRule(l, 0, values(fields))
	return l.arn
}

// AddRule adds a rule and returns its ARN.
func (f *Fake) AddRule(listenerArn string, priority int, fields map[string]string) string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.addRule(f.listener(listenerArn), priority, values(fields)).Arn
}

// Forward are the fields of a rule that forwards to a target group.
func Forward(group string) map[string]string {
	return map[string]string{"Actions.member.1.Type": "forward", "Actions.member.1.TargetGroupArn": GroupArn(group)}
}

// Change changes fields of a rule as if by another client; an empty value removes.
func (f *Fake) Change(ruleArn string, fields map[string]string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	_, r := f.rule(ruleArn)
	for key, value := range fields {
		if r.Fields.Set(key, value); value == "" {
			r.Fields.Del(key)
		}
	}
}

// Remove deletes a rule as if by another client.
func (f *Fake) Remove(ruleArn string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	l, _ := f.rule(ruleArn)
	l.rules = slices.DeleteFunc(l.rules, func(r *Rule) bool { return r.Arn == ruleArn })
}

// SetHealth sets the state of a target.
func (f *Fake) SetHealth(group, target, state string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, g := range f.groups {
		if g.Name == group {
			g.Targets[target] = state
		}
	}
}

// Settle ends what takes time: targets that drain are gone, those that are new are healthy.
func (f *Fake) Settle() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, g := range f.groups {
		for target, state := range g.Targets {
			switch state {
			case "draining":
				delete(g.Targets, target)
			case "initial":
				g.Targets[target] = "healthy"
			}
		}
	}
}

// Targets are the targets of a group with their states, in order.
func (f *Fake) Targets(group string) string {
	f.mu.Lock()
	defer f.mu.Unlock()
	var all []string
	for _, g := range f.groups {
		if g.Name == group {
			for target, state := range g.Targets {
				all = append(all, target+" "+state)
			}
		}
	}
	slices.Sort(all)
	return strings.Join(all, ", ")
}

// Before is asked before each call, which it may answer with an error.
func (f *Fake) Before(hook func(action string) *Error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.before = hook
}

// Calls returns the actions that were asked for since the last time.
func (f *Fake) Calls() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	calls := f.calls
	f.calls = nil
	return calls
}

// Problems are what no client should have sent.
func (f *Fake) Problems() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.problems)
}

// Dump is all configuration, to be compared.
func (f *Fake) Dump() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	var b strings.Builder
	for _, l := range f.listeners {
		for _, r := range l.rules {
			fmt.Fprintf(&b, "%s %d %s\n", r.Arn, r.Priority, r.Fields.Encode())
		}
	}
	return b.String()
}

// Rules are copies of those of a listener.
func (f *Fake) Rules(listenerArn string) []Rule {
	f.mu.Lock()
	defer f.mu.Unlock()
	var rules []Rule
	for _, r := range f.listener(listenerArn).rules {
		rules = append(rules, *r)
	}
	return rules
}

func values(fields map[string]string) url.Values {
	out := url.Values{}
	for key, value := range fields {
		out.Set(key, value)
	}
	return out
}

func (f *Fake) addRule(l *listener, priority int, fields url.Values) *Rule {
	f.number++
	r := &Rule{Arn: strings.Replace(l.arn, ":listener/", ":listener-rule/", 1) + fmt.Sprintf("/%016x", f.number), Priority: priority, Fields: complete(fields)}
	l.rules = append(l.rules, r)
	slices.SortFunc(l.rules, func(a, b *Rule) int { return order(a) - order(b) })
	return r
}

func order(r *Rule) int {
	if r.Priority == 0 {
		return 1 << 20
	}
	return r.Priority
}

func (f *Fake) listener(arn string) *listener {
	for _, l := range f.listeners {
		if l.arn == arn {
			return l
		}
	}
	return nil
}

func (f *Fake) rule(arn string) (*listener, *Rule) {
	for _, l := range f.listeners {
		for _, r := range l.rules {
			if r.Arn == arn {
				return l, r
			}
		}
	}
	return nil, nil
}

// usedBy lists the load balancers with a rule that names a target group.
func (f *Fake) usedBy(group string) []string {
	var names []string
	for _, l := range f.listeners {
		for _, r := range l.rules {
			for _, value := range r.Fields {
				if value[0] == GroupArn(group) && !slices.Contains(names, l.balancer) {
					names = append(names, l.balancer)
				}
			}
		}
	}
	return names
}

// complete says the target group of an action that has one in both places, as the API
// does when it describes a rule.
func complete(fields url.Values) url.Values {
	for i := 1; ; i++ {
		action := "Actions.member." + strconv.Itoa(i) + "."
		if fields.Get(action+"Type") == "" {
			return fields
		}
		if fields.Get(action+"Type") != "forward" {
			continue
		}
		groups := action + "ForwardConfig.TargetGroups.member."
		first := fields.Get(groups + "1.TargetGroupArn")
		switch single := fields.Get(action + "TargetGroupArn"); {
		case first == "":
			fields.Set(groups+"1.TargetGroupArn", single)
			fields.Set(groups+"1.Weight", "1")
		case fields.Get(groups+"2.TargetGroupArn") == "":
			fields.Set(action+"TargetGroupArn", first)
			fields.Set(groups+"1.Weight", "1")
		}
		if sticky := action + "ForwardConfig.TargetGroupStickinessConfig.Enabled"; fields.Get(sticky) == "" {
			fields.Set(sticky, "false")
		}
	}
}
