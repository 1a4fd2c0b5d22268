package elbv2

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/lb"
)

// Write implements lb.Shifter. What is as it is to be is left alone, and what is neither
// that nor as it was read is not touched.
func (b *Balancer) Write(ctx context.Context, change lb.Change) error {
	value := change.To
	if value == nil {
		value = change.From
	}
	want, err := parse(change.Part, value)
	if err != nil {
		return err
	}
	rules, err := b.rules(ctx, want.Listener)
	if err != nil {
		return err
	}
	at := slices.IndexFunc(rules, func(r rule) bool {
		if want.Arn == "" {
			return r.Priority == want.Priority
		}
		return r.Arn == want.Arn
	})
	if at < 0 {
		switch {
		case change.To == nil:
			return nil
		case want.Arn == "":
			return b.create(ctx, change.Part, want)
		}
		return fmt.Errorf("%s is gone: somebody has deleted it since it was read; try again", change.Part)
	}
	found := rules[at]
	id := found.Arn
	found.Arn, found.HeaderPriority, found.NewGroup = want.Arn, want.HeaderPriority, want.NewGroup
	now, err := lb.Value(found)
	switch {
	case err != nil:
		return err
	case lb.Same(now, change.To):
		return nil
	case !lb.Same(now, change.From):
		return fmt.Errorf("%s is not as it was a moment ago: somebody else is changing it; try again", change.Part)
	case change.To == nil:
		if _, err := b.api.DeleteRule(ctx, &sdk.DeleteRuleInput{RuleArn: &id}); err != nil {
			return failed("delete "+change.Part, err)
		}
		return nil
	}
	return b.modify(ctx, change, id, found, want)
}

// modify sends what differs and nothing else: the rest of a rule stays as it is.
func (b *Balancer) modify(ctx context.Context, change lb.Change, id string, found, want rule) error {
	actions := writable(want.Actions)
	if want.Priority == 0 {
		if _, err := b.api.ModifyListener(ctx, &sdk.ModifyListenerInput{ListenerArn: &want.Listener, DefaultActions: actions}); err != nil {
			return failed("change "+change.Part, err)
		}
		return nil
	}
	if found.Priority != want.Priority {
		_, err := b.api.SetRulePriorities(ctx, &sdk.SetRulePrioritiesInput{RulePriorities: []types.RulePriorityPair{{RuleArn: &id, Priority: aws.Int32(int32(want.Priority))}}})
		if err != nil {
			return failed("give its priority back to "+change.Part, err)
		}
	}
	input := &sdk.ModifyRuleInput{RuleArn: &id, Actions: actions}
	if !same(found.Conditions, want.Conditions) {
		input.Conditions = want.Conditions
	}
	if !same(found.Transforms, want.Transforms) {
		input.Transforms, input.ResetTransforms = want.Transforms, nil
		if len(want.Transforms) == 0 {
			input.ResetTransforms = aws.Bool(true)
		}
	}
	if _, err := b.api.ModifyRule(ctx, input); err != nil {
		return failed("change "+change.Part, err)
	}
	return nil
}

func same(a, b any) bool {
	x, errX := lb.Value(a)
	y, errY := lb.Value(b)
	return errX == nil && errY == nil && lb.Same(x, y)
}

func (b *Balancer) create(ctx context.Context, part string, want rule) error {
	_, err := b.api.CreateRule(ctx, &sdk.CreateRuleInput{
		ListenerArn: &want.Listener, Priority: aws.Int32(int32(want.Priority)),
		Conditions: want.Conditions, Transforms: want.Transforms, Actions: writable(want.Actions),
	})
	if err != nil {
		return failed("create "+part+" with priority "+strconv.Itoa(want.Priority), err)
	}
	return nil
}

// writable are actions as AWS takes them: the secret of OIDC, which it does not tell, stays.
func writable(actions []types.Action) []types.Action {
	actions = slices.Clone(actions)
	for i := range actions {
		if oidc := actions[i].AuthenticateOidcConfig; oidc != nil {
			copied := *oidc
			copied.UseExistingClientSecret = aws.Bool(true)
			actions[i].AuthenticateOidcConfig = &copied
		}
	}
	return actions
}
