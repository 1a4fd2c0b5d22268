// Package elbv2 shifts requests at an Application Load Balancer of AWS: rules and default
// actions that forward to the old target group forward to two, by weight. It also takes
// single nodes out of target groups, of whatever load balancer.
package elbv2

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	sdk "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/lb"
)

// Balancer is every load balancer that forwards to the old target group. AWS knows no
// conditional writes: each is preceded by a look at what it changes.
type Balancer struct {
	api   *sdk.Client
	sides lb.Sides
}

var _ lb.Shifter = (*Balancer)(nil)

// New returns the load balancers of a target group, with the credentials, the region and
// the endpoint that the SDK finds in its standard places. Sides are names or ARNs of
// target groups.
func New(ctx context.Context, sides lb.Sides) (*Balancer, error) {
	api, err := client(ctx)
	if err != nil {
		return nil, err
	}
	return &Balancer{api: api, sides: sides}, nil
}

// client asks with the configuration of the AWS command line.
func client(ctx context.Context) (*sdk.Client, error) {
	c, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		return nil, fmt.Errorf("reading the configuration of AWS: %w", err)
	}
	if c.Region == "" {
		return nil, fmt.Errorf("no region of AWS is configured: set AWS_REGION, or region in the profile")
	}
	return sdk.NewFromConfig(c), nil
}

// group is a target group by its name or ARN.
func group(ctx context.Context, api *sdk.Client, name string) (types.TargetGroup, error) {
	input := &sdk.DescribeTargetGroupsInput{Names: []string{name}}
	if strings.HasPrefix(name, "arn:") {
		input = &sdk.DescribeTargetGroupsInput{TargetGroupArns: []string{name}}
	}
	out, err := api.DescribeTargetGroups(ctx, input)
	if err != nil {
		return types.TargetGroup{}, failed("look for target group "+name, err)
	}
	if len(out.TargetGroups) != 1 {
		return types.TargetGroup{}, fmt.Errorf("AWS knows %d target groups called %s", len(out.TargetGroups), name)
	}
	return out.TargetGroups[0], nil
}

// groups are the two target groups as they are.
type groups struct{ old, new types.TargetGroup }

// balancers are the ARNs of those that name either.
func (g groups) balancers() []string {
	arns := slices.Concat(g.old.LoadBalancerArns, g.new.LoadBalancerArns)
	slices.Sort(arns)
	return slices.Compact(arns)
}

func (b *Balancer) groups(ctx context.Context) (groups, error) {
	var g groups
	var err error
	if g.old, err = group(ctx, b.api, b.sides.Old); err != nil {
		return g, err
	}
	if g.new, err = group(ctx, b.api, b.sides.New); err != nil {
		return g, err
	}
	if arn(g.old) == arn(g.new) {
		return g, fmt.Errorf("%s and %s are one target group", b.sides.Old, b.sides.New)
	}
	return g, nil
}

func arn(g types.TargetGroup) string { return aws.ToString(g.TargetGroupArn) }

// Describe implements lb.Shifter. Times are those of the new target group.
func (b *Balancer) Describe(ctx context.Context) (lb.Facts, error) {
	g, err := b.groups(ctx)
	if err != nil {
		return lb.Facts{}, err
	}
	facts := lb.Facts{
		Name:      fmt.Sprintf("ELB target groups %s and %s", aws.ToString(g.old.TargetGroupName), aws.ToString(g.new.TargetGroupName)),
		Interval:  time.Duration(aws.ToInt32(g.new.HealthCheckIntervalSeconds)) * time.Second,
		Timeout:   time.Duration(aws.ToInt32(g.new.HealthCheckTimeoutSeconds)) * time.Second,
		Healthy:   int(aws.ToInt32(g.new.HealthyThresholdCount)),
		Unhealthy: int(aws.ToInt32(g.new.UnhealthyThresholdCount)),
	}
	for _, group := range []types.TargetGroup{g.old, g.new} {
		sticky, err := b.sticky(ctx, group)
		if err != nil {
			return facts, err
		}
		facts.Sticky = facts.Sticky || sticky
	}
	facts.Owner, err = owner(ctx, b.api, g.balancers())
	return facts, err
}

func (b *Balancer) sticky(ctx context.Context, group types.TargetGroup) (bool, error) {
	of, err := attributes(ctx, b.api, group)
	return of["stickiness.enabled"] == "true", err
}

// attributes of a target group.
func attributes(ctx context.Context, api *sdk.Client, group types.TargetGroup) (map[string]string, error) {
	out, err := api.DescribeTargetGroupAttributes(ctx, &sdk.DescribeTargetGroupAttributesInput{TargetGroupArn: group.TargetGroupArn})
	if err != nil {
		return nil, failed("read the attributes of target group "+aws.ToString(group.TargetGroupName), err)
	}
	of := map[string]string{}
	for _, a := range out.Attributes {
		of[aws.ToString(a.Key)] = aws.ToString(a.Value)
	}
	return of, nil
}

// ownerTags are put on load balancers and target groups by what keeps them as it wants them.
var ownerTags = []string{"elbv2.k8s.aws/cluster", "ingress.k8s.aws/stack", "service.k8s.aws/stack"}

// owner asks for the tags of all that is named, as many at a time as AWS answers.
func owner(ctx context.Context, api *sdk.Client, arns []string) (string, error) {
	const atOnce = 20
	for some := range slices.Chunk(arns, atOnce) {
		out, err := api.DescribeTags(ctx, &sdk.DescribeTagsInput{ResourceArns: some})
		if err != nil {
			return "", failed("read the tags of load balancers and target groups", err)
		}
		for _, resource := range out.TagDescriptions {
			for _, tag := range resource.Tags {
				if slices.Contains(ownerTags, aws.ToString(tag.Key)) {
					return fmt.Sprintf("the AWS Load Balancer Controller (tag %s=%s)", aws.ToString(tag.Key), aws.ToString(tag.Value)), nil
				}
			}
		}
	}
	return "", nil
}

// states are AWS's for a target (API reference, TargetHealth).
var states = map[types.TargetHealthStateEnum]lb.State{
	types.TargetHealthStateEnumHealthy:           lb.InService,
	types.TargetHealthStateEnumInitial:           lb.Initial,
	types.TargetHealthStateEnumUnhealthy:         lb.Unhealthy,
	types.TargetHealthStateEnumUnhealthyDraining: lb.Unhealthy,
	types.TargetHealthStateEnumDraining:          lb.Draining,
	types.TargetHealthStateEnumUnused:            lb.Out,
}

// health is what AWS says of a target.
func health(h *types.TargetHealth) (lb.State, string) {
	if h == nil {
		return lb.Unknown, ""
	}
	return cmp.Or(states[h.State], lb.Unknown), strings.TrimSpace(string(h.Reason) + " " + aws.ToString(h.Description))
}

// Health implements lb.Shifter.
func (b *Balancer) Health(ctx context.Context, side lb.Side) ([]lb.TargetHealth, error) {
	g, err := b.groups(ctx)
	if err != nil {
		return nil, err
	}
	group := g.old
	if side == lb.NewSide {
		group = g.new
	}
	out, err := b.api.DescribeTargetHealth(ctx, &sdk.DescribeTargetHealthInput{TargetGroupArn: group.TargetGroupArn})
	if err != nil {
		return nil, failed("ask for the health of target group "+aws.ToString(group.TargetGroupName), err)
	}
	var targets []lb.TargetHealth
	for _, d := range out.TargetHealthDescriptions {
		t := lb.TargetHealth{State: lb.Unknown}
		if d.Target != nil {
			t.Target = aws.ToString(d.Target.Id)
			if port := aws.ToInt32(d.Target.Port); port != 0 {
				t.Target += fmt.Sprintf(":%d", port)
			}
		}
		if t.State, t.Why = health(d.TargetHealth); d.TargetHealth != nil {
			if d.TargetHealth.Reason == types.TargetHealthReasonEnumNotInUse {
				t.Why = "AWS does not check a target group that no rule names: kubectl ingress-migrate shift weight 0 moves no request and starts the checks"
			}
		}
		targets = append(targets, t)
	}
	slices.SortFunc(targets, func(a, b lb.TargetHealth) int { return strings.Compare(a.Target, b.Target) })
	return targets, nil
}
