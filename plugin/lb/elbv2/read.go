package elbv2

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/lb"
)

// Read implements lb.Shifter: every rule and default action that forwards to the old
// target group, at all listeners of all its load balancers.
func (b *Balancer) Read(ctx context.Context, known lb.Parts) (lb.Parts, error) {
	g, err := b.groups(ctx)
	if err != nil {
		return nil, err
	}
	if known == nil {
		if err := b.fit(ctx, g); err != nil {
			return nil, err
		}
	}
	listeners, err := b.listeners(ctx, g)
	if err != nil {
		return nil, err
	}
	for _, name := range lb.Names(known) { // a rule may lead elsewhere by now
		r, err := parse(name, known[name])
		if err != nil {
			return nil, err
		}
		listeners = append(listeners, r.Listener)
	}
	slices.Sort(listeners)
	out := lb.Parts{}
	for _, listener := range slices.Compact(listeners) {
		rules, err := b.rules(ctx, listener)
		if err != nil {
			return nil, err
		}
		if err := sort(out, rules, g, known); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// fit refuses what cannot be shifted at all.
func (b *Balancer) fit(ctx context.Context, g groups) error {
	for _, group := range []types.TargetGroup{g.old, g.new} {
		sticky, err := b.sticky(ctx, group)
		if err != nil {
			return err
		}
		if sticky {
			name := aws.ToString(group.TargetGroupName)
			return fmt.Errorf("target group %s is sticky: clients would stay on their side whatever the weights; turn that off first (aws elbv2 modify-target-group-attributes --target-group-arn %s --attributes Key=stickiness.enabled,Value=false)", name, arn(group))
		}
	}
	if len(g.old.LoadBalancerArns) == 0 {
		return fmt.Errorf("target group %s is behind no load balancer", b.sides.Old)
	}
	out, err := b.api.DescribeLoadBalancers(ctx, &sdk.DescribeLoadBalancersInput{LoadBalancerArns: g.old.LoadBalancerArns})
	if err != nil {
		return failed("look at the load balancers of target group "+b.sides.Old, err)
	}
	for _, balancer := range out.LoadBalancers {
		if balancer.Type != types.LoadBalancerTypeEnumApplication {
			return fmt.Errorf("load balancer %s of target group %s is of type %s: requests can be divided by an application load balancer only", aws.ToString(balancer.LoadBalancerName), b.sides.Old, balancer.Type)
		}
	}
	return nil
}

func (b *Balancer) listeners(ctx context.Context, g groups) ([]string, error) {
	var arns []string
	for _, balancer := range g.balancers() {
		pages := sdk.NewDescribeListenersPaginator(b.api, &sdk.DescribeListenersInput{LoadBalancerArn: &balancer})
		for pages.HasMorePages() {
			page, err := pages.NextPage(ctx)
			if err != nil {
				return nil, failed("list the listeners of "+balancer, err)
			}
			for _, l := range page.Listeners {
				arns = append(arns, aws.ToString(l.ListenerArn))
			}
		}
	}
	return arns, nil
}

// rules are those of a listener, none if it is gone.
func (b *Balancer) rules(ctx context.Context, listener string) ([]rule, error) {
	var rules []rule
	pages := sdk.NewDescribeRulesPaginator(b.api, &sdk.DescribeRulesInput{ListenerArn: &listener})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		var gone *types.ListenerNotFoundException
		switch {
		case errors.As(err, &gone):
			return nil, nil
		case err != nil:
			return nil, failed("list the rules of listener "+listener, err)
		}
		for _, of := range page.Rules {
			r, err := read(listener, of)
			if err != nil {
				return nil, err
			}
			rules = append(rules, r)
		}
	}
	// In the order in which they are asked, the default action last.
	slices.SortFunc(rules, func(a, b rule) int { return place(a) - place(b) })
	return rules, nil
}

func place(r rule) int {
	if r.Priority == 0 {
		return mostPriority + 1
	}
	return r.Priority
}

// sort adds those of a listener's rules that are parts.
func sort(out lb.Parts, rules []rule, g groups, known lb.Parts) error {
	last := 0
	for _, r := range rules {
		before := last
		last = place(r)
		groups := r.forwardsTo()
		old, fresh := slices.Contains(groups, arn(g.old)), slices.Contains(groups, arn(g.new))
		if value, ok := known[r.name()]; ok {
			recorded, err := parse(r.name(), value)
			if err != nil {
				return err
			}
			r.HeaderPriority, r.NewGroup = recorded.HeaderPriority, recorded.NewGroup
		} else {
			switch {
			case !old && !fresh:
				continue
			case known == nil && fresh:
				return fmt.Errorf("%s names target group %s already, and nothing of that is recorded here: name the namespace with the record with -n, or let all rules forward to %s alone before you begin", r.name(), aws.ToString(g.new.TargetGroupName), aws.ToString(g.old.TargetGroupName))
			case known == nil && len(groups) > 1:
				return fmt.Errorf("%s divides requests between %s and other target groups: it can be shifted when it forwards to that one alone", r.name(), aws.ToString(g.old.TargetGroupName))
			case !old && len(groups) == 1 && r.Priority > 0 && asksHeader(r):
				r.Arn = "" // one of ours, or made to look so
			case old && len(groups) == 1:
				r.NewGroup, r.HeaderPriority = arn(g.new), free(r, before)
			}
		}
		value, err := lb.Value(r)
		if err != nil {
			return err
		}
		out[r.name()] = value
	}
	return nil
}

// free is a priority between that of the rule before and this one's, 0 if there is none.
func free(r rule, before int) int {
	priority := r.Priority - 1
	if r.Priority == 0 {
		priority = before + 1
	}
	if priority <= before || priority > mostPriority {
		return 0
	}
	return priority
}

func asksHeader(r rule) bool {
	return slices.ContainsFunc(r.Conditions, func(c types.RuleCondition) bool { return c.HttpHeaderConfig != nil })
}
