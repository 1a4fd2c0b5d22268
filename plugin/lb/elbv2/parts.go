package elbv2

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/lb"
)

// rule is a part: a rule of a listener, or its default action.
type rule struct {
	Listener string `json:"listener"`
	// Arn is that of a rule which was there; ours have none.
	Arn string `json:"arn,omitempty"`
	// Priority is 0 for the default action.
	Priority int `json:"priority,omitempty"`
	// HeaderPriority is free for the rule that asks for the header as well; 0: none is.
	HeaderPriority int `json:"headerPriority,omitempty"`
	// NewGroup is the ARN of the new target group, where the rule is one to shift.
	NewGroup   string                `json:"newGroup,omitempty"`
	Conditions []types.RuleCondition `json:"conditions,omitempty"`
	Transforms []types.RuleTransform `json:"transforms,omitempty"`
	Actions    []types.Action        `json:"actions"`
}

// mostPriority is the last that AWS has (API reference, CreateRule).
const mostPriority = 50000

func (r rule) name() string {
	switch {
	case r.Priority == 0:
		return "default action of listener " + r.Listener
	case r.Arn == "":
		return "header rule " + strconv.Itoa(r.Priority) + " of listener " + r.Listener
	}
	return "rule " + r.Arn
}

func parse(name string, value json.RawMessage) (rule, error) {
	var r rule
	if err := json.Unmarshal(value, &r); err != nil {
		return r, fmt.Errorf("%s as recorded: %w", name, err)
	}
	return r, nil
}

// read takes a rule as AWS describes it into the form that is recorded.
func read(listener string, of types.Rule) (rule, error) {
	r := rule{Listener: listener, Arn: aws.ToString(of.RuleArn), Transforms: of.Transforms}
	if !aws.ToBool(of.IsDefault) {
		var err error
		if r.Priority, err = strconv.Atoi(aws.ToString(of.Priority)); err != nil {
			return r, fmt.Errorf("rule %s has the priority %q, which is no number", r.Arn, aws.ToString(of.Priority))
		}
	}
	for _, c := range of.Conditions {
		r.Conditions = append(r.Conditions, condition(c))
	}
	for _, a := range of.Actions {
		a = action(a)
		if len(of.Actions) == 1 {
			a.Order = nil
		}
		r.Actions = append(r.Actions, a)
	}
	return r, nil
}

// condition leaves out what AWS says twice, for it takes it once only.
func condition(c types.RuleCondition) types.RuleCondition {
	switch {
	case c.HostHeaderConfig != nil || c.PathPatternConfig != nil:
		c.Values = nil
	case aws.ToString(c.Field) == "host-header" && len(c.Values) > 0:
		c.HostHeaderConfig, c.Values = &types.HostHeaderConditionConfig{Values: c.Values}, nil
	case aws.ToString(c.Field) == "path-pattern" && len(c.Values) > 0:
		c.PathPatternConfig, c.Values = &types.PathPatternConditionConfig{Values: c.Values}, nil
	}
	return c
}

// action has the target groups in one place, and nothing that means nothing: the weight
// of one group alone, how long clients are not kept.
func action(a types.Action) types.Action {
	if oidc := a.AuthenticateOidcConfig; oidc != nil {
		copied := *oidc
		copied.ClientSecret, copied.UseExistingClientSecret = nil, nil
		a.AuthenticateOidcConfig = &copied
	}
	if a.Type != types.ActionTypeEnumForward {
		return a
	}
	forward := types.ForwardActionConfig{}
	if a.ForwardConfig != nil {
		forward = *a.ForwardConfig
		forward.TargetGroups = slices.Clone(forward.TargetGroups)
	} else if a.TargetGroupArn != nil {
		forward.TargetGroups = []types.TargetGroupTuple{{TargetGroupArn: a.TargetGroupArn}}
	}
	if len(forward.TargetGroups) == 1 {
		forward.TargetGroups[0].Weight = nil
	}
	if s := forward.TargetGroupStickinessConfig; s != nil && !aws.ToBool(s.Enabled) {
		forward.TargetGroupStickinessConfig = nil
	}
	a.ForwardConfig, a.TargetGroupArn = &forward, nil
	return a
}

// forwardsTo lists the target groups of a rule.
func (r rule) forwardsTo() []string {
	var arns []string
	for _, a := range r.Actions {
		if a.ForwardConfig != nil {
			for _, g := range a.ForwardConfig.TargetGroups {
				arns = append(arns, aws.ToString(g.TargetGroupArn))
			}
		}
	}
	return arns
}

// forwarding is the rule with other target groups.
func (r rule) forwarding(groups ...types.TargetGroupTuple) rule {
	r.Actions = slices.Clone(r.Actions)
	for i := range r.Actions {
		if r.Actions[i].Type == types.ActionTypeEnumForward {
			r.Actions[i].ForwardConfig = &types.ForwardActionConfig{TargetGroups: groups}
		}
	}
	return r
}

// withHeader is the rule that comes before this one and asks for a header as well.
func (r rule) withHeader(header lb.Header, group string) (rule, error) {
	// API reference, HttpHeaderConditionConfig; a value may have wildcards.
	if len(header.Name) > 40 || len(header.Value) > 128 || strings.ContainsAny(header.Value, "*?") {
		return rule{}, fmt.Errorf("AWS knows names of headers up to 40 characters and values up to 128, in which * and ? stand for others: %s will not do", &header)
	}
	if r.HeaderPriority == 0 {
		return rule{}, fmt.Errorf("%s has no free priority before it for the header's rule: leave gaps between the priorities of that listener's rules (aws elbv2 set-rule-priorities), or shift weights without a header", r.name())
	}
	for _, a := range r.Actions {
		if a.Type == types.ActionTypeEnumAuthenticateOidc {
			return rule{}, fmt.Errorf("%s logs people in by OIDC, with a secret that AWS does not give away: its header rule cannot be made the same, and without it nobody would be asked; shift weights without a header", r.name())
		}
	}
	ours := r.forwarding(types.TargetGroupTuple{TargetGroupArn: &group})
	ours.Arn, ours.NewGroup, ours.Priority, ours.HeaderPriority = "", "", r.HeaderPriority, 0
	ours.Conditions = append(slices.Clone(r.Conditions), types.RuleCondition{
		Field:            aws.String("http-header"),
		HttpHeaderConfig: &types.HttpHeaderConditionConfig{HttpHeaderName: &header.Name, Values: []string{header.Value}},
	})
	return ours, nil
}

// Plan implements lb.Shifter. Clients are not kept on a side: a weight is meant for all.
func (b *Balancer) Plan(original lb.Parts, split lb.Split) (lb.Parts, error) {
	out := lb.Parts{}
	add := func(r rule) (err error) {
		out[r.name()], err = lb.Value(r)
		return err
	}
	for _, name := range lb.Names(original) {
		r, err := parse(name, original[name])
		if err != nil {
			return nil, err
		}
		if r.NewGroup == "" {
			out[name] = original[name] // appeared later, and does not forward to the old side alone
			continue
		}
		old := r.forwardsTo()[0]
		err = add(r.forwarding(
			types.TargetGroupTuple{TargetGroupArn: &old, Weight: aws.Int32(int32(100 - split.Weight))},
			types.TargetGroupTuple{TargetGroupArn: aws.String(r.NewGroup), Weight: aws.Int32(int32(split.Weight))},
		))
		if err != nil {
			return nil, err
		}
		if split.Header == nil {
			continue
		}
		ours, err := r.withHeader(*split.Header, r.NewGroup)
		if err == nil {
			err = add(ours)
		}
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}
