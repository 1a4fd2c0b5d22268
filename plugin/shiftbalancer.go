package plugin

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/lb"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/lb/elbv2"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/lb/gateway"
)

// shiftBalancer is a value of --lb of the shift commands with what the load balancer
// calls the two controllers, understood before anything is asked.
type shiftBalancer struct {
	value string
	sides lb.Sides
	// identity is the value without what differs from machine to machine.
	identity string
	open     func(ctx context.Context, c *cluster) (lb.Shifter, error)
}

// parseShiftBalancer reads --lb, --old-side and --new-side.
func parseShiftBalancer(value string, sides lb.Sides) (*shiftBalancer, error) {
	b := &shiftBalancer{value: value, sides: sides, identity: value}
	kind, rest, _ := strings.Cut(value, ":")
	needSides := true
	switch kind {
	case "aws":
		if rest != "" {
			return nil, usageError("--lb=%s: aws takes nothing behind it; the target groups are --old-side and --new-side", value)
		}
		b.open = func(ctx context.Context, _ *cluster) (lb.Shifter, error) { return elbv2.New(ctx, sides) }
	case "gateway":
		namespace, name, ok := strings.Cut(rest, "/")
		if !ok || namespace == "" || name == "" || strings.Contains(name, "/") {
			return nil, usageError("--lb=%s: name the HTTPRoute, such as gateway:edge/front", value)
		}
		b.open = func(_ context.Context, c *cluster) (lb.Shifter, error) {
			client, err := c.dynamic()
			if err != nil {
				return nil, err
			}
			endpoints, err := c.clientset()
			if err != nil {
				return nil, err
			}
			return &gateway.Route{Client: client, Endpoints: endpoints, Namespace: namespace, Name: name, Sides: sides}, nil
		}
	case "haproxy":
		addresses := strings.Split(rest, ",")
		if slices.Contains(addresses, "") {
			return nil, usageError("--lb=%s: name the runtime socket, such as haproxy:unix:/run/haproxy/admin.sock or haproxy:10.0.0.5:9999", value)
		}
		balancer, err := lb.NewHAProxyShifter(addresses, sides)
		if err != nil && sides.Old != "" && sides.New != "" {
			return nil, usageError("--old-side, --new-side: %v", err)
		}
		b.open = func(context.Context, *cluster) (lb.Shifter, error) { return balancer, nil }
	case "exec":
		command := strings.Fields(rest)
		if len(command) == 0 {
			return nil, usageError("--lb=%s: name the program, such as exec:./my-load-balancer", value)
		}
		needSides = false
		b.identity = "exec:" + strings.Join(append([]string{filepath.Base(command[0])}, command[1:]...), " ")
		b.open = func(context.Context, *cluster) (lb.Shifter, error) { return lb.NewExecShifter(command, sides), nil }
	default:
		return nil, usageError("--lb=%s: load balancers that divide requests are aws, gateway:NAMESPACE/HTTPROUTE, haproxy:ADDRESS and exec:PROGRAM", value)
	}
	if needSides && (sides.Old == "" || sides.New == "") {
		return nil, usageError("--lb=%s needs --old-side and --new-side: what the load balancer calls the two controllers", value)
	}
	return b, nil
}

// flags are what has to be typed to name it again.
func (b *shiftBalancer) flags() string {
	text := fmt.Sprintf("--lb %q", b.value)
	if b.sides.Old != "" || b.sides.New != "" {
		text += fmt.Sprintf(" --old-side %q --new-side %q", b.sides.Old, b.sides.New)
	}
	return text
}
