package elbv2

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/lb"
)

// Drainer takes nodes out of rotation by deregistering them from target groups of
// instances or of addresses, and registers them as they were.
type Drainer struct {
	names []string

	// mu guards what is asked once.
	mu     sync.Mutex
	api    *sdk.Client
	groups []types.TargetGroup
}

var (
	_ lb.Lister     = (*Drainer)(nil)
	_ lb.Rememberer = (*Drainer)(nil)
)

// NewDrainer returns some target groups, by names or ARNs. AWS is not asked before
// something is asked of them.
func NewDrainer(names []string) *Drainer { return &Drainer{names: names} }

// open reads the target groups, once.
func (d *Drainer) open(ctx context.Context) ([]types.TargetGroup, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.groups != nil {
		return d.groups, nil
	}
	var err error
	if d.api == nil {
		if d.api, err = client(ctx); err != nil {
			return nil, err
		}
	}
	var groups []types.TargetGroup
	for _, name := range d.names {
		g, err := group(ctx, d.api, name)
		if err != nil {
			return nil, err
		}
		if g.TargetType != types.TargetTypeEnumInstance && g.TargetType != types.TargetTypeEnumIp {
			return nil, fmt.Errorf("the targets of target group %s are of type %s: nodes are instances or addresses", name, g.TargetType)
		}
		groups = append(groups, g)
	}
	d.groups = groups
	return groups, nil
}

// Describe implements lb.Drainer. Of several target groups the slowest counts.
func (d *Drainer) Describe(ctx context.Context) (lb.Facts, error) {
	groups, err := d.open(ctx)
	if err != nil {
		return lb.Facts{}, err
	}
	facts := lb.Facts{Name: "ELB target groups " + strings.Join(d.names, ", "), Reverts: true}
	var owned []string
	for _, g := range groups {
		facts.Interval = max(facts.Interval, seconds(g.HealthCheckIntervalSeconds))
		facts.Timeout = max(facts.Timeout, seconds(g.HealthCheckTimeoutSeconds))
		facts.Healthy = max(facts.Healthy, int(aws.ToInt32(g.HealthyThresholdCount)))
		facts.Unhealthy = max(facts.Unhealthy, int(aws.ToInt32(g.UnhealthyThresholdCount)))
		attributes, err := attributes(ctx, d.api, g)
		if err != nil {
			return facts, err
		}
		facts.Sticky = facts.Sticky || attributes["stickiness.enabled"] == "true"
		// AWS's default where it is not told.
		delay, err := strconv.Atoi(cmp.Or(attributes["deregistration_delay.timeout_seconds"], "300"))
		if err != nil {
			return facts, fmt.Errorf("the deregistration delay of target group %s is %q: %w", aws.ToString(g.TargetGroupName), attributes["deregistration_delay.timeout_seconds"], err)
		}
		facts.DeregistrationDelay = max(facts.DeregistrationDelay, time.Duration(delay)*time.Second)
		owned = append(append(owned, arn(g)), g.LoadBalancerArns...)
	}
	slices.Sort(owned)
	facts.Owner, err = owner(ctx, d.api, slices.Compact(owned))
	return facts, err
}

func seconds(n *int32) time.Duration { return time.Duration(aws.ToInt32(n)) * time.Second }

// registration is a target of one group as it was before it was taken out.
type registration struct {
	Group string `json:"group"`
	ID    string `json:"id"`
	Port  int32  `json:"port"`
	Zone  string `json:"zone,omitempty"`
}

func (r registration) String() string { return fmt.Sprintf("%s:%d", r.ID, r.Port) }

func (r registration) target() types.TargetDescription {
	t := types.TargetDescription{Id: &r.ID, Port: &r.Port}
	if r.Zone != "" {
		t.AvailabilityZone = &r.Zone
	}
	return t
}

// id is what a group calls a node.
func id(g types.TargetGroup, t lb.Target) (string, error) {
	if g.TargetType == types.TargetTypeEnumIp {
		if t.Address == "" {
			return "", fmt.Errorf("node %s has no internal address, which target group %s would know it by", t.Node, aws.ToString(g.TargetGroupName))
		}
		return t.Address, nil
	}
	// aws:///ZONE/INSTANCE (k8s.io/cloud-provider-aws, pkg/providers/v1/instances.go)
	instance := t.ProviderID[strings.LastIndexByte(t.ProviderID, '/')+1:]
	if !strings.HasPrefix(t.ProviderID, "aws://") || !strings.HasPrefix(instance, "i-") {
		return "", fmt.Errorf("node %s tells no instance of AWS (spec.providerID is %q), which target group %s would know it by", t.Node, t.ProviderID, aws.ToString(g.TargetGroupName))
	}
	return instance, nil
}

// found is a registration and what AWS says of it.
type found struct {
	registration
	state lb.State
	why   string
}

// in are all targets of a group.
func (d *Drainer) in(ctx context.Context, g types.TargetGroup) ([]found, error) {
	out, err := d.api.DescribeTargetHealth(ctx, &sdk.DescribeTargetHealthInput{TargetGroupArn: g.TargetGroupArn})
	if err != nil {
		return nil, failed("ask for the health of target group "+aws.ToString(g.TargetGroupName), err)
	}
	var all []found
	for _, h := range out.TargetHealthDescriptions {
		if h.Target == nil {
			continue
		}
		f := found{registration: registration{Group: arn(g), ID: aws.ToString(h.Target.Id), Port: aws.ToInt32(h.Target.Port), Zone: aws.ToString(h.Target.AvailabilityZone)}}
		f.state, f.why = health(h.TargetHealth)
		all = append(all, f)
	}
	return all, nil
}

// of are a node's targets of a group's.
func of(g types.TargetGroup, all []found, t lb.Target) ([]found, error) {
	name, err := id(g, t)
	if err != nil {
		return nil, err
	}
	var own []found
	for _, f := range all {
		switch {
		case f.ID != name:
		case len(t.Ports) > 0 && !slices.Contains(t.Ports, f.Port):
			return nil, fmt.Errorf("target group %s has node %s with port %d, which is none of the proxies' host ports: is it theirs?", aws.ToString(g.TargetGroupName), t.Node, f.Port)
		default:
			own = append(own, f)
		}
	}
	return own, nil
}

// State implements lb.Drainer.
func (d *Drainer) State(ctx context.Context, t lb.Target) (lb.State, string, error) {
	states, err := d.States(ctx, []lb.Target{t})
	if err != nil {
		return lb.Unknown, "", err
	}
	return states[0].State, states[0].Why, states[0].Err
}

// States implements lb.Lister, with one question for each target group.
func (d *Drainer) States(ctx context.Context, targets []lb.Target) ([]lb.TargetState, error) {
	groups, err := d.open(ctx)
	if err != nil {
		return nil, err
	}
	states := make([]lb.TargetState, len(targets))
	for _, g := range groups {
		all, err := d.in(ctx, g)
		if err != nil {
			return nil, err
		}
		name := aws.ToString(g.TargetGroupName)
		for i, t := range targets {
			own, err := of(g, all, t)
			if err != nil {
				states[i] = lb.TargetState{State: lb.Unknown, Err: err}
				continue
			}
			if len(own) == 0 {
				states[i] = both(states[i], lb.Out, "is not in target group "+name)
			}
			for _, f := range own {
				states[i] = both(states[i], f.state, strings.TrimSpace(fmt.Sprintf("%s is %s in target group %s %s", f, f.state, name, f.why)))
			}
		}
	}
	return states, nil
}

// both is the state of a node that is in two places.
func both(s lb.TargetState, state lb.State, why string) lb.TargetState {
	gone := func(s lb.State) bool { return s == lb.Out || s == lb.Draining }
	switch {
	case s.Err != nil || s.State == state:
	case s.State == "":
		s.State, s.Why = state, why
	case gone(s.State) && gone(state):
		s.State = lb.Draining
	case gone(s.State) != gone(state) || s.State == lb.Unknown || state == lb.Unknown:
		s.State, s.Why = lb.Unknown, s.Why+"; "+why
	case s.State == lb.InService: // the worse of the two
		s.State, s.Why = state, why
	case state == lb.Unhealthy:
		s.State, s.Why = state, why
	}
	return s
}

// Remember implements lb.Rememberer.
func (d *Drainer) Remember(ctx context.Context, t lb.Target) (json.RawMessage, error) {
	now, err := d.registered(ctx, t)
	if err != nil {
		return nil, err
	}
	var all []registration
	for _, f := range now {
		if f.state != lb.Draining {
			all = append(all, f.registration)
		}
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("node %s is in none of the target groups %s", t.Node, strings.Join(d.names, ", "))
	}
	raw, err := json.Marshal(all)
	if err != nil {
		return nil, fmt.Errorf("encoding the registrations of node %s: %w", t.Node, err)
	}
	return raw, nil
}

// registered are a node's targets in all groups.
func (d *Drainer) registered(ctx context.Context, t lb.Target) ([]found, error) {
	groups, err := d.open(ctx)
	if err != nil {
		return nil, err
	}
	var out []found
	for _, g := range groups {
		all, err := d.in(ctx, g)
		if err != nil {
			return nil, err
		}
		own, err := of(g, all, t)
		if err != nil {
			return nil, err
		}
		out = append(out, own...)
	}
	return out, nil
}

// compare returns what is remembered of a node, and which of it is registered now. What
// somebody else has registered meanwhile is an error.
func (d *Drainer) compare(ctx context.Context, t lb.Target) (original []registration, now map[registration]bool, err error) {
	if len(t.Original) == 0 {
		return nil, nil, errors.New("nothing is remembered of how it was registered")
	}
	if err := json.Unmarshal(t.Original, &original); err != nil {
		return nil, nil, fmt.Errorf("reading how it was registered: %w", err)
	}
	groups, err := d.open(ctx)
	if err != nil {
		return nil, nil, err
	}
	now = map[registration]bool{}
	for _, g := range groups {
		all, err := d.in(ctx, g)
		if err != nil {
			return nil, nil, err
		}
		for _, f := range all {
			own := slices.ContainsFunc(original, func(r registration) bool { return r.Group == f.Group && r.ID == f.ID })
			switch {
			case !own || f.state == lb.Draining:
			case !slices.Contains(original, f.registration):
				return nil, nil, fmt.Errorf("somebody else has registered %s in target group %s since: nothing was written; deregister that, or give the node up with cutover abort", f, aws.ToString(g.TargetGroupName))
			default:
				now[f.registration] = true
			}
		}
	}
	return original, now, nil
}

// Drain implements lb.Drainer.
func (d *Drainer) Drain(ctx context.Context, t lb.Target) error {
	original, now, err := d.compare(ctx, t)
	if err != nil {
		return err
	}
	for _, r := range original {
		if !now[r] {
			continue
		}
		if _, err := d.api.DeregisterTargets(ctx, &sdk.DeregisterTargetsInput{TargetGroupArn: &r.Group, Targets: []types.TargetDescription{r.target()}}); err != nil {
			return failed(fmt.Sprintf("deregister %s from %s", r, r.Group), err)
		}
	}
	return nil
}

// Undrain implements lb.Drainer.
func (d *Drainer) Undrain(ctx context.Context, t lb.Target) error {
	original, now, err := d.compare(ctx, t)
	if err != nil {
		return err
	}
	for _, r := range original {
		if now[r] {
			continue
		}
		if _, err := d.api.RegisterTargets(ctx, &sdk.RegisterTargetsInput{TargetGroupArn: &r.Group, Targets: []types.TargetDescription{r.target()}}); err != nil {
			return failed(fmt.Sprintf("register %s in %s", r, r.Group), err)
		}
	}
	return nil
}
